"""Sweeps: the optimum at every value, all else being equal."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bceprobe.errors import UnknownNameError, UsageError
from bceprobe.theory import Problem, default_values, optimum, sweep


@pytest.mark.parametrize(
    ("over", "values"), [("lambda_b", [0, 1e-4, 0.1]), ("classes", [2, 30]), ("per_class", [0.5, 9])]
)
def test_a_sweep_is_many_optima(over: str, values: list[float]) -> None:
    """Each value has the optimum of the problem with that value."""
    problem = Problem("bce", dim=40)
    found = sweep(problem, over, values)
    changes: list[dict[str, Any]] = [{over: value} for value in values]
    assert [one.objective for one in found] == [optimum(replace(problem, **change)).objective for change in changes]


def test_default_values_cover_the_range() -> None:
    """They rise from end to end, on a logarithmic scale; classes are whole and none comes twice."""
    decays, classes = default_values("lambda_b", 8), default_values("classes", 50)
    assert (decays[0], decays[-1]) == pytest.approx((1e-7, 1))
    assert decays[1] / decays[0] == pytest.approx(10)
    assert (classes[0], classes[-1]) == (2, 1000)
    assert sorted(set(classes)) == classes == [round(value) for value in classes]


def test_impossible_sweeps_are_refused() -> None:
    """An unknown name, and a value that no problem has."""
    with pytest.raises(UnknownNameError, match="no sweep over 'dim'"):
        default_values("dim")
    with pytest.raises(UnknownNameError, match="no sweep over 'dim'"):
        sweep(Problem(), "dim", [1])
    with pytest.raises(UsageError, match="classes is 1"):
        sweep(Problem(), "classes", [1])
    with pytest.raises(UsageError, match=r"classes is 2\.5; it must be a whole number"):
        sweep(Problem(), "classes", [2.5])
