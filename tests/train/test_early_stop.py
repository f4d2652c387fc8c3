"""Training that ends once it has collapsed: at one epoch whatever the timing, with everything up to it as it was."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from train_cases import Stopping, history, small_settings, stored_bytes

from bceprobe import analyze, open_run
from bceprobe.analysis.trajectories import trajectories
from bceprobe.errors import StoreCorruptError, TrainingInterruptedError
from bceprobe.store.manifest import update_manifest
from bceprobe.store.validate import validate
from bceprobe.train import loop, train
from bceprobe.train.ending import collapse
from bceprobe.train.history import measure
from bceprobe.train.loop import Watch
from bceprobe.train.session import make_session
from bceprobe.train.step import take_step

if TYPE_CHECKING:
    from pathlib import Path

    from bceprobe.train.history import Row

NC = ("train_nc1", "train_nc2", "train_nc3")


def worst(row: dict[str, str]) -> float:
    """The largest of NC1 to NC3 of an epoch."""
    return max(float(row[name]) for name in NC)


@pytest.fixture(scope="module")
def endless(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of five epochs that nothing ends."""
    return train(small_settings(), tmp_path_factory.mktemp("endless") / "run")


@pytest.fixture(scope="module")
def threshold(endless: Path) -> float:
    """A threshold that the third epoch of that run is the first to be below."""
    values = [worst(row) for row in history(endless)]
    assert values[2] < min(values[:2])
    return values[2] * 1.0001


def stopping(threshold: float, **changes: Any) -> Any:
    """Settings of that run that end it there."""
    return small_settings(**{"stop__when": "collapsed", "stop__nc_threshold": threshold, **changes})


@pytest.fixture(scope="module")
def stopped(threshold: float, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that ended early."""
    return train(stopping(threshold), tmp_path_factory.mktemp("stopped") / "run")


def test_training_ends_at_the_first_collapsed_epoch(endless: Path, stopped: Path, threshold: float) -> None:
    """The epoch, its measures and the threshold are recorded; up to it the run is the one that went on, bit for bit."""
    manifest, rows = open_run(stopped).manifest, history(stopped)
    assert manifest["status"] == "finished"
    assert rows == history(endless)[:3]
    expected = {name.removeprefix("train_"): float(rows[2][name]) for name in NC}
    assert manifest["stopped"] == {"when": "collapsed", "epoch": 3, "nc_threshold": threshold, **expected}
    assert manifest["selection"]["selected_epoch"] == 3
    for split in ("train", "test"):
        assert open_run(stopped).epochs(split) == [1, 2, 3]
        ours, theirs = (open_run(run).snapshot(3, split) for run in (stopped, endless))
        assert np.array_equal(ours.features[:], theirs.features[:])


def test_the_checkpoint_is_of_the_epoch_that_ended_training(stopped: Path) -> None:
    """Whatever was trained beyond it is left out: the saved classifier is the stored one."""
    saved = torch.load(stopped / "checkpoints" / "last.pt", weights_only=True)
    assert saved["epoch"] == 3
    np.testing.assert_array_equal(list(saved["model"].values())[-2].numpy(), open_run(stopped).snapshot(3).weight)


def test_a_store_with_room_for_more_epochs_is_whole(stopped: Path, threshold: float) -> None:
    """It is valid, its last epoch is the third, and trajectories find the collapse there with the same threshold."""
    assert validate(stopped) == []
    found = analyze(stopped, ["nc", "accuracy"], splits=["train"])
    assert found["epoch"].values.tolist() == [1, 2, 3]
    assert trajectories(found, found, threshold)[0]["collapsed_epoch"] == 3
    assert analyze(stopped, "nc", epochs="last")["epoch"].values.tolist() == [3]


def test_resuming_a_stopped_run_changes_nothing(stopped: Path, threshold: float) -> None:
    """A run that ended early is finished."""
    before = stored_bytes(stopped)
    train(stopping(threshold), stopped, resume=True)
    assert stored_bytes(stopped) == before


def test_a_damaged_entry_about_the_stop_is_refused(stopped: Path, threshold: float, tmp_path: Path) -> None:
    """Resuming does not guess where the run ended, and trains nothing."""
    run = shutil.copytree(stopped, tmp_path / "run")
    update_manifest(str(run), stopped="at epoch 3")
    before = stored_bytes(run)
    with pytest.raises(StoreCorruptError, match=r"run\.json: stopped is 'at epoch 3', which is no table"):
        train(stopping(threshold), run, resume=True)
    assert stored_bytes(run) == before


def late(folder: Path, epoch: int) -> Row:
    """Measure an epoch after others could have been trained."""
    time.sleep(0.5)
    return measure(folder, epoch)


class Slow(Watch):
    """A display that delays the background thread after each epoch."""

    def epoch(self, row: Row) -> None:
        """Take longer than an epoch takes to train."""
        _ = row
        time.sleep(1)


def test_slow_recording_ends_training_at_the_same_epoch(
    stopped: Path, threshold: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However late the collapse is measured, the run is the same: the decision does not depend on threads."""
    monkeypatch.setattr(loop, "measure", late)
    train(stopping(threshold), tmp_path / "run", watch=Slow())
    assert stored_bytes(tmp_path / "run") == stored_bytes(stopped)
    assert history(tmp_path / "run") == history(stopped)


def test_what_goes_wrong_beyond_the_end_does_not_count(
    stopped: Path, threshold: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An epoch that was begun before the collapse was known is left out, even if its losses are not finite."""
    begun = iter(range(10**6))
    batches = len(make_session(stopping(threshold)).train.sizes(32))

    def diverge(*arguments: Any) -> torch.Tensor:
        return take_step(*arguments) if next(begun) < 3 * batches else torch.tensor(torch.nan)

    monkeypatch.setattr(loop, "measure", late)
    monkeypatch.setattr(loop, "take_step", diverge)
    train(stopping(threshold), tmp_path / "run")
    assert next(begun) > 3 * batches
    assert stored_bytes(tmp_path / "run") == stored_bytes(stopped)


class Earlier(Stopping):
    """Asks to stop in the middle of the second epoch."""

    def batch(self, epoch: int, done: int, loss: float) -> None:
        """Stop in the second epoch."""
        super().batch(epoch + 1, done, loss)


def test_interrupted_runs_end_at_the_same_epoch(stopped: Path, threshold: float, tmp_path: Path) -> None:
    """Ctrl-C before the collapse and a resumption end with the same bytes."""
    with pytest.raises(TrainingInterruptedError):
        train(stopping(threshold), tmp_path / "run", watch=Earlier())
    train(stopping(threshold), tmp_path / "run", resume=True)
    assert stored_bytes(tmp_path / "run") == stored_bytes(stopped)
    assert open_run(tmp_path / "run").manifest["stopped"] == open_run(stopped).manifest["stopped"]


def test_a_run_that_died_after_its_last_epoch_was_saved_ends_there(
    stopped: Path, threshold: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed after the checkpoint of the collapsed epoch but before run.json says so, it trains no further epoch."""

    def die(*_arguments: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("bceprobe.train.run.ending", die)
        with pytest.raises(KeyboardInterrupt):
            train(stopping(threshold), tmp_path / "run")
    monkeypatch.setattr(loop, "take_step", die)
    train(stopping(threshold), tmp_path / "run", resume=True)
    assert stored_bytes(tmp_path / "run") == stored_bytes(stopped)
    assert open_run(tmp_path / "run").manifest["status"] == "finished"
    assert open_run(tmp_path / "run").manifest["stopped"]["epoch"] == 3


def test_only_captured_epochs_end_training(endless: Path, threshold: float, tmp_path: Path) -> None:
    """Where every second epoch is captured, the first of these that is below the threshold ends training."""
    later = [int(row["epoch"]) for row in history(endless) if int(row["epoch"]) % 2 == 0 and worst(row) < threshold]
    folder = train(stopping(threshold, capture__epochs="every:2"), tmp_path / "run")
    assert open_run(folder).manifest["stopped"]["epoch"] == later[0]


def test_a_collapse_in_the_last_epoch_is_no_early_stop(threshold: float, tmp_path: Path) -> None:
    """A run that reaches all of its epochs was not stopped."""
    folder = train(stopping(threshold, optim__epochs=3, optim__milestones=[2]), tmp_path / "run")
    assert "stopped" not in open_run(folder).manifest


@pytest.mark.parametrize(
    ("values", "ends"),
    [
        ((0.09, 0.05, 0.0), True),
        (("0.09", "0.05", "0.0"), True),
        ((0.1, 0.05, 0.01), False),
        ((0.09, "nan", 0.01), False),
        ((0.09, "", 0.01), False),
    ],
)
def test_collapse_is_all_three_measures_strictly_below(values: tuple[Any, ...], ends: bool) -> None:  # noqa: FBT001 - a case
    """Equal to the threshold is not below it, and what is undefined or was not measured does not count."""
    row = {"epoch": "7", **dict(zip(NC, values, strict=True))}
    found = collapse(row, small_settings(stop__when="collapsed").stop)
    assert (found is not None) == ends
    assert collapse(row, small_settings().stop) is None
