"""At which epoch runs are compared: the last in common, a number, or the one that each run selected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from builders import make_run

from bceprobe import analyze, compare
from bceprobe.comparison.moments import read_moment
from bceprobe.errors import UsageError
from bceprobe.store import open_run

if TYPE_CHECKING:
    from pathlib import Path

EPOCHS = (1, 2, 3)


def selecting(folder: Path, best: int, **options: Any) -> Path:
    """A run whose history has the best test accuracy at an epoch."""
    run = make_run(folder, epochs=EPOCHS, select="best", **options)
    rows = [f"{epoch},{0.9 if epoch == best else 0.5}" for epoch in range(1, 6)]
    (run / "history.csv").write_text("\n".join(["epoch,test_accuracy", *rows]) + "\n")
    return run


def test_runs_are_compared_at_the_epochs_they_selected(tmp_path: Path) -> None:
    """Each value is of the epoch that its run selected, which is said, with why its test accuracy is optimistic."""
    runs = [selecting(tmp_path / "ce", 2), selecting(tmp_path / "bce", 3, loss="bce")]
    found = compare(*runs, epoch="selected")
    expected = [
        analyze(run, "nc", splits="train", epochs=str(epoch))["nc1"].item()
        for run, epoch in zip(runs, (2, 3), strict=True)
    ]
    row = found.rows[0]
    assert (row.reference_mean, row.mean) == pytest.approx(expected, rel=1e-12)
    assert any(
        "the selected epoch of each run (epochs 2 to 3), chosen on the test split" in caveat
        for caveat in found.verdict().caveats
    )
    (pair,) = found.samples
    assert pair.epochs == (2, 3)
    document = found.to_dict()
    assert [run["compared_epoch"] for arm in document["arms"] for run in arm["runs"]] == [2, 3]


def test_an_epoch_may_be_asked_for(tmp_path: Path) -> None:
    """With a number the values are of that epoch."""
    runs = [open_run(make_run(tmp_path / name, epochs=EPOCHS)) for name in "ab"]
    moment = read_moment("2", runs, ["train"], EPOCHS)
    assert (moment.words, moment.epoch, set(moment.of.values())) == ("epoch 2", 2, {2})
    assert read_moment("last", runs, ["train"], EPOCHS).epoch == 3


@pytest.mark.parametrize(
    ("text", "says"),
    [("7", "not every run has epoch 7"), ("best", "is no epoch"), ("selected", "its selected epoch 5")],
)
def test_epochs_that_are_not_there_are_refused(tmp_path: Path, text: str, says: str) -> None:
    """A number that a run lacks, another word, and a selected epoch that was not stored."""
    run = open_run(selecting(tmp_path / "ce", 5))
    with pytest.raises(UsageError, match=says):
        read_moment(text, [run], ["train"], EPOCHS)
