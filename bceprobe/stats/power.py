"""How many seeds a comparison needs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from statsmodels.stats.power import TTestIndPower, TTestPower

from bceprobe.stats.hypothesis_tests import arms, obstacle

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

POWER = 0.8
LEVEL = 0.05
MOST = 10_000
# Two seeds find every larger effect, and the non-central t underflows.
LARGEST = 100.0


def seeds_needed(a: ArrayLike, b: ArrayLike, *, paired: bool = False) -> int | None:
    """Count the seeds per arm with which a t-test finds the observed effect in 80 % of repetitions, at p < 0.05.

    The observed effect is taken for the true one. After a difference that came out large by luck it is too low: it
    tells how to plan the next experiment, and nothing about this one.

    Parameters
    ----------
    a, b
        One value per seed, (n_a,) and (n_b,); in the same order of pairs if `paired`.
    paired
        Whether the differences of pairs are tested, else independent arms of equal size.

    Returns
    -------
    int or None
        At least two; None for more than 10000, or without an effect or a spread to plan with.

    Raises
    ------
    ValueError
        The arms are paired and differ in length.

    References
    ----------
    Cohen 1988, Statistical Power Analysis; the power of the t-test by statsmodels.
    """
    first, second = arms(a, b, paired=paired)
    if obstacle(first, second, paired=paired):
        return None
    spread = (
        float(np.std(second - first, ddof=1)) if paired else math.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2)
    )
    return _smallest(min(abs(float(second.mean() - first.mean())) / spread, LARGEST), paired=paired)


def _smallest(effect: float, *, paired: bool) -> int | None:
    """Find the smallest sample whose power suffices, by bisection: power grows with it."""
    low, high = 1, MOST
    if _power(effect, high, paired=paired) < POWER:
        return None
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _power(effect, middle, paired=paired) >= POWER else (middle, high)
    return high


def _power(effect: float, seeds: int, *, paired: bool) -> float:
    """Return the probability of p < 0.05 in the direction of the effect."""
    found = TTestPower() if paired else TTestIndPower()
    return float(found.power(effect, seeds, LEVEL / 2, alternative="larger"))
