"""Protocols from the command line: two stages on a long tail, fine-tuning on image files, an early stop."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from image_trees import write_tree

from bceprobe import open_run
from bceprobe.models import build, find_classifier

SMALL = ["--set", "threads=1", "--device", "cpu", "--set", "model.width=16", "--limit-per-class", "30"]
TAIL = ["--set", "data.imbalance_factor=10"]


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run the program under test to its end."""
    command = [sys.executable, "-m", "bceprobe", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=cwd)


@pytest.fixture(scope="module")
def stages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which both stages were trained, one after the other, as the README shows."""
    folder = tmp_path_factory.mktemp("protocol")
    flags = ["--loss", "bce", "--seed", "3", "--epochs", "3", "--set", "augment.crop=1", *SMALL, *TAIL]
    first = run("train", "--preset", "long-tail", *flags, "--out", "first", cwd=folder)
    assert first.returncode == 0, first.stderr
    assert "Selected: epoch" in first.stderr
    second = ["train", "--preset", "long-tail-classifier", "--from", "first", "--epochs", "2"]
    done = run(*second, *SMALL[:4], cwd=folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{Path('runs') / 'digits-convnet-bce-classifier-3'}\n"
    return folder


def test_the_second_stage_takes_model_data_loss_and_seed_from_the_first(stages: Path) -> None:
    """What makes the features is the first stage's; how the classifier is trained is the preset's; run.json tells."""
    first, second = open_run(stages / "first"), open_run(stages / "runs" / "digits-convnet-bce-classifier-3")
    assert second.settings["data"] == first.settings["data"]
    assert second.settings["model"] == first.settings["model"] | {"weights": "first", "bias_init": "keep"}
    assert second.settings["loss"] == first.settings["loss"] | {"class_balanced": 0.9999}
    assert (second.settings["seed"], second.settings["optim"]["batch_size"]) == (3, 64)
    sources = second.manifest["sources"]
    assert (sources["data.imbalance_factor"], sources["model.weights"]) == ("from first", "from first")
    assert sources["loss.class_balanced"] == "preset long-tail-classifier"
    assert second.manifest["provenance"]["weights"]["epoch"] == first.manifest["selection"]["selected_epoch"]


def test_info_and_analyze_tell_the_selected_epoch(stages: Path) -> None:
    """The description names epoch, criterion and that it is optimistic; an analysis of it prints the remark."""
    info = run("store", "info", "first", "--json", cwd=stages)
    told = json.loads(info.stdout)["selected"]
    assert told["epoch"] == open_run(stages / "first").manifest["selection"]["selected_epoch"]
    assert "best test accuracy" in run("store", "info", "first", cwd=stages).stdout
    found = run("analyze", "accuracy", "first", "--split", "test", "--epochs", "selected", "--json", cwd=stages)
    records = json.loads(found.stdout)["records"]
    assert [(row["epoch"], row["accuracy"]) for row in records] == [(told["epoch"], told["value"])]
    assert "its accuracy there is optimistic" in found.stderr


def test_an_early_stop_is_told(tmp_path: Path) -> None:
    """The command says after which epoch training stopped and why, and so does the description."""
    flags = ["--stop-when", "collapsed", "--nc-threshold", "1e6", "--epochs", "4", *SMALL]
    done = run("train", *flags, "--out", "run", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "Stopped after epoch 1, collapsed: NC1 " in done.stderr
    assert "below 1e+06 (own choice)" in done.stderr
    info = run("store", "info", "run", cwd=tmp_path).stdout
    assert "after epoch 1, collapsed" in info
    assert "1 (1 of 4)" in info


@pytest.mark.parametrize("loss", ["ce", "bce"])
def test_fine_tuning_goes_on_from_weights_for_other_classes(loss: str, tmp_path: Path) -> None:
    """A ResNet with the ImageNet stem is tuned on a tree of JPEGs from a file of weights, by the preset."""
    write_tree(tmp_path / "data", test="val")
    torch.manual_seed(0)
    source = build("resnet18", classes=1000, shape=(3, 224, 224), options={})
    torch.save(source.state_dict(), tmp_path / "weights.pth")
    tree = ["--dataset", "imagefolder", "--data-dir", "data", "--set", "data.image_size=72", "--set", "data.workers=0"]
    flags = ["--model", "resnet18", "--weights", "weights.pth", "--epochs", "2", "--loss", loss, *SMALL[:4]]
    done = run(
        "train", "--preset", "imagenet-finetune", *flags, *tree, "--bias-mean", "2", "--out", "run", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    opened = open_run(tmp_path / "run")
    assert (opened.settings["optim"]["name"], opened.settings["optim"]["lr"]) == ("adamw", 1e-4)
    assert opened.manifest["selection"]["criterion"] == "best test accuracy"
    assert opened.manifest["provenance"]["weights"]["given"] == "weights.pth"
    snapshot = opened.snapshot(1, "train")
    assert snapshot.features.shape == (30, 512)
    assert np.asarray(snapshot.bias).mean() == pytest.approx(-2, abs=0.05)
    stem = torch.load(tmp_path / "run" / "checkpoints" / "last.pt", weights_only=True)["model"]["conv1.weight"]
    assert stem.shape == (64, 3, 7, 7)
    assert torch.nn.functional.mse_loss(stem, source.get_parameter("conv1.weight")) < 1e-5
    assert find_classifier(source).out_features == 1000
