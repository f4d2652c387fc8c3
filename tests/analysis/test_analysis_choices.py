"""What an analysis is asked for: runs, splits, epochs, how runs are named, and what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from builders import make_run

from bceprobe.analysis import analyze, records, unique_labels
from bceprobe.errors import UnknownNameError, UsageError
from bceprobe.store import Run, StoreWriter, open_run

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of four epochs with train and test split."""
    return make_run(tmp_path_factory.mktemp("results") / "run", epochs=range(1, 5))


def start_run(folder: Path, split: str = "train") -> Path:
    """Write a store that has a split but no complete epoch yet."""
    StoreWriter(folder, [1, 2], 3, 6).create_split(split, 9)
    return folder


@pytest.mark.parametrize(
    ("epochs", "chosen"), [("all", [1, 2, 3, 4]), ("last", [4]), ("2-3", [2, 3]), ("every:2,1", [1, 2, 4])]
)
def test_epochs_are_selected(run: Path, epochs: str, chosen: list[int]) -> None:
    """Only the epochs that the text selects are in the result."""
    assert analyze(run, epochs=epochs)["epoch"].values.tolist() == chosen


@pytest.mark.parametrize("splits", ["test", ["test"], ("test", "test")])
def test_splits_are_selected(run: Path, splits: Any) -> None:
    """Only the named splits are in the result, each once; one may be given by its name alone."""
    assert analyze(run, splits=splits)["split"].values.tolist() == ["test"]


def test_a_split_that_only_some_runs_hold_may_be_asked_for(tmp_path: Path) -> None:
    """A run that lacks the split is left out of its values."""
    runs = [make_run(tmp_path / "both", epochs=[1]), make_run(tmp_path / "one", epochs=[1], per_class={"train": 4})]
    rows = records(analyze(runs, splits="test"))
    assert [row["run"] for row in rows] == ["both"]


def test_runs_are_given_in_many_ways(run: Path) -> None:
    """A path, text, an opened run, a list of them and the folder above give the same result."""
    expected = analyze(run)
    ways: list[Any] = [str(run), open_run(run), [run], [str(run), open_run(run), f"{run}/"], run.parent]
    for given in ways:
        assert analyze(given).identical(expected)


def test_labels_tell_runs_apart(tmp_path: Path) -> None:
    """Runs are named by their folder, or by as many folders as make every name different."""
    runs = [Run(str(tmp_path / name)) for name in ("ce/seed-0", "ce/seed-1", "bce/seed-0")]
    assert unique_labels(runs[:2]) == ["seed-0", "seed-1"]
    assert unique_labels(runs) == ["ce/seed-0", "ce/seed-1", "bce/seed-0"]


def test_labels_of_urls_are_their_last_parts() -> None:
    """Runs at URLs are named like those in folders."""
    runs = [Run("s3://bucket/ce/0"), Run("s3://bucket/bce/0/"), Run("s3://other/ce/0")]
    assert unique_labels(runs[:2]) == ["ce/0", "bce/0"]
    assert unique_labels(runs) == ["bucket/ce/0", "bucket/bce/0", "other/ce/0"]


def test_the_label_of_a_relative_path_is_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run given as the current folder is named by that folder."""
    make_run(tmp_path / "here", epochs=[1])
    monkeypatch.chdir(tmp_path / "here")
    assert analyze(".")["run"].values.tolist() == ["here"]


def test_unknown_topic_is_refused_with_the_nearest(run: Path) -> None:
    """A topic without metrics is refused before anything is read."""
    with pytest.raises(UnknownNameError, match=r"^unknown topic 'accurcy'\. Did you mean accuracy\.$"):
        analyze(run, "accurcy")


def test_unknown_split_is_refused_with_those_there_are(run: Path) -> None:
    """A split that no run holds is refused with the splits they hold."""
    with pytest.raises(UsageError, match=r"^no split 'validation' in any run\. They hold: train, test\.$"):
        analyze(run, splits=["train", "validation"])


def test_epochs_that_are_not_there_are_refused_with_the_run(run: Path) -> None:
    """A number that a run does not have is refused with the run, the split and the range."""
    with pytest.raises(UsageError) as caught:
        analyze(run, epochs="3,9")
    assert caught.value.what == f"{run}, train split: '9' selects no epoch of 1..4"


def test_unknown_global_mean_is_refused(run: Path) -> None:
    """A global mean that does not exist is refused with those that do."""
    with pytest.raises(UsageError, match=r"^unknown global mean 'median'\. Known: class, sample\.$"):
        analyze(run, global_mean="median")  # type: ignore[arg-type]


def test_nothing_captured_yet_is_told(tmp_path: Path) -> None:
    """Where no run has a complete epoch the error says what to do, on one line."""
    with pytest.raises(UsageError, match=r"^no run has a written epoch\. Train first, or look with: .*info\.$"):
        analyze(start_run(tmp_path / "begun"))


def test_a_run_that_has_only_begun_is_shown_empty(tmp_path: Path) -> None:
    """Beside a run with epochs, one without stays in the result, with nothing captured."""
    result = analyze([start_run(tmp_path / "begun"), make_run(tmp_path / "done", epochs=[1])])
    assert result["captured"].sel(split="train").values.tolist() == [[False], [True]]
