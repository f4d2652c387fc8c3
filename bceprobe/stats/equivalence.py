"""Equivalence: that two arms differ by less than a margin, which no large p-value of a test of difference shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from statsmodels.stats.weightstats import CompareMeans, DescrStatsW

from bceprobe.stats.effects import hedges_g
from bceprobe.stats.hypothesis_tests import TestResult, arms, obstacle

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

TOST = "two one-sided t"
LEVEL = 0.05


@dataclass(frozen=True)
class Equivalence:
    """What two one-sided tests against a margin found.

    Parameters
    ----------
    margin
        The largest difference, on either side, that does not matter.
    n
        Seeds in a and in b; for pairs both are the number of pairs.
    difference
        Mean of b minus mean of a.
    ci_low, ci_high
        90 % confidence interval of the difference b - a: p is below 0.05 exactly where it lies within the margin.
    p_value
        The larger of both tests: how well the data fit a difference of the margin or more.
    effect
        Hedges' g as `bceprobe.stats.hedges_g` defines it.
    note
        Why there is no p-value; empty if there is one.
    test
        Name of the test.
    """

    margin: float
    n: tuple[int, int]
    difference: float = float("nan")
    ci_low: float = float("nan")
    ci_high: float = float("nan")
    p_value: float = float("nan")
    effect: float = float("nan")
    note: str = ""
    test: str = TOST

    @property
    def shown(self) -> bool:
        """Whether the arms are equivalent at the level of 5 %."""
        return self.p_value < LEVEL


def tost(a: ArrayLike, b: ArrayLike, margin: float, *, paired: bool = False) -> Equivalence:
    """Test by two one-sided t-tests that the means differ by less than a margin, by statsmodels.

    Parameters
    ----------
    a, b
        One value per seed, (n_a,) and (n_b,); in the same order of pairs if `paired`, else with Welch's variances.
    margin
        Positive, in the units of the values.
    paired
        Whether the differences of pairs are tested.

    Returns
    -------
    Equivalence
        Without p-value where a t-test has none.

    Raises
    ------
    ValueError
        A margin that is not positive and finite, or pairs of arms that differ in length.

    References
    ----------
    Schuirmann 1987, doi:10.1007/BF01068419.

    Examples
    --------
    >>> found = tost([1.0, 1.2, 1.1, 0.9], [1.1, 1.2, 1.0, 1.0], 0.3, paired=True)
    >>> found.shown, round(found.p_value, 4)
    (True, 0.0052)
    """
    if not 0 < margin < float("inf"):
        raise ValueError(f"the margin of an equivalence test is positive and finite, not {margin}")
    first, second = arms(a, b, paired=paired)
    if note := obstacle(first, second, paired=paired):
        untested = TestResult.without_test(TOST, first, second, note)
        return Equivalence(margin, untested.n, untested.difference, note=note)
    low, high, p_value = _paired(second - first, margin) if paired else _unpaired(first, second, margin)
    n, difference = (first.size, second.size), float(second.mean() - first.mean())
    return Equivalence(margin, n, difference, low, high, p_value, hedges_g(first, second))


def _paired(differences: NDArray[np.float64], margin: float) -> tuple[float, float, float]:
    found = DescrStatsW(differences)
    low, high = found.tconfint_mean(alpha=2 * LEVEL)
    return float(low), float(high), float(found.ttost_mean(-margin, margin)[0])


def _unpaired(a: NDArray[np.float64], b: NDArray[np.float64], margin: float) -> tuple[float, float, float]:
    found, unequal = CompareMeans(DescrStatsW(b), DescrStatsW(a)), {"usevar": "unequal"}
    low, high = found.tconfint_diff(alpha=2 * LEVEL, **unequal)
    return float(low), float(high), float(found.ttost_ind(-margin, margin, **unequal)[0])
