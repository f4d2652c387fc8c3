"""How thresholds go with scores across runs that differ in the start and the decay of the bias alone."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bceprobe.claims.choosing import collapsing
from bceprobe.claims.pairs import VARIED, grouped
from bceprobe.figures.points import Points, draw_points
from bceprobe.stats import PartialCorrelation, partial_correlation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bceprobe.claims.cases import Case
    from bceprobe.figures import Drawing

X, SIDES = "threshold_mean", ("positive_mean", "negative_mean")
# A group of fewer starts or decays shows no course.
FEWEST = 3
NOTHING = PartialCorrelation(0, 0)
MISSING = f"runs that differ in nothing but the initial mean or the decay of the bias, {FEWEST} values at least"


class Across(NamedTuple):
    """The runs of a loss, (n,), the group of each, and the correlation of the mean threshold with each mean score."""

    cases: list[Case]
    group: list[int]
    positive: PartialCorrelation
    negative: PartialCorrelation


def across(cases: Sequence[Case], loss: str) -> Across:
    """Correlate thresholds with scores within groups of runs that differ in start and decay of the bias alone.

    Groups (other settings) may differ in their means: these are taken out. Seeds of a setting are runs like others.
    """
    mine = [case for case in collapsing(cases) if case.loss == loss]
    groups = [group for group in grouped(mine, VARIED).values() if _varied(group) >= FEWEST]
    chosen = [case for group in groups for case in group]
    numbers = [number for number, group in enumerate(groups) for _ in group]
    found = [_correlated(chosen, numbers, side) for side in SIDES] if chosen else [NOTHING, NOTHING]
    return Across(chosen, numbers, *found)


def draw_across(*parts: Across) -> Drawing:
    """Draw scores against thresholds, both as deviations from the mean of their group."""
    drawn = []
    for part in parts:
        for side, hollow in zip(SIDES, (False, True), strict=True):
            x, y = (_within(part.cases, part.group, metric) for metric in (X, side))
            loss = part.cases[0].loss
            name = f"{loss.upper()}, {side.removesuffix('_mean')}"
            drawn.append(Points(name, loss, x.tolist(), y.tolist(), hollow=hollow))
    title = "Scores against thresholds, within like settings"
    return draw_points(drawn, title, "mean threshold, less that of its group", "mean score, likewise")


def _varied(group: Sequence[Case]) -> int:
    return len({tuple(case.number(key) for key in VARIED) for case in group})


def _correlated(cases: Sequence[Case], group: Sequence[int], side: str) -> PartialCorrelation:
    x, y = (np.array([case.final(metric) for case in cases]) for metric in (X, side))
    belongs = np.array([[one == number for one in group] for number in sorted(set(group))[1:]], float)
    return partial_correlation(x, y, belongs.reshape(-1, len(cases)))


def _within(cases: Sequence[Case], group: Sequence[int], metric: str) -> NDArray[np.float64]:
    values, numbers = np.array([case.final(metric) for case in cases]), np.array(group)
    means = {number: values[numbers == number].mean() for number in set(group)}
    deviations: NDArray[np.float64] = values - np.array([means[number] for number in group])
    return deviations


def fisher(found: PartialCorrelation) -> tuple[float, float]:
    """Return artanh of a correlation and its variance (Fisher 1924); beyond 1 - 1e-12 it counts as that."""
    r = float(np.clip(found.r, -1 + 1e-12, 1 - 1e-12))
    free = found.n - 3 - found.given
    return math.atanh(r), 1 / free if free > 0 else math.nan
