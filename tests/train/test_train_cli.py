"""Training from the command line, as a user starts, stops and breaks it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from train_cases import SMALL, history, stored_bytes

from bceprobe import open_run
from bceprobe.store.validate import validate

if TYPE_CHECKING:
    from pathlib import Path

    from cli_cases import Command

OPTIONS = [text for key, value in SMALL.items() for text in ("--set", f"{key}={json.dumps(value)}")]


def words(*arguments: str | Path) -> list[str]:
    """The command line of the program under test."""
    return [sys.executable, "-m", "bceprobe", *map(str, arguments)]


def run(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run a command in a process of its own to its end."""
    return subprocess.run(words(*arguments), capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    folder = tmp_path_factory.mktemp("cli") / "whole"
    done = run("train", *OPTIONS, "--out", folder)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{folder}\n"
    return folder


def test_run_folder_is_complete(whole: Path) -> None:
    """A run folder holds exactly the files of the format, and its manifest says how it ended and where it came from."""
    names = {"config.toml", "run.json", "history.csv", "train.log", "store.zarr", "checkpoints"}
    assert {path.name for path in whole.iterdir()} == names
    manifest = json.loads((whole / "run.json").read_text())
    assert manifest["status"] == "finished"
    assert manifest["sources"]["loss.name"] == "--set"
    assert len(manifest["provenance"]["data"]["train"]["sha256"]) == 64
    assert str(whole.parent) not in (whole / "config.toml").read_text()


def test_plain_lines_carry_every_number(whole: Path, command: Command) -> None:
    """Without a terminal each epoch is one line on stderr with loss, accuracies and NC1 to NC3."""
    done = command("train", *OPTIONS, "--out", whole.parent / "lines")
    lines = [line for line in done.err.splitlines() if line.startswith("epoch ")]
    assert len(lines) == 5
    assert all(
        word in lines[0] for word in ("loss", "lr", "train", "test", "unif.", "NC1", "NC2", "NC3", "img/s", "MB")
    )


def test_config_reruns_the_run(whole: Path, command: Command) -> None:
    """A run's config.toml, given as --config, makes the same store again, byte for byte."""
    again = whole.parent / "again"
    assert command("train", "--config", whole / "config.toml", "--out", again).code == 0
    assert stored_bytes(again) == stored_bytes(whole)


def test_interrupt_saves_says_how_to_resume_and_exits_130(whole: Path) -> None:
    """Ctrl-C keeps completed epochs, names the command that goes on, and that command ends with the same bytes."""
    folder = whole.parent / "interrupted"
    process = subprocess.Popen(words("train", *OPTIONS, "--out", folder), stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    lines: list[str] = []
    while not (lines and lines[-1].startswith("epoch 1 ")):
        lines.append(process.stderr.readline())
    process.send_signal(signal.SIGINT)
    rest = process.communicate()[1]
    assert process.returncode == 130
    assert f"bceprobe train --resume --out {folder}" in rest
    assert "Traceback" not in rest
    assert validate(folder) == []
    assert json.loads((folder / "run.json").read_text())["status"] == "interrupted"
    resumed = run("train", "--resume", "--out", folder)
    assert resumed.returncode == 0, resumed.stderr
    assert stored_bytes(folder) == stored_bytes(whole)
    assert history(folder) == history(whole)


def test_diverging_loss_exits_4_and_keeps_what_was_captured(tmp_path: Path, command: Command) -> None:
    """A loss that is not finite ends training with exit code 4, one line, and readable earlier epochs."""
    schedule = ["--set", "optim.milestones=[1]", "--set", "optim.factor=1e30"]
    done = command("train", *OPTIONS, *schedule, "--out", tmp_path / "x")
    assert done.code == 4
    assert done.err.splitlines()[-1].startswith("bceprobe: training diverged: the loss is ")
    assert open_run(tmp_path / "x").epochs("train") == [1]
    assert open_run(tmp_path / "x").manifest["status"] == "diverged"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--loss", "bcee"], "Did you mean bce"),
        (["--model", "convnett"], "Did you mean convnet"),
        (["--dataset", "digit"], "Did you mean digits"),
        (["--set", "optim.momentun=0.5"], "Did you mean optim.momentum"),
        (["--set", "model.widht=16"], "Did you mean width"),
        (["--set", "optim.lr=fast"], "must be a number"),
        (["--set", "optim"], "not of the form key=value"),
        (["--preset", "setting-9"], "Did you mean setting-"),
        (["--lr", "-1"], "it must be a positive number"),
        (["--optimizer", "adam"], "sgd or adamw"),
        (["--device", "cuda:99"], "cannot be used"),
        (["--device", "cpu", "--precision", "tf32"], "Use fp32 or bf16"),
        (["--device", "cpu", "--capture-precision", "fp16"], "Use fp32 or bf16"),
        (["--precision", "half"], "fp32 or tf32 or bf16 or fp16"),
        (["--set", "augment.crop=-1"], "0 (none) or more pixels"),
        (["--set", "augment.crops=4"], "Did you mean augment.crop"),
        (["--name", "../x"], "not a plain folder name"),
        (["--name", "a", "--out", "b"], "exclude each other"),
        (["--config", "nowhere.toml"], "no configuration file"),
        (["--dataset", "mnist", "--data-dir", "nowhere"], "nowhere"),
        (["--capture-epochs", "0"], "selects no epoch"),
        (["--resume"], "no run to resume"),
        (["--from", "nowhere"], "no run to start from at nowhere"),
        (["--weights", "runs/nowhere"], "Give a run, or a .safetensors"),
        (["--preset", "long-tail-clasifier"], "Did you mean long-tail-classifier"),
        (["--parameters", "head"], "it must be all or classifier"),
        (["--select", "first"], "it must be last or best"),
        (["--class-balanced", "1"], "at least 0 (no weights) and below 1"),
        (["--set", "stop.wen=collapsed"], "Did you mean stop.when"),
        (["--stop-when", "collapsed", "--capture-epochs", "last"], "Capture more"),
    ],
)
def test_wrong_input_is_one_line_and_exit_2(
    arguments: list[str], says: str, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each wrong option is told in one line that names it, with exit code 2, and nothing is written."""
    monkeypatch.chdir(tmp_path)
    done = command("train", *arguments)
    assert done.code == 2
    assert len(done.err.splitlines()) == 1, done.err
    assert says in done.err
    assert not any(tmp_path.iterdir())


def test_existing_runs_are_safe(whole: Path, tmp_path: Path, command: Command) -> None:
    """A run is not overwritten without --force, and --force never removes what is no run."""
    refused = command("train", *OPTIONS, "--out", whole)
    assert refused.code == 2
    assert "--resume" in refused.err
    (tmp_path / "letters").mkdir()
    (tmp_path / "letters" / "mother.txt").write_text("dear")
    assert command("train", *OPTIONS, "--force", "--out", tmp_path / "letters").code == 2
    assert (tmp_path / "letters" / "mother.txt").exists()


def test_resume_refuses_other_settings(whole: Path, command: Command) -> None:
    """A run goes on only with its own settings; the one that differs is named."""
    done = command("train", "--resume", "--lr", "0.5", "--out", whole)
    assert done.code == 2
    assert "optim.lr = 0.01, not 0.5" in done.err


def test_environment_and_option_override_in_order(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Option beats environment beats preset, and run.json records which one gave each value."""
    arguments = ("train", *OPTIONS, "--preset", "setting-2", "--epochs", "1", "--set", "optim.epochs=1")
    monkeypatch.setenv("BCEPROBE_TRAIN_LR", "0.02")
    monkeypatch.setenv("BCEPROBE_TRAIN_SEED", "7")
    done = command(*arguments, "--out", tmp_path / "x")
    assert done.code == 0, done.err
    opened = open_run(tmp_path / "x")
    assert (opened.settings["optim"]["lr"], opened.settings["seed"]) == (0.02, 7)
    assert opened.settings["optim"]["schedule"] == "cosine"
    sources = opened.manifest["sources"]
    assert (sources["optim.lr"], sources["optim.schedule"]) == ("environment", "preset setting-2")


def test_dry_run_writes_nothing_and_tells_the_true_size(
    whole: Path, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The size that --dry-run tells is the size of the features that are then stored, within 5 %."""
    monkeypatch.chdir(tmp_path)
    done = command("train", *OPTIONS, "--dry-run")
    assert done.code == 0, done.err
    assert not any(tmp_path.iterdir())
    told = float(next(line for line in done.out.splitlines() if line.strip().startswith("store")).split()[1])
    chunks = [path for path in (whole / "store.zarr").rglob("c/**/*") if path.is_file()]
    assert told == pytest.approx(sum(path.stat().st_size for path in chunks) / 1e6, rel=0.05, abs=0.05)
