"""The thresholds that classify samples: each sample has an interval of them; uniform accuracy asks where most overlap.

A threshold t classifies a sample if its positive score > t >= its largest negative score.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.snapshot import Decisions


class Uniform(NamedTuple):
    """The best share of samples that one threshold classifies, and that threshold (NaN if there is none)."""

    accuracy: float
    threshold: float


class Intervals(NamedTuple):
    """The intervals [largest negative, positive) of thresholds that classify a sample: starts and ends, increasing.

    Samples that no threshold classifies have none; `samples` counts all.
    """

    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    samples: int

    @classmethod
    def of(cls, decisions: Decisions) -> Intervals:
        """Sort the ends of the intervals, in O(N log N)."""
        fitted = decisions.positive > decisions.negative
        return cls(np.sort(decisions.negative[fitted]), np.sort(decisions.positive[fitted]), len(fitted))

    def share(self, thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share of samples that each threshold classifies, (T,) -> (T,)."""
        started = np.searchsorted(self.starts, thresholds, side="right")
        shares: NDArray[np.float64] = (started - np.searchsorted(self.ends, thresholds, side="right")) / self.samples
        return shares

    def best(self) -> Uniform:
        """Find the threshold that classifies most samples.

        Their count can only rise where an interval starts, so its maximum is reached at one, the last of equal ones.
        """
        if not self.starts.size:
            return Uniform(0.0, np.nan)
        counts = np.arange(1, len(self.starts) + 1) - np.searchsorted(self.ends, self.starts, side="right")
        at = int(np.argmax(counts))
        return Uniform(float(counts[at] / self.samples), self._middle(self.starts[at]))

    def _middle(self, start: float) -> float:
        """Return the middle between a best start and the next start or end, where the count is still the same."""
        events = [side[np.searchsorted(side, start, side="right") :][:1] for side in (self.starts, self.ends)]
        following = np.concatenate(events).min()
        middle = start + (following - start) / 2
        return float(middle if middle < following else start)


def best_uniform(decisions: Decisions) -> Uniform:
    """Find the exact uniform accuracy by one sort, in O(N log N)."""
    return Intervals.of(decisions).best()


def uniform_curve(decisions: Decisions, thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return A_uni(t), the share of samples that each threshold classifies, (T,) -> (T,)."""
    return Intervals.of(decisions).share(thresholds)
