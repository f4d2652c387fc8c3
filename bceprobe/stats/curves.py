"""Curves over epochs: where two arms differ, with a band that holds at all epochs at once; and areas below them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
from scipy.integrate import trapezoid
from scipy.stats import t as student

from bceprobe.stats.hypothesis_tests import CONFIDENCE, NO_VARIATION, ONE_SEED, ROUNDING, UNDEFINED

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

BAND = "simultaneous band"
# The first epochs, over which the paper's NC curves of CE and BCE part.
EARLY = 20
# Fewer seeds have too few patterns of signs for a bootstrap.
FEWEST = 5
# Seeds up to which every pattern of signs is tried; beyond, as many are drawn.
EXACT_SEEDS = 12
DRAWN = 2**EXACT_SEEDS


@dataclass(frozen=True)
class Band:
    """The difference of two arms' mean curves.

    Parameters
    ----------
    n
        Seeds in a and in b; for pairs both are the number of pairs.
    difference, ci_low, ci_high
        Mean of b minus mean of a at every epoch, (E,), and the band: in 95 % of experiments it holds the true
        difference at all epochs. Where every seed differs alike it has no width.
    p_value
        Of no difference at any epoch; below 0.05 exactly where the band leaves zero somewhere.
    critical
        Half of the width of the band in standard errors.
    effect
        The largest difference over the standard deviation of a difference of pairs (of independent arms: the root of
        the mean of both variances) among all epochs, with its sign.
    note
        Why something is NaN; empty if nothing is.
    test
        Name of the method.
    """

    n: tuple[int, int]
    difference: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    p_value: float = math.nan
    critical: float = math.nan
    effect: float = math.nan
    note: str = ""
    test: str = BAND


def difference_band(a: ArrayLike, b: ArrayLike, *, paired: bool = False, seed: int = 0) -> Band:
    r"""Bound the difference b - a of mean curves at all epochs at once, by a bootstrap of sup |t| over seeds.

    At every epoch t is the difference over its standard error (of pairs, or Welch's). Its largest size over the epochs
    is compared with the same of curves without a difference: the residuals of the seeds, each curve as a whole with
    either sign, studentised anew (the wild bootstrap-t). Up to 12 seeds all patterns of signs are tried, beyond 4096
    of them drawn from `seed`. Bonferroni's band is taken where it is narrower, and where an arm has fewer than five
    seeds, whose patterns are too few.

    Of normal curves it covers 95 % from about ten seeds on, 91 to 97 % with five (tests/stats/test_curves.py).

    Parameters
    ----------
    a, b
        A curve per seed, (n_a, E) and (n_b, E), at the same epochs; in the same order of pairs if `paired`. What decays
        over orders of magnitude is better compared by its logarithm.
    paired
        Whether the differences of pairs are bounded, else independent arms.
    seed
        Of the sampled patterns.

    Returns
    -------
    Band
        With the difference alone for fewer than two seeds in an arm, for undefined values (at those epochs the
        difference is NaN too), or if nothing varies.

    Raises
    ------
    ValueError
        The curves differ in their number of epochs, there are none, or the arms are paired and differ in their number
        of seeds.

    References
    ----------
    Wu 1986, doi:10.1214/aos/1176350142 (wild bootstrap); Montiel Olea & Plagborg-Moller 2019, doi:10.1002/jae.2656
    (bands by sup t).
    """
    arms = _checked(a, b, paired=paired)
    n = (len(arms[0]), len(arms[1]))
    # What is not finite is found below.
    with np.errstate(invalid="ignore"):
        difference = arms[1].mean(axis=0) - arms[0].mean(axis=0)
        samples = [arms[1] - arms[0]] if paired else arms
        residuals = [sample - sample.mean(axis=0) for sample in samples]
    nothing = np.full(difference.size, np.nan)
    if note := _obstacle(arms, residuals):
        return Band(n, difference, nothing, nothing, note=note)
    size, error = max(np.abs(arm).max() for arm in arms), _error(residuals)
    varies = error > ROUNDING * size
    t = np.divide(difference, error, out=np.zeros_like(difference), where=varies)
    largest = np.array([np.inf])
    if min(n) >= FEWEST:
        largest = _largest([residual[:, varies] for residual in residuals], seed)
    freedom = _freedom(residuals)[varies]
    bonferroni = float(student.ppf(1 - (1 - CONFIDENCE) / 2 / varies.sum(), freedom.min()))
    critical = min(float(np.quantile(largest, CONFIDENCE, method="higher")), bonferroni)
    half, spread = np.where(varies, critical * error, 0.0), _spread(residuals)
    at = int(np.argmax(np.abs(t)))
    p_value = _p_value(np.abs(t).max(), largest, float(freedom.min()), int(varies.sum()))
    effect = float(difference[at] / spread[at]) if spread[at] else math.nan
    return Band(n, difference, difference - half, difference + half, p_value, critical, effect)


def log_area(epochs: ArrayLike, values: ArrayLike, *, last: int = EARLY) -> NDArray[np.float64]:
    """Return the area below log10 of each seed's curve up to an epoch, by trapezoids, in decades times epochs.

    The area between two arms' curves is the difference of these areas; test it over seeds by `paired_t`, `sign_flip` or
    `welch_t`.

    Parameters
    ----------
    epochs
        Increasing, (E,).
    values
        A positive curve per seed, (n, E), such as an NC metric.
    last
        Epochs beyond it do not count.

    Returns
    -------
    numpy.ndarray
        (n,); NaN for a seed with a value that is not positive and finite.

    Raises
    ------
    ValueError
        Fewer than two epochs up to the last, or values of other shape.

    Examples
    --------
    >>> log_area([1, 2, 3, 50], [[100, 10, 1, 1e-9]]).tolist()
    [2.0]
    """
    numbers, curves = np.asarray(epochs, float), np.asarray(values, float)
    counted = numbers <= last
    if curves.ndim != 2 or curves.shape[1:] != numbers.shape or counted.sum() < 2:  # noqa: PLR2004 - an area has two ends
        raise ValueError(f"an area needs two epochs up to {last} and a value at each, not {curves.shape}")
    positive = np.where((curves > 0) & np.isfinite(curves), curves, np.nan)[:, counted]
    area: NDArray[np.float64] = trapezoid(np.log10(positive), numbers[counted], axis=1)
    return area


def _checked(a: ArrayLike, b: ArrayLike, *, paired: bool) -> list[NDArray[np.float64]]:
    first, second = np.asarray(a, float), np.asarray(b, float)
    if first.ndim != 2 or second.ndim != 2 or first.shape[paired ^ 1 :] != second.shape[paired ^ 1 :]:  # noqa: PLR2004 - seeds and epochs
        raise ValueError(f"curves must have the same epochs, and pairs as many seeds: {first.shape} and {second.shape}")
    if not (first.size and second.size):
        raise ValueError(f"an arm has no curve, or no epoch: {first.shape} and {second.shape}")
    return [first, second]


def _obstacle(arms: Sequence[NDArray[np.float64]], residuals: Sequence[NDArray[np.float64]]) -> str:
    if min(map(len, arms)) < 2:  # noqa: PLR2004 - a spread needs two values
        return ONE_SEED
    if not all(np.isfinite(arm).all() for arm in arms):
        return UNDEFINED
    size = max((np.abs(arm).max(initial=0) for arm in arms), default=0)
    return "" if any((np.abs(part) > ROUNDING * size).any() for part in residuals) else NO_VARIATION


def _error(residuals: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return the standard error of the difference of means, from residuals (..., n, E) of each sample."""
    parts = [np.square(part).sum(axis=-2) / (part.shape[-2] * (part.shape[-2] - 1)) for part in residuals]
    error: NDArray[np.float64] = np.sqrt(sum(parts))
    return error


def _spread(residuals: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    parts = [np.square(part).sum(axis=0) / (len(part) - 1) for part in residuals]
    spread: NDArray[np.float64] = np.sqrt(sum(parts) / len(parts))
    return spread


def _freedom(residuals: Sequence[NDArray[np.float64]]) -> NDArray[np.float64]:
    """Return Welch and Satterthwaite's degrees of freedom at every epoch."""
    parts = np.array([np.square(part).sum(axis=0) / (len(part) * (len(part) - 1)) for part in residuals])
    free = np.array([len(part) - 1 for part in residuals])[:, None]
    total = np.square(parts.sum(axis=0))
    freedom: NDArray[np.float64] = np.full(total.shape, float(free.min()))
    np.divide(total, (parts**2 / free).sum(axis=0), out=freedom, where=total > 0)
    return freedom


def _largest(residuals: Sequence[NDArray[np.float64]], seed: int) -> NDArray[np.float64]:
    """Return sup |t| of the residuals under each pattern of signs."""
    seeds = sum(map(len, residuals))
    if seeds <= EXACT_SEEDS:
        signs = np.array(list(product([1.0, -1.0], repeat=seeds)))
    else:
        signs = np.random.default_rng(seed).choice([1.0, -1.0], (DRAWN, seeds))
    parts = np.split(signs, np.cumsum([len(part) for part in residuals])[:-1], axis=1)
    means = [flips @ part / len(part) for flips, part in zip(parts, residuals, strict=True)]
    variances = [
        (np.square(part).mean(axis=0) - mean**2).clip(0) / (len(part) - 1)
        for mean, part in zip(means, residuals, strict=True)
    ]
    difference, error = np.abs(means[-1] - (means[0] if len(means) > 1 else 0)), np.sqrt(sum(variances))
    # A pattern under which all seeds agree has no error: nothing is more extreme.
    rounding = ROUNDING * difference.max()
    t = np.divide(difference, error, out=np.full(difference.shape, np.inf), where=error > rounding)
    largest: NDArray[np.float64] = np.where(difference <= rounding, 0.0, t).max(axis=1)
    return largest


def _p_value(observed: float, largest: NDArray[np.float64], freedom: float, epochs: int) -> float:
    """Return the smaller of the shares of patterns beyond the observed sup |t|, and Bonferroni's."""
    beyond = float(np.mean(largest >= observed * (1 - ROUNDING)))
    return min(beyond, float(2 * epochs * student.sf(observed, freedom)), 1.0)
