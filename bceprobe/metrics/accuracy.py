"""Accuracy and uniform accuracy: FORMULAS.md, "Classification".

Uniform accuracy asks whether one threshold separates the positive from the negative scores of all samples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bceprobe.metrics.base import metric

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.snapshot import Decisions, Snapshot

GRID = 1000


class Uniform(NamedTuple):
    """The best share of samples that one threshold classifies, and that threshold (NaN if there is none)."""

    accuracy: float
    threshold: float


@metric("accuracy", "accuracy", long_name="Accuracy", definition="paper eq. 41", units="share", higher_is_better=True)
def accuracy(snapshot: Snapshot) -> float:
    """Share of samples whose own logit exceeds all others; ties are wrong."""
    positive, negative = snapshot.biased_decisions
    return float(np.mean(positive > negative))


@metric(
    "uniform_accuracy",
    "accuracy",
    long_name="Uniform accuracy",
    definition="paper eq. 43-45, exact maximum over all thresholds",
    units="share",
    higher_is_better=True,
)
def uniform_accuracy(snapshot: Snapshot) -> float:
    """Largest share of samples with positive score > t >= every negative score, over all t; without bias."""
    return best_uniform(snapshot.decisions).accuracy


@metric(
    "uniform_threshold",
    "accuracy",
    long_name="Best uniform threshold",
    definition="own: middle of the lowest interval of thresholds that reach the uniform accuracy",
    units="score",
    higher_is_better=None,
)
def uniform_threshold(snapshot: Snapshot) -> float:
    """Return a threshold t at which `uniform_accuracy` is reached; NaN if no sample has a positive interval."""
    return best_uniform(snapshot.decisions).threshold


@metric(
    "uniform_accuracy_grid",
    "accuracy",
    long_name="Uniform accuracy, threshold grid",
    definition=f"paper eq. 46-48 with {GRID} thresholds (own choice: the paper's number is not recoverable)",
    units="share",
    higher_is_better=True,
)
def uniform_accuracy_grid(snapshot: Snapshot) -> float:
    """1 if the smallest positive exceeds the largest negative score, else the best of an even grid between them."""
    positive, negative = snapshot.decisions
    low, high = positive.min(), negative.max()
    if low > high:
        return 1.0
    return float(uniform_curve(snapshot.decisions, np.linspace(low, high, GRID)).max())


def best_uniform(decisions: Decisions) -> Uniform:
    """Find the exact uniform accuracy by one sort, in O(N log N).

    A sample is classified by the thresholds of the half-open interval [largest negative, positive). The count of
    intervals that share a point can only rise where an interval starts, so its maximum is reached at a start.
    """
    positive, negative = decisions
    starts = np.sort(negative[positive > negative])
    if not starts.size:
        return Uniform(0.0, np.nan)
    curve = uniform_curve(decisions, starts)
    best = int(np.argmax(curve))
    return Uniform(float(curve[best]), _middle(starts[best], decisions))


def uniform_curve(decisions: Decisions, thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return A_uni(t), the share of samples that each threshold classifies, (T,) -> (T,)."""
    positive, negative = decisions
    fitted = positive > negative
    started = np.searchsorted(np.sort(negative[fitted]), thresholds, side="right")
    ended = np.searchsorted(np.sort(positive[fitted]), thresholds, side="right")
    return (started - ended) / len(positive)


def _middle(start: float, decisions: Decisions) -> float:
    """Return the middle between a best start and the next event, where the count is still the same."""
    positive, negative = decisions
    fitted = positive > negative
    events = np.concatenate([negative[fitted], positive[fitted]])
    end = events[events > start].min()
    middle = start + (end - start) / 2
    return float(middle if middle < end else start)
