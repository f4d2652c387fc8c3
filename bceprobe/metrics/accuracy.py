"""Accuracy and uniform accuracy: FORMULAS.md, "Classification".

Uniform accuracy asks whether one threshold separates the positive from the negative scores of all samples.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.metrics.averages import per_sample_of_class
from bceprobe.metrics.base import ByClass, metric
from bceprobe.metrics.intervals import Intervals, best_uniform
from bceprobe.snapshot import Decisions, decided, once, per_sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.metrics.intervals import Uniform
    from bceprobe.snapshot import Block, Snapshot

GRID = 1000
TOP = 5
LI = "doi:10.48550/arXiv.2403.07289"


@per_sample
def predicted(block: Block) -> NDArray[np.intp]:
    """Return the class with the largest logit, the first of equals, (B,)."""
    largest: NDArray[np.intp] = np.argmax(block.logits, axis=1)
    return largest


@once
def intervals(snapshot: Snapshot) -> Intervals:
    """Sort the intervals of a snapshot's scores."""
    return Intervals.of(snapshot.decisions)


@once
def best_of(snapshot: Snapshot) -> Uniform:
    """Find the uniform accuracy of a snapshot's scores and its threshold."""
    return intervals(snapshot).best()


@once
def best_of_logits(snapshot: Snapshot) -> Uniform:
    """Find the uniform accuracy of a snapshot's logits and its threshold."""
    return best_uniform(snapshot.biased_decisions)


@once
def best_by_class(snapshot: Snapshot) -> NDArray[np.float64]:
    """Find the share of each class's samples that one threshold classifies, (K,)."""
    shares = np.full(snapshot.classes, np.nan)
    for label in np.flatnonzero(snapshot.present):
        own = snapshot.target == label
        shares[label] = best_uniform(Decisions(*(values[own] for values in snapshot.decisions))).accuracy
    return shares


SHARE: dict[str, Any] = {"units": "share", "higher_is_better": True}


@metric(
    "accuracy", "accuracy", long_name="Accuracy", definition="paper eq. 41", by_class=True, uses=(decided,), **SHARE
)
def accuracy(snapshot: Snapshot) -> ByClass:
    """Share of samples whose own logit exceeds all others; ties are wrong. By class: of its samples."""
    positive, negative = snapshot.biased_decisions
    return _share(snapshot, positive > negative)


@metric(
    "top5",
    "accuracy",
    long_name="Top-5 accuracy",
    definition="field's",
    by_class=True,
    uses=(decided,),
    **SHARE,
)
def top5(snapshot: Snapshot) -> ByClass:
    """Share of samples with fewer than five other logits as large as their own; NaN with five classes or fewer."""
    if snapshot.classes <= TOP:
        return ByClass(np.nan, np.full(snapshot.classes, np.nan))
    return _share(snapshot, snapshot.rivals < TOP)


@metric(
    "uniform_accuracy",
    "accuracy",
    long_name="Uniform accuracy",
    definition="paper eq. 43-45, exact maximum over all thresholds",
    by_class=True,
    uses=(decided, best_of),
    **SHARE,
)
def uniform_accuracy(snapshot: Snapshot) -> ByClass:
    """Largest share of samples with positive score > t >= every negative score, over all t; without bias.

    By class: the share of its samples that `uniform_threshold` classifies.
    """
    return _uniform(snapshot, snapshot.decisions, best_of(snapshot))


@metric(
    "uniform_threshold",
    "accuracy",
    long_name="Best uniform threshold",
    definition="own: middle of the lowest interval of thresholds that reach the uniform accuracy",
    units="score",
    higher_is_better=None,
    uses=(decided, best_of),
)
def uniform_threshold(snapshot: Snapshot) -> float:
    """Return a threshold t at which `uniform_accuracy` is reached; NaN if no sample has a positive interval."""
    return best_of(snapshot).threshold


@metric(
    "uniform_accuracy_grid",
    "accuracy",
    long_name="Uniform accuracy, threshold grid",
    definition=f"paper eq. 46-48 with {GRID} thresholds (own choice: the paper's number is not recoverable)",
    uses=(decided, intervals),
    **SHARE,
)
def uniform_accuracy_grid(snapshot: Snapshot) -> float:
    """1 if the smallest positive exceeds the largest negative score, else the best of an even grid between them."""
    positive, negative = snapshot.decisions
    low, high = positive.min(), negative.max()
    if low > high:
        return 1.0
    return float(intervals(snapshot).share(np.linspace(low, high, GRID)).max())


@metric(
    "uniform_accuracy_logits",
    "accuracy",
    long_name="Uniform accuracy of logits",
    definition="paper eq. 43-45 with the bias in the scores",
    by_class=True,
    uses=(decided, best_of_logits),
    **SHARE,
)
def uniform_accuracy_logits(snapshot: Snapshot) -> ByClass:
    """`uniform_accuracy` of the logits: with the bias, at the best threshold for them."""
    return _uniform(snapshot, snapshot.biased_decisions, best_of_logits(snapshot))


@metric(
    "classwise_uniform_accuracy",
    "accuracy",
    long_name="Class-wise uniform accuracy",
    definition="Li et al. 2024: one threshold per class",
    references=LI,
    by_class=True,
    uses=(decided, best_by_class),
    **SHARE,
)
def classwise_uniform_accuracy(snapshot: Snapshot) -> ByClass:
    """Share of samples that the best threshold of their class classifies; without bias.

    By class: the largest share of its samples that one threshold classifies. Never below `uniform_accuracy`, and never
    above `accuracy` where there is no bias.
    """
    shares = best_by_class(snapshot)
    return ByClass(np.nansum(shares * snapshot.class_counts) / snapshot.samples, shares)


def confusion_matrix(snapshot: Snapshot) -> NDArray[np.int64]:
    """Count the samples of each class by their largest logit, (K, K): rows are labels, columns decisions.

    Of equal logits the first counts (unlike `accuracy`, which calls ties wrong).
    """
    pairs = snapshot.classes * snapshot.target + snapshot[predicted]
    return np.bincount(pairs, minlength=snapshot.classes**2).reshape(snapshot.classes, snapshot.classes)


def _share(snapshot: Snapshot, right: NDArray[np.bool_]) -> ByClass:
    """Average over samples, and over those of each class."""
    counts = np.bincount(snapshot.target, weights=right, minlength=snapshot.classes)
    return ByClass(counts.sum() / snapshot.samples, per_sample_of_class(snapshot, counts))


def _uniform(snapshot: Snapshot, decisions: Decisions, best: Uniform) -> ByClass:
    right = (decisions.positive > best.threshold) & (best.threshold >= decisions.negative)
    return ByClass(best.accuracy, _share(snapshot, right).by_class)
