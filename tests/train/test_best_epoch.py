"""Training whose best epoch counts: what is recorded, which weights are kept, and that no crash separates them."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from train_cases import Stopping, history, small_settings, stored_bytes

from bceprobe import analyze, open_run
from bceprobe.errors import TrainingInterruptedError
from bceprobe.store.validate import validate
from bceprobe.train import loop, train
from bceprobe.train.loop import accuracy
from bceprobe.train.session import make_session

if TYPE_CHECKING:
    from pathlib import Path


def best_settings(**changes: Any) -> Any:
    """Settings of six epochs of which the last two overshoot, so that the best one is another."""
    steps = {"optim__epochs": 6, "optim__lr": 0.05, "optim__milestones": [4], "optim__factor": 20.0}
    return small_settings(**{"select": "best", **steps, **changes})


def best_by_hand(folder: Path) -> tuple[int, float]:
    """The first epoch with the highest test accuracy, read from history.csv."""
    with (folder / "history.csv").open(newline="") as file:
        accuracies = [float(row["test_accuracy"]) for row in csv.DictReader(file)]
    return 1 + int(np.argmax(accuracies)), max(accuracies)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run."""
    return train(best_settings(), tmp_path_factory.mktemp("best") / "run")


def test_run_json_tells_the_epoch_the_criterion_and_the_value(whole: Path) -> None:
    """The record names the first epoch of the highest test accuracy in history.csv, and that this is optimistic."""
    epoch, value = best_by_hand(whole)
    record = open_run(whole).manifest["selection"]
    assert (record["selected_epoch"], record["criterion"], record["value"]) == (epoch, "best test accuracy", value)
    assert record["captured"]
    assert "optimistic" in record["remark"]


def test_the_weights_of_the_best_epoch_are_kept(whole: Path) -> None:
    """best.pt holds the epoch, and the model whose classifier was stored with it; the last epoch's is another."""
    epoch, _ = best_by_hand(whole)
    assert epoch < 6
    kept = torch.load(whole / "checkpoints" / "best.pt", weights_only=True)
    run, weight = open_run(whole), list(kept["model"].values())[-2].numpy()
    assert kept["epoch"] == epoch
    np.testing.assert_array_equal(weight, run.snapshot(epoch).weight)
    assert not np.array_equal(weight, run.snapshot(6).weight)


def test_analyses_reach_the_best_epoch(whole: Path) -> None:
    """The accuracy of `--epochs selected` on the test split is the recorded value."""
    found = analyze(whole, "accuracy", splits=["test"], epochs="selected")
    assert (found["epoch"].item(), found["accuracy"].item()) == best_by_hand(whole)


def test_runs_whose_last_epoch_counts_keep_no_other(tmp_path: Path) -> None:
    """With select = last the last epoch is recorded, without a remark, and there is one checkpoint."""
    folder = train(small_settings(optim__epochs=2, optim__milestones=[]), tmp_path / "run")
    record = open_run(folder).manifest["selection"]
    assert (record["selected_epoch"], record["criterion"], record["value"], record["remark"]) == (
        2,
        "last epoch",
        None,
        "",
    )
    assert [path.name for path in (folder / "checkpoints").iterdir()] == ["last.pt"]


def test_interrupted_runs_end_with_the_same_weights(whole: Path, tmp_path: Path) -> None:
    """Ctrl-C in the third epoch and a resumption change no byte of store and checkpoints."""
    with pytest.raises(TrainingInterruptedError):
        train(best_settings(), tmp_path / "run", watch=Stopping())
    assert "selection" not in open_run(tmp_path / "run").manifest
    train(best_settings(), tmp_path / "run", resume=True)
    assert stored_bytes(tmp_path / "run") == stored_bytes(whole)
    assert open_run(tmp_path / "run").manifest["selection"] == open_run(whole).manifest["selection"]


@pytest.mark.parametrize("step", ["write_history", "save_checkpoint", "save_best"])
def test_a_crash_at_any_step_of_the_best_epoch_is_made_good(
    step: str, whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where a process ends just before a step of recording the best epoch, the resumed run ends with the same bytes."""
    epoch, _ = best_by_hand(whole)
    original = getattr(loop, step)

    def crash(folder: Path, what: Any) -> None:
        now = what["epoch"] if isinstance(what, dict) else what[-1]["epoch"]
        if now == epoch:
            raise KeyboardInterrupt
        original(folder, what)

    with monkeypatch.context() as patched:
        patched.setattr(loop, step, crash)
        with pytest.raises(KeyboardInterrupt):
            train(best_settings(), tmp_path / "run")
    train(best_settings(), tmp_path / "run", resume=True)
    assert stored_bytes(tmp_path / "run") == stored_bytes(whole)
    assert history(tmp_path / "run") == history(whole)


def test_accuracies_of_epochs_that_are_not_captured_are_comparable(whole: Path, tmp_path: Path) -> None:
    """Captured or not, whole or in part, an epoch has the accuracy of the whole test split, and is selected alike."""
    for name, changes in (("last", {"capture__epochs": "last"}), ("part", {"capture__per_class": 3})):
        folder = train(best_settings(**changes), tmp_path / name)
        assert [row["test_accuracy"] for row in history(folder)] == [row["test_accuracy"] for row in history(whole)]
        assert open_run(folder).selection == open_run(whole).selection
    assert not open_run(tmp_path / "last").manifest["selection"]["captured"]


def test_the_selected_epoch_alone_can_be_stored(whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With capture.epochs = selected the store ends with the best epoch as it was, also if a crash came before that."""
    epoch, _ = best_by_hand(whole)
    settings = best_settings(capture__epochs="selected")

    def crash(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("bceprobe.train.capturing.capture", crash)
        with pytest.raises(KeyboardInterrupt):
            train(settings, tmp_path / "run")
    assert open_run(tmp_path / "run").splits == ()
    run = open_run(train(settings, tmp_path / "run", resume=True))
    assert validate(tmp_path / "run") == []
    for split in ("train", "test"):
        assert run.epochs(split) == [epoch]
        ours, theirs = (opened.snapshot(epoch, split) for opened in (run, open_run(whole)))
        assert np.array_equal(ours.features[:], theirs.features[:])
    assert run.manifest["selection"] == open_run(whole).manifest["selection"]
    assert analyze(run, "nc", epochs="selected")["epoch"].values.tolist() == [epoch]
    assert (
        stored_bytes(train(settings, tmp_path / "again"))["checkpoints/best.pt"]
        == stored_bytes(whole)["checkpoints/best.pt"]
    )


def test_the_last_epoch_is_the_selected_one_where_it_counts(tmp_path: Path) -> None:
    """With select = last, capture.epochs = selected is the last epoch, stored as it is trained."""
    folder = train(best_settings(select="last", capture__epochs="selected"), tmp_path / "run")
    assert open_run(folder).epochs("train") == [6]
    assert history(folder)[-1]["train_nc1"]


def test_ties_of_logits_are_wrong() -> None:
    """A model that gives every class the same logit classifies nothing, as in the measures of stored epochs."""
    session = make_session(best_settings())
    torch.nn.init.zeros_(session.classifier.weight)
    torch.nn.init.zeros_(session.classifier.bias)
    assert accuracy(session) == 0
