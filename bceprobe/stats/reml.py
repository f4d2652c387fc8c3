"""Restricted maximum likelihood for one effect that varies between settings."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.optimize import minimize_scalar

from bceprobe.stats.hypothesis_tests import ROUNDING

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Ratios of the variance between settings to that of a cell's mean among which the best is looked for, apart from none.
RATIOS = np.geomspace(1e-6, 1e8, 57)


class Cells(NamedTuple):
    """What the data say of m settings.

    The effect in each, (m,); the variance of its estimate in units of that within, (m,); the sum of squares within
    settings; the number of values of each mean; the largest size of a value.
    """

    effects: NDArray[np.float64]
    factors: NDArray[np.float64]
    squares: float
    counts: NDArray[np.int64]
    size: float

    @property
    def freedom(self) -> int:
        """Degrees of freedom within settings."""
        return int(self.counts.sum()) - self.counts.size

    @property
    def vary(self) -> bool:
        """Whether values differ within settings, beyond rounding."""
        return self.squares > (ROUNDING * self.size) ** 2

    def weights(self, ratio: float) -> NDArray[np.float64]:
        """Return the weight of each setting at tau^2 / sigma^2 = ratio, (m,)."""
        weights: NDArray[np.float64] = 1 / (ratio + self.factors)
        return weights

    def mean(self, ratio: float) -> float:
        """Return the generalised least-squares estimate of the effect."""
        return float(np.average(self.effects, weights=self.weights(ratio)))

    def variance(self, ratio: float) -> float:
        """Return the restricted estimate of sigma^2."""
        deviations = np.square(self.effects - self.mean(ratio))
        return (self.squares + float(self.weights(ratio) @ deviations)) / (self.freedom + self.effects.size - 1)

    def deviations(self, ratio: float) -> tuple[float, float]:
        """Return tau and sigma; NaN where one value per mean cannot tell them apart."""
        if not self.freedom:
            return math.nan, math.nan
        if not self.vary:
            return float(self.effects.std(ddof=1)), 0.0
        return math.sqrt(ratio * self.variance(ratio)), math.sqrt(self.variance(ratio))

    def criterion(self, ratio: float) -> float:
        """Return -2 times the restricted log-likelihood, at the best mean and sigma, up to a constant."""
        weights = self.weights(ratio)
        free = self.freedom + self.effects.size - 1
        return free * math.log(self.variance(ratio)) - float(np.log(weights).sum()) + math.log(weights.sum())


def best_ratio(cells: Cells) -> float:
    """Return the tau^2 / sigma^2 of largest restricted likelihood."""
    if not cells.freedom:
        # One value per mean: all weights are equal whatever the ratio.
        return 0.0
    if not cells.vary:
        return float(RATIOS[-1] * cells.factors.max())
    ratios = RATIOS * cells.factors.mean()
    values = [cells.criterion(ratio) for ratio in ratios]
    at = int(np.argmin(values))
    around = np.log(ratios[[max(at - 1, 0), min(at + 1, ratios.size - 1)]])
    found = minimize_scalar(lambda log: cells.criterion(math.exp(log)), bounds=tuple(around), method="bounded")
    return math.exp(found.x) if found.fun < cells.criterion(0.0) else 0.0
