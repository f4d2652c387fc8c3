"""Runs in a line each: their state, progress and metrics, from what is on disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from builders import make_run

from bceprobe.analysis import analyze
from bceprobe.analysis.listing import differing, summaries, summarise
from bceprobe.errors import StoreNotFoundError, UsageError
from bceprobe.settings import parse_condition
from bceprobe.store.lock import writing

if TYPE_CHECKING:
    from pathlib import Path

HISTORY = "epoch,lr,train_accuracy,train_nc1,test_accuracy\n1,0.1,0.5,9,0.4\n2,0.1,0.75,3.5,\n"


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """A folder with two runs of CE and one of BCE, the last one in a folder of its own."""
    for name, loss, seed in (("a", "ce", 0), ("b", "ce", 1), ("deeper/c", "bce", 0)):
        make_run(tmp_path / name, loss=loss, seed=seed, epochs=range(1, 4))
    return tmp_path


def test_a_run_is_summarised_by_its_files(runs: Path) -> None:
    """State, epochs, settings and size; metrics there are none yet."""
    found = summarise(str(runs / "b"))
    assert (found.run, found.status, found.captured, found.planned) == (str(runs / "b"), "finished", 3, 3)
    assert (found.epoch, found.metrics, found.problem) == (None, {}, "")
    assert (found.settings["loss.name"], found.settings["seed"]) == ("ce", 1)
    assert found.bytes == sum(path.stat().st_size for path in (runs / "b").rglob("*") if path.is_file())


def test_metrics_are_those_of_the_last_row_of_the_history(runs: Path) -> None:
    """What the row lacks is None, not the value of an earlier epoch."""
    (runs / "a" / "history.csv").write_text(HISTORY)
    found = summarise(str(runs / "a"))
    assert found.epoch == 2
    assert (found.metrics["train_accuracy"], found.metrics["train_nc1"]) == (0.75, 3.5)
    assert (found.metrics["test_accuracy"], found.metrics["train_nc2"]) == (None, None)


def test_without_a_history_metrics_are_those_of_the_cache(runs: Path) -> None:
    """What was analysed of the last epoch is shown, and nothing is computed."""
    whole = analyze(runs / "a", ["nc"])
    analyze(runs / "b", ["nc"], epochs="1")
    first, second = summaries([runs / "a", runs / "b"])
    assert first.metrics["train_nc1"] == pytest.approx(whole.nc1.sel(epoch=3, split="train").item(), rel=1e-12)
    assert "test_accuracy" not in first.metrics
    assert (second.epoch, second.metrics) == (None, {})


def test_a_cache_of_other_features_does_not_count(runs: Path) -> None:
    """If the run was trained anew its old analyses say nothing."""
    analyze(runs / "a", ["nc"])
    cache = (runs / "a" / "metrics.zarr").rename(runs / "kept")
    make_run(runs / "new", loss="ce", seed=5, epochs=range(1, 4))
    cache.rename(runs / "new" / "metrics.zarr")
    assert summarise(str(runs / "new")).metrics == {}


@pytest.mark.parametrize("damage", ["store.zarr/zarr.json", "run.json", "config.toml"])
def test_a_run_that_cannot_be_read_is_broken_and_says_why(runs: Path, damage: str) -> None:
    """One damaged file does not keep the others from being listed."""
    (runs / "a" / damage).write_text("{ not this")
    broken, *others = summaries([runs])
    assert broken.status == "broken"
    assert damage.rpartition("/")[2] in broken.problem
    assert [one.status for one in others] == ["finished", "finished"]


def test_a_damaged_history_costs_only_the_metrics(runs: Path) -> None:
    """The run is listed with its state, and the damage is told."""
    (runs / "a" / "history.csv").write_text("epoch,train_nc1\nthree,x\n")
    found = summarise(str(runs / "a"))
    assert (found.status, found.metrics) == ("finished", {})
    assert "history.csv" in found.problem


def test_a_run_that_is_running_is_being_written(tmp_path: Path) -> None:
    """Else it was killed: its run.json could not say so any more."""
    run = make_run(tmp_path / "run", epochs=[1], status="running")
    assert summarise(str(run)).status == "killed"
    with writing(run):
        assert summarise(str(run)).status == "running"


def test_conditions_choose(runs: Path) -> None:
    """All conditions must hold, on settings and on the state."""

    def chosen(*texts: str) -> list[str]:
        return [one.run.rpartition("/")[2] for one in summaries([runs], [parse_condition(text) for text in texts])]

    assert chosen("loss.name=ce") == ["a", "b"]
    assert chosen("loss.name=ce", "seed>0") == ["b"]
    assert chosen("status=finished", "loss.name!=ce") == ["c"]
    with pytest.raises(UsageError, match=r"'los\.name'.*loss\.name"):
        chosen("los.name=ce")


def test_each_run_is_listed_once(runs: Path) -> None:
    """Whether it was asked for by itself, by its folder, or by both."""
    found = [one.run for one in summaries([runs / "a", runs])]
    assert found == [str(runs / name) for name in ("a", "b", "deeper/c")]
    with pytest.raises(StoreNotFoundError, match="no run at or below"):
        summaries([runs / "nowhere"])


def test_differing_settings_are_named(runs: Path) -> None:
    """Sorted; what is equal in all is left out, and so are runs whose settings are not known."""
    (runs / "a" / "config.toml").unlink()
    assert differing(summaries([runs])) == ["loss.name", "seed"]
    assert differing(summaries([runs / "b"])) == []
