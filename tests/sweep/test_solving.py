"""Points of the layer-peeled model are solved, kept, refused and analysed as others are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sweep_cases import ended

from bceprobe.analysis.expected import expected
from bceprobe.comparison.design import read_design
from bceprobe.errors import UsageError
from bceprobe.settings import read_toml, resolve
from bceprobe.store import Run
from bceprobe.sweep import grid, read_recipe, run_local
from bceprobe.sweep.estimate import estimates
from bceprobe.sweep.progress import Progress, progress_of
from bceprobe.sweep.solving import problem_of
from bceprobe.theory import optimum

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("scale", ["paper", "small"])
def test_decays_lie_on_both_sides_of_the_boundary(scale: str, tmp_path: Path) -> None:
    """Both regimes of BCE are there for 10 and 20 classes; two classes have no boundary."""
    problems = [problem_of(point.settings) for point in grid(read_recipe("theory", scale), tmp_path)]
    found = {(one.classes, optimum(one).regime) for one in problems if one.loss == "bce"}
    assert found == {(2, "etf"), (10, "etf"), (10, "shifted"), (20, "etf"), (20, "shifted")}


def test_points_are_solved_and_kept(tmp_path: Path) -> None:
    """A solved point is a run at its optimum, known by its settings; another sweep keeps it."""
    points = [
        point
        for point in grid(read_recipe("theory", "small"), tmp_path, seeds=[0, 1])
        if "classes-2" in point.label and "decay-0.01" in point.label
    ]
    assert progress_of(points[0]) == Progress(0, 1, {})
    assert set(ended(run_local(points, 1)).values()) == {("finished", "")}
    assert set(ended(run_local(points, 1)).values()) == {("kept", "")}
    run = Run(str(points[0].folder))
    assert run.settings["model"] == {"name": "layer-peeled", "classes": 2, "dim": 24, "per_class": 5}
    assert run.manifest["sources"]["penalty.lambda_b"] == "recipe theory"
    known = expected(run)
    assert known is not None
    assert known.problem == problem_of(points[0].settings)
    assert known.optimum == optimum(known.problem)
    assert read_design([str(tmp_path)]).levels == ("CE", "BCE")
    sizes = [one.bytes_total for one in estimates(points[:1]).values()]
    assert sizes == [4 * (10 * 24 + 2 * 24 + 2) + 16 * 10]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"optim.lr": 0.5}, "optim.lr means nothing"),
        ({"loss.name": "mse"}, "the theory has no loss"),
        ({"model.width": 3}, "model.width means nothing"),
    ],
)
def test_what_is_no_problem_is_refused(change: dict[str, object], told: str, tmp_path: Path) -> None:
    """Settings without effect and losses without theory are named."""
    point = grid(read_recipe("theory", "small"), tmp_path, seeds=[0])[0]
    with pytest.raises(UsageError, match=told):
        problem_of(resolve([("test", {**read_toml(point.settings.to_toml(), "test"), **change})])[0])
