"""Rank tests over seeds, with the Hodges-Lehmann shift and the interval that inverts the test."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import PermutationMethod, mannwhitneyu, wilcoxon

from bceprobe.stats.effects import cliffs_delta
from bceprobe.stats.hypothesis_tests import CONFIDENCE, TestResult, arms, obstacle
from bceprobe.stats.permutation import SAMPLED

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

SIGNED_RANK = "Wilcoxon signed-rank"
RANK_SUM = "Mann-Whitney U"
# Decimal digits of a difference, in units of the largest value, that are not rounding.
DIGITS = 12


def signed_rank(a: ArrayLike, b: ArrayLike) -> TestResult:
    """Wilcoxon's signed-rank test of the differences b - a of pairs, by `scipy.stats.wilcoxon`.

    Exact up to 50 pairs without ties (13 with ties or zeros), else by the normal approximation.

    Parameters
    ----------
    a, b
        One value per pair, both (n,), in the same order of pairs.

    Returns
    -------
    TestResult
        The difference is the Hodges-Lehmann estimate, the median of all means of two differences (a difference with
        itself included), and the interval is made of the same means; NaN below six pairs. The effect is Cliff's delta.

    Raises
    ------
    ValueError
        The arms differ in length.

    References
    ----------
    Wilcoxon 1945, doi:10.2307/3001968; Hodges & Lehmann 1963, doi:10.1214/aoms/1177704172.
    """
    first, second = arms(a, b, paired=True)
    if note := obstacle(first, second, paired=True):
        return TestResult.without_test(SIGNED_RANK, first, second, note)
    differences = _rounded(first, second)
    walsh = np.add.outer(differences, differences)[np.triu_indices(differences.size)] / 2
    sizes = range(1, differences.size + 1)
    found = wilcoxon(differences, zero_method="pratt")
    return _result(SIGNED_RANK, (first, second), walsh, _counts([[0, rank] for rank in sizes]), found.pvalue)


def rank_sum(a: ArrayLike, b: ArrayLike) -> TestResult:
    """Mann and Whitney's U test of independent arms, by `scipy.stats.mannwhitneyu`.

    Exact where an arm has at most eight seeds and there are no ties, or up to 65536 labellings with ties, else by the
    normal approximation.

    Parameters
    ----------
    a, b
        One value per seed, (n_a,) and (n_b,).

    Returns
    -------
    TestResult
        The difference is the Hodges-Lehmann estimate, the median of all differences between the arms, and the interval
        is made of the same differences; NaN for arms that are too small for 95 %. The effect is Cliff's delta.

    References
    ----------
    Mann & Whitney 1947, doi:10.1214/aoms/1177730491; Hodges & Lehmann 1963, doi:10.1214/aoms/1177704172.
    """
    first, second = arms(a, b)
    if note := obstacle(first, second):
        return TestResult.without_test(RANK_SUM, first, second, note)
    shifts = np.subtract.outer(second, first).ravel()
    found = mannwhitneyu(second, first, method=_method(first, second))
    return _result(RANK_SUM, (first, second), shifts, _u_counts(first.size, second.size), found.pvalue)


def _rounded(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return b - a without its rounding errors, which would break ties."""
    unit = max(np.abs(a).max(), np.abs(b).max())
    rounded: NDArray[np.float64] = unit * np.round((b - a) / unit, DIGITS)
    return rounded


def _method(a: NDArray[np.float64], b: NDArray[np.float64]) -> PermutationMethod | str:
    """Choose how the p-value is found: scipy's exact distribution knows no ties."""
    values = np.concatenate([a, b])
    few = math.comb(values.size, a.size) <= SAMPLED
    return PermutationMethod(n_resamples=SAMPLED) if few and np.unique(values).size < values.size else "auto"


def _result(
    name: str,
    values: tuple[NDArray[np.float64], NDArray[np.float64]],
    shifts: NDArray[np.float64],
    counts: NDArray[np.float64],
    p_value: float,
) -> TestResult:
    """Bound the shift by order statistics: as many are outside as the statistic exceeds with 2.5 % probability."""
    a, b = values
    ordered = np.sort(shifts)
    outside = int(np.searchsorted(np.cumsum(counts) / counts.sum(), (1 - CONFIDENCE) / 2, side="right"))
    low, high = (ordered[outside - 1], ordered[-outside]) if outside else (math.nan, math.nan)
    difference, n = float(np.median(ordered)), (a.size, b.size)
    return TestResult(name, n, difference, float(low), float(high), float(p_value), cliffs_delta(a, b))


def _counts(polynomials: list[list[int]]) -> NDArray[np.float64]:
    """Count the ways to reach every sum when one exponent is taken of each polynomial."""
    counts = np.ones(1)
    for exponents in polynomials:
        product = np.zeros(counts.size + max(exponents))
        for exponent in exponents:
            product[exponent : exponent + counts.size] += counts
        counts = product
    return counts


def _u_counts(first: int, second: int) -> NDArray[np.float64]:
    """Count the orders of two samples by U: the Gaussian binomial coefficient, by its recursion over the samples."""
    row = [np.ones(1)] * (second + 1)
    for one in range(1, first + 1):
        above, row = row, [np.ones(1)]
        for other in range(1, second + 1):
            counts = np.zeros(one * other + 1)
            counts[other:] += above[other]
            counts[: one * (other - 1) + 1] += row[-1]
            row.append(counts)
    return row[second]
