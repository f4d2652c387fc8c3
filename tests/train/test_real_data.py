"""Real MNIST and CIFAR-10 from the command line: trained, analysed and compared as issue 2 asks."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from bceprobe import open_run
from bceprobe.store.validate import validate

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.real_data, pytest.mark.timeout(1200)]


def bceprobe(*arguments: str | Path) -> str:
    """Run a command that must succeed, and return what it printed."""
    command = [sys.executable, "-m", "bceprobe", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def mnist_runs(real_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """BCE and CE, three epochs each on 500 images per class."""
    folder = tmp_path_factory.mktemp("mnist")
    runs = {loss: folder / loss for loss in ("bce", "ce")}
    short = ["--epochs", "3", "--limit-per-class", "500", "--device", "cpu"]
    for loss, run in runs.items():
        data = ["--dataset", "mnist", "--data-dir", str(real_data_dir)]
        bceprobe("train", *data, "--model", "convnet", "--loss", loss, *short, "--out", run)
    return runs


def test_three_epochs_of_mnist_reach_95_percent(mnist_runs: dict[str, Path]) -> None:
    """Trained with BCE on 5000 images, the small network classifies more than 95 % of the test images."""
    options = ["--split", "test", "--epochs", "last", "--json"]
    (record,) = json.loads(bceprobe("analyze", "accuracy", mnist_runs["bce"], *options))["records"]
    assert record["epoch"] == 3
    assert record["accuracy"] > 0.95
    assert record["uniform_accuracy_grid"] <= record["uniform_accuracy"]


def test_mnist_features_collapse_while_training(mnist_runs: dict[str, Path]) -> None:
    """NC1 of the train split falls from the first to the last epoch, for both losses."""
    for run in mnist_runs.values():
        records = json.loads(bceprobe("analyze", "nc", run, "--split", "train", "--json"))["records"]
        assert [record["epoch"] for record in records] == [1, 2, 3]
        assert 0 < records[-1]["nc1"] < records[0]["nc1"]


def test_mnist_runs_are_compared(mnist_runs: dict[str, Path], tmp_path: Path) -> None:
    """The comparison of the two runs is one HTML file that names both losses."""
    page = tmp_path / "report.html"
    bceprobe("compare", mnist_runs["ce"], mnist_runs["bce"], "--report", "html", "--out", page)
    text = page.read_text()
    assert text.startswith("<!DOCTYPE html>")
    assert ">bce<" in text
    assert ">ce<" in text


@pytest.mark.parametrize(
    ("model", "options", "length"),
    [("resnet18", [], 512), ("densenet121", ["--set", "model.growth=16"], 512)],
)
def test_one_epoch_of_cifar10(
    model: str, options: list[str], length: int, real_cifar_dir: Path, tmp_path: Path
) -> None:
    """The paper's networks train an epoch on 100 images per class and store features of their length."""
    data = ["--dataset", "cifar10", "--data-dir", str(real_cifar_dir), "--limit-per-class", "100"]
    short = ["--epochs", "1", "--set", "capture.per_class=20", "--device", "cpu"]
    bceprobe("train", *data, "--model", model, *options, *short, "--out", tmp_path / "run")
    run = open_run(tmp_path / "run")
    assert run.manifest["provenance"]["data"]["train"]["samples"] == 1000
    for split in ("train", "test"):
        snapshot = run.snapshot(1, split)
        assert snapshot.features.shape == (200, length)
        assert snapshot.class_counts.tolist() == [20] * 10
    assert validate(tmp_path / "run") == []
