"""The epoch of a run that counts: chosen from its history, as plain rows and as a run folder holds them."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import pytest
from builders import make_run
from hypothesis import given
from hypothesis import strategies as st

from bceprobe import analyze
from bceprobe.errors import StoreCorruptError, UsageError
from bceprobe.store import open_run
from bceprobe.store.description import describe
from bceprobe.store.selection import OPTIMISTIC, Selection, choose

if TYPE_CHECKING:
    from pathlib import Path

ACCURACY = {1: 0.5, 2: 0.9, 3: 0.7, 4: 0.9, 5: 0.8, 6: 0.1, 7: 0.2, 8: 0.3}


def rows(accuracy: dict[int, Any]) -> list[dict[str, Any]]:
    """Rows of a history."""
    return [{"epoch": epoch, "test_accuracy": value} for epoch, value in accuracy.items()]


def make_trained(folder: Path, accuracy: dict[int, Any] | None = None, **settings: Any) -> Path:
    """Make a run with a history of test accuracies."""
    make_run(folder, **settings)
    with (folder / "history.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, ["epoch", "test_accuracy"])
        writer.writeheader()
        writer.writerows(rows(accuracy or ACCURACY))
    return folder


def test_the_best_epoch_is_the_first_with_the_highest_accuracy() -> None:
    """Of equal accuracies the earlier epoch counts; numbers may be text, as in a file."""
    assert choose(rows(ACCURACY), "best") == Selection(2, "best test accuracy", 0.9)
    assert choose(rows({epoch: str(value) for epoch, value in ACCURACY.items()}), "best") == choose(
        rows(ACCURACY), "best"
    )
    assert choose(rows(ACCURACY), "last") == Selection(8, "last epoch")


@given(st.dictionaries(st.integers(1, 300), st.sampled_from([0.0, 0.25, 0.5, 1.0]), min_size=1))
def test_no_epoch_is_better_and_none_before_is_as_good(accuracy: dict[int, float]) -> None:
    """Whatever the accuracies, no epoch beats the chosen one, and all earlier ones are worse."""
    found = choose(rows(dict(sorted(accuracy.items()))), "best")
    assert found is not None
    assert found.value == accuracy[found.epoch] == max(accuracy.values())
    assert all(value < found.value for epoch, value in accuracy.items() if epoch < found.epoch)


@pytest.mark.parametrize("values", [{}, {1: "", 2: None}, {1: "nan"}])
def test_without_accuracies_there_is_no_best_epoch(values: dict[int, Any]) -> None:
    """Epochs without a finite accuracy are not chosen."""
    assert choose(rows(values), "best") is None


def test_a_run_selects_by_its_own_setting(tmp_path: Path) -> None:
    """`select` in config.toml decides; older runs without it have their last epoch, runs without a history, too."""
    best, last = make_trained(tmp_path / "best", select="best"), make_trained(tmp_path / "last")
    assert open_run(best).selection == Selection(2, "best test accuracy", 0.9)
    assert open_run(last).selection == Selection(8, "last epoch")
    config = last / "config.toml"
    config.write_text(config.read_text().replace('select = "last"\n', ""))
    assert open_run(last).selection == Selection(8, "last epoch")
    bare = make_run(tmp_path / "bare", epochs=[2, 5])
    assert open_run(bare).selection == Selection(5, "last epoch")
    (bare / "history.csv").write_text("step,loss\n1,0.5\n")
    assert open_run(bare).selection == Selection(5, "last epoch")


def test_the_selected_epoch_is_analysed(tmp_path: Path) -> None:
    """`epochs="selected"` is each run's own epoch, and a note says that the best one was chosen on the test split."""
    make_trained(tmp_path / "runs" / "best", select="best")
    make_trained(tmp_path / "runs" / "last", loss="bce")
    found = analyze(tmp_path / "runs", "accuracy", splits=["train"], epochs="selected")
    captured = found["captured"].squeeze("split")
    chosen = {run: found["epoch"].values[captured.sel(run=run).values].tolist() for run in ("best", "last")}
    assert chosen == {"best": [2], "last": [8]}
    notes = [note for note in found.attrs["notes"] if "selected" in note]
    assert notes == [f"best: selected epoch 2, best test accuracy 0.9: {OPTIMISTIC}"]
    assert "chosen on the test split" in OPTIMISTIC
    assert not [note for note in analyze(tmp_path / "runs", "accuracy").attrs["notes"] if "selected" in note]


def test_a_selected_epoch_that_was_not_captured_is_told(tmp_path: Path) -> None:
    """An analysis of it is refused with the epoch and what to do; the description says that it is not stored."""
    run = make_trained(tmp_path / "run", select="best", epochs=[1, 8])
    with pytest.raises(UsageError, match=r"the selected epoch \(epoch 2, best test accuracy 0\.9\) was not captured"):
        analyze(run, "accuracy", epochs="selected")
    told = describe(open_run(run))["selected"]
    assert (told["epoch"], told["captured"]) == (2, False)


@pytest.mark.parametrize("text", ["epoch,test_accuracy\nx,1\n", "epoch\n1\n", "epoch,test_accuracy\n1,high\n"])
def test_a_damaged_history_is_told(text: str, tmp_path: Path) -> None:
    """A history without the numbers is an error that names the file."""
    run = make_trained(tmp_path / "run", select="best")
    (run / "history.csv").write_text(text)
    with pytest.raises(StoreCorruptError, match=r"history\.csv has no readable columns epoch and test_accuracy"):
        _ = open_run(run).selection
    assert describe(open_run(run))["selected"] is None
