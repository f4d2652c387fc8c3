"""Stages of a recipe: each starts from the run of the one before, of the same levels and seed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sweep_cases import ended
from train_cases import SMALL

from bceprobe.comparison.arms import procedure, read_arms
from bceprobe.comparison.comparable import check_comparable
from bceprobe.comparison.design import read_design
from bceprobe.errors import UsageError
from bceprobe.store import Run
from bceprobe.sweep import grid, read_recipe, run_local
from bceprobe.sweep.estimate import estimates
from bceprobe.sweep.queue import Outcome, Queue
from bceprobe.sweep.recipe import Axis, Override, Recipe

if TYPE_CHECKING:
    from pathlib import Path

    from bceprobe.sweep import Point

STAGES: dict[str, dict[str, object]] = {
    "first": {"model.bias_mean": 2},
    "second": {"preset": "long-tail-classifier", "optim.epochs": 2},
}


def staged(folder: Path, *, seeds: tuple[int, ...] = (0,), **changes: object) -> list[Point]:
    """The points of CE and BCE in two stages, the second of which retrains the classifier."""
    axes = (Axis("loss", {"ce": {"loss.name": "ce"}, "bce": {"loss.name": "bce"}}), Axis("stage", STAGES))
    settings = {**SMALL, "data.name": "digits", "optim.epochs": 2, "data.imbalance_factor": 5}
    recipe = Recipe("test", "small", "t", "", "r", settings, axes, (), seeds)
    return grid(recipe, folder, changes={key.replace("__", "."): value for key, value in changes.items()})


def test_a_stage_takes_over_the_one_before(tmp_path: Path) -> None:
    """Model, data, loss and seed are those of the stage before; how it starts is told only by its own settings."""
    first, second = staged(tmp_path, model__bias_mean=3)[:2]
    assert (first.label, second.label) == ("first ce seed-0", "second ce seed-0")
    assert second.folder == tmp_path / "second" / "ce" / "seed-0"
    assert second.start is first
    assert (first.settings.model.bias_mean, second.settings.model.bias_mean) == (3, 0)
    assert (second.settings.model.weights, second.settings.model.bias_init) == (str(first.folder), "keep")
    assert (second.settings.optim.parameters, second.settings.model.options) == ("classifier", {"width": 16})
    assert second.sources["model.weights"] == f"from {first.folder}"


def test_exceptions_may_be_of_one_stage(tmp_path: Path) -> None:
    """What a recipe says of a level of `stage` holds for that stage alone."""
    axes = (Axis("loss", {"ce": {"loss.name": "ce"}}), Axis("stage", STAGES))
    only = Override({"stage": "second"}, {"model.bias_init": "mean", "model.bias_mean": 4})
    recipe = Recipe("test", "small", "t", "", "r", SMALL, axes, (only,), (0,))
    assert [point.settings.model.bias_mean for point in grid(recipe, tmp_path)] == [2, 4]


def test_stages_and_an_axis_of_that_name_exclude_each_other(tmp_path: Path) -> None:
    """A recipe cannot have both."""
    path = tmp_path / "mine.toml"
    path.write_text('[axes.stage]\na = { seed = 1 }\n[stages]\nb = { loss.name = "ce" }\n[scales.paper]\n')
    with pytest.raises(UsageError, match="an axis called stage"):
        read_recipe(str(path))


def test_points_wait_for_their_start_and_are_given_up_with_it(tmp_path: Path) -> None:
    """A second stage begins once its first is finished, whoever finished it; after a failure it never does."""
    points = staged(tmp_path)
    first, second, other, last = points
    queue = Queue(points, [Outcome(first, "kept")])
    assert queue.ready() == [second, other]
    assert list(queue.given_up()) == []
    queue.note(Outcome(queue.take(other), "failed", "why"))
    assert list(queue.given_up()) == [Outcome(last, "not started", "it starts from first bce seed-0: failed")]
    assert queue.ready() == [second]
    queue.take(second)
    assert not queue


def test_a_stage_of_an_interrupted_one_is_interrupted_as_well(tmp_path: Path) -> None:
    """What was stopped goes on with the same command, its later stages included: they have not failed."""
    first, second = staged(tmp_path)[:2]
    queue = Queue([first, second])
    queue.note(Outcome(queue.take(first), "interrupted"))
    assert [outcome.status for outcome in queue.given_up()] == ["interrupted"]


def test_two_stages_are_trained_and_compared(tmp_path: Path) -> None:
    """Two jobs train both; a first stage that fails costs its second alone; second stages of all seeds make an arm."""
    points = staged(tmp_path, seeds=(0, 1))
    blocked = points[2].folder
    blocked.mkdir(parents=True)
    (blocked / "notes.txt").write_text("not a run")
    assert all(not one.reason and one.bytes_total > 0 for one in estimates(points[:2]).values())
    found = ended(run_local(points, 2))
    assert found.pop("first bce seed-0")[0] == "in use"
    assert found.pop("second bce seed-0") == ("not started", "it starts from first bce seed-0: in use")
    assert set(found.values()) == {("finished", "")}
    (blocked / "notes.txt").unlink()
    again = ended(run_local(points, 1))
    assert [label for label, (status, _) in again.items() if status == "finished"] == [
        "first bce seed-0",
        "second bce seed-0",
    ]
    ce, bce = (str(tmp_path / "second" / loss) for loss in ("ce", "bce"))
    assert [arm.seeds for arm in read_arms([ce, bce])] == [(0, 1), (0, 1)]
    design = read_design([str(tmp_path / "second")])
    assert (design.levels, check_comparable(design)) == (("CE", "BCE"), ())
    own = procedure(Run(str(points[1].folder)))
    assert (own["from.optim.parameters"], own["from.model.bias_mean"]) == ("all", 2.0)
    assert {"model.weights", "from.seed", "from.loss.name"}.isdisjoint(own)
