"""Tests of a difference between two arms over seeds, each with its interval and effect size.

Where no test can be made (one seed, no variation, an undefined value) the answer is defined: p and interval are NaN and
`note` says why.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from scipy.stats import ttest_ind, ttest_rel

from bceprobe.stats.effects import hedges_g

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import ArrayLike, NDArray

PAIRED_T = "paired t"
WELCH_T = "Welch's t"
ONE_SEED = "one seed: no test"
NO_VARIATION = "no variation"
UNDEFINED = "undefined in at least one run"
CONFIDENCE = 0.95
# Spread below this share of the values is rounding in float64 sums, not variation between seeds.
ROUNDING = 1e-12


@dataclass(frozen=True)
class TestResult:
    """What a test of arm b against arm a found.

    Parameters
    ----------
    test
        Name of the test.
    n
        Seeds in a and in b; for a paired test both are the number of pairs, of seeds or of samples.
    difference
        Mean of b minus mean of a; of rank tests the Hodges-Lehmann estimate of the shift.
    ci_low, ci_high
        95 % confidence interval of the difference.
    p_value
        Two-sided.
    effect
        Hedges' g as `bceprobe.stats.hedges_g` defines it; of rank tests `bceprobe.stats.cliffs_delta`; of tests of
        samples and of arrivals what they say.
    note
        Why there is no p-value; empty if there is one.
    """

    __test__ = False  # a result, not a class for pytest to collect

    test: str
    n: tuple[int, int]
    difference: float
    ci_low: float = float("nan")
    ci_high: float = float("nan")
    p_value: float = float("nan")
    effect: float = float("nan")
    note: str = ""

    @classmethod
    def without_test(cls, test: str, a: NDArray[np.float64], b: NDArray[np.float64], note: str) -> Self:
        """Say why there is no test; the difference of means is told where it is defined."""
        defined = a.size and b.size and note != UNDEFINED
        return cls(test, (a.size, b.size), float(b.mean() - a.mean()) if defined else float("nan"), note=note)


def paired_t(a: ArrayLike, b: ArrayLike) -> TestResult:
    """Student's t-test of the differences b - a of pairs, by `scipy.stats.ttest_rel`.

    Parameters
    ----------
    a, b
        One value per pair, both (n,), in the same order of pairs.

    Returns
    -------
    TestResult
        Without p-value for fewer than two pairs, for NaN or inf, or if all differences are equal.

    Raises
    ------
    ValueError
        The arms differ in length.
    """
    first, second = arms(a, b, paired=True)
    note = obstacle(first, second, paired=True)
    return _result(PAIRED_T, first, second, note, lambda: ttest_rel(second, first))


def welch_t(a: ArrayLike, b: ArrayLike) -> TestResult:
    """Welch's t-test of independent arms with unequal variances, by `scipy.stats.ttest_ind`.

    Parameters
    ----------
    a, b
        One value per seed, (n_a,) and (n_b,).

    Returns
    -------
    TestResult
        Without p-value for fewer than two seeds in an arm, for NaN or inf, or if neither arm varies.
    """
    first, second = arms(a, b)
    note = obstacle(first, second)
    return _result(WELCH_T, first, second, note, lambda: ttest_ind(second, first, equal_var=False))


def arms(a: ArrayLike, b: ArrayLike, *, paired: bool = False) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the values of both arms as arrays, (n_a,) and (n_b,).

    Raises
    ------
    ValueError
        They are not one-dimensional, or should be paired and differ in length.
    """
    first, second = np.asarray(a, float), np.asarray(b, float)
    if first.ndim != 1 or second.ndim != 1:
        raise ValueError(f"arms need one value per seed, not the shapes {first.shape} and {second.shape}")
    if paired and first.shape != second.shape:
        raise ValueError(f"pairs need arms of equal length, not {first.size} and {second.size}")
    return first, second


def obstacle(a: NDArray[np.float64], b: NDArray[np.float64], *, paired: bool = False) -> str:
    """Say why two arms cannot be tested, or nothing: an arm, or the differences of pairs, must vary beyond rounding."""
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        return UNDEFINED
    if min(a.size, b.size) < 2:  # noqa: PLR2004 - a spread needs two values
        return ONE_SEED
    size, samples = max(np.abs(a).max(), np.abs(b).max()), (b - a,) if paired else (a, b)
    return "" if any(np.ptp(sample) > ROUNDING * size for sample in samples) else NO_VARIATION


def _result(
    name: str, a: NDArray[np.float64], b: NDArray[np.float64], note: str, test: Callable[[], Any]
) -> TestResult:
    if note:
        return TestResult.without_test(name, a, b, note)
    with warnings.catch_warnings():
        # scipy warns where one arm is constant; the other one varies, so the test stands.
        warnings.filterwarnings("ignore", message="Precision loss occurred", category=RuntimeWarning)
        found = test()
    (low, high), difference = found.confidence_interval(CONFIDENCE), float(b.mean() - a.mean())
    return TestResult(name, (a.size, b.size), difference, float(low), float(high), float(found.pvalue), hedges_g(a, b))
