"""Correlation of two quantities over pairs of values, each measure with its interval and p-value.

Where nothing can be said (too few pairs, no variation, an undefined value) the answer is defined: NaN, and `note` says
why.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri
from scipy.stats import linregress, pearsonr, permutation_test, rankdata, spearmanr
from scipy.stats import t as student

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

TOO_FEW = "fewer than three pairs"
NO_INTERVAL = "three pairs: no interval of a correlation"
UNDEFINED = "undefined values"
CONSTANT = "no variation"
CONFIDENCE = 0.95
# Fewer have no p-value; the standard error of Fisher's z needs one more.
FEWEST = 3
# Pairs up to which all permutations are tried: 720.
EXACT = 6
# Spread below this share of the values is rounding in float64 sums, not variation.
ROUNDING = 1e-12


@dataclass(frozen=True)
class Correlation:
    """How y goes with x.

    Parameters
    ----------
    n
        Number of pairs.
    pearson, pearson_low, pearson_high, pearson_p
        Pearson's r, its 95 % confidence interval, and the two-sided p-value; both hold for normal pairs.
    spearman, spearman_low, spearman_high, spearman_p
        Spearman's r_s likewise, ties ranked by their mean. The p-value is exact, over all permutations, up to six
        pairs, and Student's t beyond; the interval is an approximation that needs about ten pairs.
    slope, slope_low, slope_high
        Least-squares slope of y on x, in units of y per unit of x, and its 95 % confidence interval.
    note
        Why something is NaN; empty if nothing is.
    """

    n: int
    pearson: float = float("nan")
    pearson_low: float = float("nan")
    pearson_high: float = float("nan")
    pearson_p: float = float("nan")
    spearman: float = float("nan")
    spearman_low: float = float("nan")
    spearman_high: float = float("nan")
    spearman_p: float = float("nan")
    slope: float = float("nan")
    slope_low: float = float("nan")
    slope_high: float = float("nan")
    note: str = ""


def correlate(x: ArrayLike, y: ArrayLike) -> Correlation:
    r"""Correlate pairs by `scipy.stats.pearsonr`, `scipy.stats.spearmanr` and `scipy.stats.linregress`.

    The intervals of both correlations are :math:`\tanh(\operatorname{artanh} r \pm z_{0.975}\, \sigma)` (Fisher's z)
    with

    .. math:: \sigma^2 = \frac{1}{n - 3} \text{ (Pearson)}, \quad
       \sigma^2 = \frac{1 + r_s^2 / 2}{n - 3} \text{ (Spearman)}

    and [r, r] where r is exactly 1 or -1; that of the slope is Student's t with n - 2 degrees of freedom.

    Parameters
    ----------
    x, y
        One value per pair, both (n,), in the same order of pairs.

    Returns
    -------
    Correlation
        All NaN for fewer than three pairs, if any value is NaN or infinite (no pair is dropped), or if x or y is
        constant up to rounding; without intervals of the correlations for three pairs.

    Raises
    ------
    ValueError
        x and y differ in length or are not one-dimensional.

    References
    ----------
    Fisher 1921, Metron 1, 3-32; Bonett & Wright 2000, doi:10.1007/BF02294183.

    Examples
    --------
    >>> found = correlate([1, 2, 3, 4, 5], [2, 1, 4, 3, 5])
    >>> round(found.pearson, 4), round(found.pearson_low, 4), round(found.pearson_high, 4)
    (0.8, -0.2796, 0.9862)
    """
    first, second = np.asarray(x, float), np.asarray(y, float)
    if first.shape != second.shape or first.ndim != 1:
        raise ValueError(f"x and y must hold one value per pair, not {first.shape} and {second.shape}")
    if note := _obstacle(first, second):
        return Correlation(first.size, note=note)
    note = NO_INTERVAL if first.size == FEWEST else ""
    return Correlation(first.size, *_pearson(first, second), *_spearman(first, second), *_slope(first, second), note)


def _obstacle(x: NDArray[np.float64], y: NDArray[np.float64]) -> str:
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return UNDEFINED
    if x.size < FEWEST:
        return TOO_FEW
    return CONSTANT if min(map(np.ptp, (_scaled(x)[0], _scaled(y)[0]))) <= ROUNDING else ""


def _pearson(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float, float, float]:
    found = pearsonr(_scaled(x)[0], _scaled(y)[0])
    low, high = found.confidence_interval(CONFIDENCE) if x.size > FEWEST else (np.nan, np.nan)
    return float(found.statistic), float(low), float(high), float(found.pvalue)


def _spearman(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float, float, float]:
    found = spearmanr(x, y)
    r = float(found.statistic)
    return r, *_bonett_wright(r, x.size), _exact_p(x, y) if x.size <= EXACT else float(found.pvalue)


def _exact_p(x: NDArray[np.float64], y: NDArray[np.float64]) -> float:
    """Return the share of all pairings of the ranks whose correlation is at least as far from zero."""
    ranks, others = (rankdata(values) - (len(values) + 1) / 2 for values in (x, y))

    def products(permuted: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
        moved: NDArray[np.float64] = (np.moveaxis(permuted, axis, -1) * others).sum(axis=-1)
        return moved

    found = permutation_test((ranks,), products, permutation_type="pairings", vectorized=True, n_resamples=np.inf)
    return float(found.pvalue)


def _bonett_wright(r: float, n: int) -> tuple[float, float]:
    """Bound a Spearman correlation r of n pairs by Fisher's z with the variance of Bonett & Wright."""
    if n <= FEWEST:
        return math.nan, math.nan
    if abs(r) == 1:
        return r, r
    half = ndtri((1 + CONFIDENCE) / 2) * math.sqrt((1 + r**2 / 2) / (n - FEWEST))
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)


def _slope(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[float, float, float]:
    (first, width), (second, height) = _scaled(x), _scaled(y)
    found = linregress(first, second)
    slope, unit = float(found.slope), height / width
    half = float(student.ppf((1 + CONFIDENCE) / 2, x.size - 2) * found.stderr)
    return slope * unit, (slope - half) * unit, (slope + half) * unit


def _scaled(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Divide by the largest size and centre, so that no square over- or underflows; return the size beside."""
    size = float(np.abs(values).max()) or 1.0
    shares = values / size
    return shares - shares.mean(), size
