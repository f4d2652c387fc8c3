"""Stages of training: exact cases, and properties against plain loops."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bceprobe.stats.trajectories import Trajectory, trajectory

SHARES = st.sampled_from([0.5, 1 - 2**-53, 1.0, math.nan])
LEVELS = st.sampled_from([0.05, 0.1 - 2**-50, 0.1, 2.0, math.nan])
Course = tuple[list[int], list[list[float]], list[list[float]]]
NAMES = ("fitted", "uniform", "collapsed")


@st.composite
def courses(draw: st.DrawFn) -> Course:
    """Epochs with two rows of shares and one to three rows of NC metrics."""
    epochs = sorted(draw(st.sets(st.integers(0, 99), min_size=1, max_size=6)))
    shares = [[draw(SHARES) for _ in epochs] for _ in range(2)]
    return epochs, shares, [[draw(LEVELS) for _ in epochs] for _ in range(draw(st.integers(1, 3)))]


def _find(course: Course, nc_threshold: float = 0.1) -> Trajectory:
    epochs, (accuracy, uniform_accuracy), nc = course
    return trajectory(epochs, accuracy, uniform_accuracy, nc, nc_threshold)


def _stages(found: Trajectory) -> list[int | None]:
    return [found.fitted_epoch, found.uniform_epoch, found.collapsed_epoch]


def _from_stages(*firsts: int | None) -> Trajectory:
    """Make the trajectory of 9 epochs that reaches each stage at a given epoch, or never, and stays there."""
    epochs = np.arange(1, 10)
    held = [np.where(epochs >= (first or 99), 1.0, 0.0) for first in firsts]
    return trajectory(epochs, held[0], held[1], [1 - held[2]], nc_threshold=0.5)


def test_a_whole_trajectory() -> None:
    """Each stage has the first epoch at which it holds, also if it is lost again for a while."""
    found = trajectory(
        [1, 3, 5, 12, 20],
        [0.9, 1, 1, 0.99, 1],
        [0.1, 0.7, 1, 0.9, 1],
        [[9, 0.09, 0.05, 0.05, 0.2], [9, 0.2, 0.1, 0.02, 0.01], [9, 1, 0.3, 0.0, 0.01]],
        nc_threshold=0.1,
    )
    assert _stages(found) == [3, 5, 12]
    assert (found.order, found.ordered) == ("fitted 3, uniform 5, collapsed 12", True)
    assert found.failure == "fitted without collapse"


@pytest.mark.parametrize(
    ("firsts", "order", "ordered"),
    [
        ((2, 2, 2), "fitted 2, uniform 2, collapsed 2", True),
        ((2, 4, None), "fitted 2, uniform 4, never collapsed", True),
        ((2, None, None), "fitted 2, never uniform, never collapsed", True),
        ((None, None, None), "never fitted, never uniform, never collapsed", None),
        ((5, 3, 8), "uniform 3, fitted 5, collapsed 8", False),
        ((2, 8, 5), "fitted 2, collapsed 5, uniform 8", False),
        ((2, None, 5), "fitted 2, collapsed 5, never uniform", False),
        ((None, 3, 3), "uniform 3, collapsed 3, never fitted", False),
    ],
)
def test_the_order_is_told_as_observed(
    firsts: tuple[int | None, ...],
    order: str,
    ordered: bool | None,  # noqa: FBT001 - a case of the table
) -> None:
    """The words follow the epochs; a later stage before an earlier one, or without it, breaks the order."""
    found = _from_stages(*firsts)
    assert _stages(found) == list(firsts)
    assert (found.order, found.ordered) == (order, ordered)


@pytest.mark.parametrize(
    ("accuracy", "nc", "failure"),
    [
        (0.99, 0.01, "not fitted"),
        (math.nan, 0.01, "not fitted"),
        (1.0, 0.1, "fitted without collapse"),
        (1.0, math.nan, "fitted without collapse"),
        (1.0, 0.0999, "collapsed"),
    ],
)
def test_failure_is_judged_at_the_last_epoch(accuracy: float, nc: float, failure: str) -> None:
    """However far earlier epochs were, the last one alone decides, and NaN is no success."""
    for earlier in ((0.5, 9), (1.0, 0.01)):
        found = trajectory([1, 2], [earlier[0], accuracy], [1, 1], [[earlier[1], nc]], nc_threshold=0.1)
        assert found.failure == failure


@given(courses())
def test_stages_equal_a_plain_loop(course: Course) -> None:
    """Each stage is the first epoch of a loop that asks whether its condition holds; NaN never holds."""
    epochs, shares, nc = course
    holds = [
        *([share[at] == 1 for at in range(len(epochs))] for share in shares),
        [all(row[at] < 0.1 for row in nc) for at in range(len(epochs))],
    ]
    expected = [next((epochs[at] for at, held in enumerate(stage) if held), None) for stage in holds]
    assert _stages(_find(course)) == expected


@given(courses())
def test_words_and_order_follow_the_stages(course: Course) -> None:
    """The words name each stage once, reached ones by epoch, and the order holds iff they read as the paper says."""
    found = _find(course)
    words = [part.split() for part in found.order.split(", ")]
    reached = [(int(epoch), name) for name, epoch in words if name != "never"]
    assert sorted(name if epoch.isdigit() else epoch for name, epoch in words) == sorted(NAMES)
    stages = zip(_stages(found), NAMES, strict=True)
    assert sorted(reached) == sorted((epoch, name) for epoch, name in stages if epoch is not None)
    assert [epoch for epoch, _ in reached] == sorted(epoch for epoch, _ in reached)
    in_sequence = tuple(name for _, name in reached) == NAMES[: len(reached)]
    assert found.ordered == (in_sequence if reached else None)


@given(courses(), st.floats(0.01, 3))
def test_a_higher_threshold_collapses_no_later(course: Course, threshold: float) -> None:
    """Raising the NC threshold never delays collapse and never touches the other stages."""
    strict, lax = (_find(course, level) for level in sorted([0.1, threshold]))
    assert _stages(strict)[:2] == _stages(lax)[:2]
    if strict.collapsed_epoch is not None:
        assert lax.collapsed_epoch is not None
        assert lax.collapsed_epoch <= strict.collapsed_epoch


@pytest.mark.parametrize(
    ("epochs", "accuracy", "nc"),
    [
        ([], [], [[]]),
        ([2, 1], [1, 1], [[1, 1]]),
        ([1, 1], [1, 1], [[1, 1]]),
        ([1, 2], [1], [[1, 1]]),
        ([1, 2], [1, 1], [1, 1]),
        ([1, 2], [1, 1], [[1, 1, 1]]),
        ([1, 2], [1, 1], []),
        ([1], [1], 0.5),
    ],
)
def test_values_that_do_not_fit_the_epochs_are_refused(epochs: Any, accuracy: Any, nc: Any) -> None:
    """Epochs must increase and there must be one; every value needs one per epoch, and NC at least one metric."""
    with pytest.raises(ValueError, match="epochs"):
        trajectory(epochs, accuracy, accuracy, nc, nc_threshold=0.1)
