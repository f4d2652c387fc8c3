"""Permutation tests over seeds: exact where all permutations can be tried, with the interval that inverts the test."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import permutation_test

from bceprobe.stats.effects import hedges_g
from bceprobe.stats.hypothesis_tests import CONFIDENCE, TestResult, arms, obstacle

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

SIGN_FLIPS = "sign-flip permutation"
RELABELLING = "permutation"
# Pairs up to which every pattern of signs is tried; beyond, as many are sampled, and likewise of other permutations.
EXACT_PAIRS = 16
SAMPLED = 2**EXACT_PAIRS
# Permutations that are in memory at once.
BATCH = 2**12


def sign_flip(a: ArrayLike, b: ArrayLike, *, seed: int = 0) -> TestResult:
    """Test the differences b - a of pairs by flipping their signs: exact if they are symmetric about zero.

    Up to 16 pairs all 2^n patterns of signs are tried; beyond, 65536 of them drawn from `seed`.
    The smallest p-value that n pairs can give is 2^(1 - n): 0.0625 for five, 0.03125 for six.

    Parameters
    ----------
    a, b
        One value per pair, both (n,), in the same order of pairs.
    seed
        Of the sampled patterns.

    Returns
    -------
    TestResult
        The difference of means. The interval holds the shifts that the test does not reject (Hartigan's, from the
        means of all subsets of the differences); NaN below six pairs, which reject nothing at 5 %.

    Raises
    ------
    ValueError
        The arms differ in length.

    References
    ----------
    Fisher 1935, The Design of Experiments; Hartigan 1969, doi:10.1080/01621459.1969.10501057.

    Examples
    --------
    >>> sign_flip([0, 0, 0, 0, 0, 0], [1, 2, 3, 4, 5, 6]).p_value
    0.03125
    """
    first, second = arms(a, b, paired=True)
    if note := obstacle(first, second, paired=True):
        return TestResult.without_test(SIGN_FLIPS, first, second, note)
    differences, n = second - first, (first.size, second.size)
    p_value = _p_value((differences,), np.mean, "samples", seed)
    effect = hedges_g(first, second)
    return TestResult(SIGN_FLIPS, n, float(differences.mean()), *_interval(differences, seed), p_value, effect)


def relabelling(a: ArrayLike, b: ArrayLike, *, seed: int = 0) -> TestResult:
    """Test independent arms by exchanging their values in all ways: exact if both have the same distribution.

    The statistic is the difference of means. If there are more than 65536 ways to choose who is in arm a, as many are
    drawn from `seed`.

    Parameters
    ----------
    a, b
        One value per seed, (n_a,) and (n_b,).
    seed
        Of the sampled labellings.

    Returns
    -------
    TestResult
        Without interval: Welch's test has one.
    """
    first, second = arms(a, b)
    if note := obstacle(first, second):
        return TestResult.without_test(RELABELLING, first, second, note)
    difference = float(second.mean() - first.mean())
    p_value = _p_value((second, first), _difference, "independent", seed)
    return TestResult(RELABELLING, (first.size, second.size), difference, p_value=p_value, effect=hedges_g(a, b))


def _difference(a: NDArray[np.float64], b: NDArray[np.float64], axis: int) -> Any:
    return a.mean(axis=axis) - b.mean(axis=axis)


def _p_value(samples: tuple[NDArray[np.float64], ...], statistic: Any, kind: str, seed: int) -> float:
    generator = np.random.default_rng(seed)
    options = {"vectorized": True, "n_resamples": SAMPLED, "batch": BATCH, "rng": generator}
    return float(permutation_test(samples, statistic, permutation_type=kind, **options).pvalue)


def _interval(differences: NDArray[np.float64], seed: int) -> tuple[float, float]:
    """Bound the shift: the means of all subsets divide the line into gaps that are equally likely to hold it."""
    sums, counts = _subsets(differences, seed)
    means = np.sort(sums[counts > 0] / counts[counts > 0])
    outside = math.floor((1 - CONFIDENCE) / 2 * (means.size + 1))
    return (float(means[outside - 1]), float(means[-outside])) if outside else (math.nan, math.nan)


def _subsets(values: NDArray[np.float64], seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return sum and size of every subset, or of sampled ones and the whole."""
    if values.size > EXACT_PAIRS:
        chosen = np.random.default_rng(seed).integers(0, 2, (SAMPLED, values.size)).astype(float)
        chosen[0] = 1
        return chosen @ values, chosen.sum(axis=1)
    sums = counts = np.zeros(1)
    for value in values:
        sums, counts = np.concatenate([sums, sums + value]), np.concatenate([counts, counts + 1])
    return sums, counts
