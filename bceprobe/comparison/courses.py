"""Courses: how arms differ on the way, over the epochs and not at one of them only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bceprobe.comparison.arms import pairing
from bceprobe.comparison.comparable import common_epochs
from bceprobe.comparison.model import ALPHA
from bceprobe.stats import (
    correct,
    difference_band,
    first_below,
    kaplan_meier,
    log_area,
    log_rank,
    paired_t,
    welch_t,
)
from bceprobe.stats.curves import EARLY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bceprobe.comparison.arms import Arm
    from bceprobe.comparison.measuring import Measured
    from bceprobe.comparison.model import Quantity
    from bceprobe.stats import KaplanMeier, TestResult
    from bceprobe.stats.correction import Method
    from bceprobe.stats.curves import Band

LOG, TRAIN = "log", "train"
# Below it an NC metric counts as collapsed, as in `bceprobe analyze trajectories`: own choice.
THRESHOLD = 0.1


class Waiting(NamedTuple):
    """How many runs of an arm came below the threshold, and the share that has not, epoch by epoch."""

    reached: int
    curve: KaplanMeier


@dataclass(frozen=True)
class Course:
    """A quantity that decays over orders of magnitude, over the epochs, in one arm against its reference.

    Parameters
    ----------
    epochs
        That all runs of both arms have.
    threshold
        Below which a run has arrived.
    band
        Of the difference of natural logarithms at all epochs at once.
    areas
        Below log10 of the curves up to epoch 20, of each run of the reference and of the arm; empty with fewer than two
        such epochs.
    area
        Of the test of their difference; None without areas.
    reference_waiting, waiting
        How many runs are not below the threshold yet, of the reference and of the arm.
    arrival
        Of the test of who gets there sooner.
    p_band, p_area, p_arrival
        Corrected for all tests of courses.
    """

    quantity: Quantity
    cell: str
    reference: str
    arm: str
    level: str
    epochs: tuple[int, ...]
    threshold: float
    band: Band
    areas: tuple[tuple[float, ...], tuple[float, ...]]
    area: TestResult | None
    reference_waiting: Waiting
    waiting: Waiting
    arrival: TestResult
    p_band: float = float("nan")
    p_area: float = float("nan")
    p_arrival: float = float("nan")

    @property
    def apart(self) -> tuple[int, ...]:
        """The epochs at which the band leaves no difference out."""
        outside = (self.band.ci_low > 0) | (self.band.ci_high < 0)
        return tuple(epoch for epoch, away in zip(self.epochs, outside, strict=True) if away)

    @property
    def differs(self) -> bool:
        """Whether the areas differ, p corrected below 0.05."""
        return self.p_area < ALPHA


def follow(contrasts: Sequence[tuple[Arm, Arm]], measured: Sequence[Measured], method: Method) -> tuple[Course, ...]:
    """Follow every quantity that decays, on the train split; all tests of courses are one family."""
    decaying = [one for one in measured if (one.quantity.scale, one.quantity.split) == (LOG, TRAIN)]
    courses = [_course(one, reference, arm) for reference, arm in contrasts for one in decaying]
    found = [[one.band.p_value, one.area.p_value if one.area else np.nan, one.arrival.p_value] for one in courses]
    adjusted = correct(np.reshape(found, -1), "", method).p_values.reshape(-1, 3)
    return tuple(
        replace(one, p_band=float(band), p_area=float(area), p_arrival=float(arrival))
        for one, (band, area, arrival) in zip(courses, adjusted, strict=True)
    )


def _course(measured: Measured, reference: Arm, arm: Arm) -> Course:
    epochs = common_epochs([*reference.runs, *arm.runs], [measured.quantity.split])
    ours, theirs = (measured.at(either.runs, epochs) for either in (reference, arm))
    arrivals = [first_below(epochs, values, THRESHOLD) for values in (ours, theirs)]
    a, b = _matched(reference, arm, ours, theirs)
    paired = bool(pairing(reference, arm).pairs)
    with np.errstate(divide="ignore", invalid="ignore"):
        band = difference_band(np.log(a), np.log(b), paired=paired)
    areas, area = _areas(epochs, a, b, paired=paired)
    first, second = (Waiting(int(one.reached.sum()), kaplan_meier(one)) for one in arrivals)
    names = (arm.cell, reference.label, arm.label, arm.level, tuple(epochs), THRESHOLD)
    return Course(measured.quantity, *names, band, areas, area, first, second, log_rank(*arrivals))


def _matched(
    reference: Arm, arm: Arm, ours: NDArray[np.float64], theirs: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Take the runs that form pairs, in the same order, or all where there are none."""
    pairs = pairing(reference, arm).pairs
    return (ours[[i for i, _ in pairs]], theirs[[j for _, j in pairs]]) if pairs else (ours, theirs)


def _areas(
    epochs: Sequence[int], a: NDArray[np.float64], b: NDArray[np.float64], *, paired: bool
) -> tuple[tuple[tuple[float, ...], tuple[float, ...]], TestResult | None]:
    if sum(epoch <= EARLY for epoch in epochs) < 2:  # noqa: PLR2004 - an area has two ends
        return ((), ()), None
    first, second = (log_area(epochs, values) for values in (a, b))
    return (tuple(first.tolist()), tuple(second.tolist())), (paired_t if paired else welch_t)(first, second)
