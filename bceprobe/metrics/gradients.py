"""How strongly the loss still pulls at each score: FORMULAS.md, "Score gradients" (paper eq. 18-21).

The amplitude of a positive score is minus its derivative of the loss, that of a negative score is its derivative. They
are written so that they keep their digits where they are tiny, which is where features collapse.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bceprobe.metrics.base import ByClass
from bceprobe.metrics.quantiles import merged_quantiles, pooled_quantiles
from bceprobe.snapshot import keeps_order, once, per_class

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.snapshot import Column, Snapshot

LOSSES = ("ce", "bce")


def known(snapshot: Snapshot) -> bool:
    """Tell whether the snapshot's loss is one whose gradients are known."""
    return snapshot.training is not None and snapshot.training.loss in LOSSES


def sigmoid(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """1 / (1 + exp(-z)) without overflow, and with all its digits where it is tiny."""
    small = np.exp(-np.abs(values))
    found: NDArray[np.float64] = np.where(values < 0, small, 1.0) / (1 + small)
    return found


@once
def positive_amplitudes(snapshot: Snapshot) -> NDArray[np.float64]:
    """1 - p_y (CE, 18) or sigmoid(-(s_y - b_y)) (BCE, 19) of every sample, (N,)."""
    own = snapshot.biased_decisions.positive
    against = snapshot.negative_mass - own if _is_ce(snapshot) else -own
    return sigmoid(against)


def negative_amplitudes(column: Column) -> NDArray[np.float64]:
    """p_k (CE) or sigmoid(s_k - b_k) (BCE) of the samples of other classes, at the current snapshot, (N - n_k,)."""
    return _negative_amplitudes(column.snapshot, column.label, column.negatives, column.negative)


def ordered_negative_amplitudes(column: Column) -> NDArray[np.float64]:
    """`negative_amplitudes` in the order of the scores; with BCE they rise with these, so that a sort suffices."""
    if _is_ce(column.snapshot):
        return negative_amplitudes(column)[column.order]
    return sigmoid(column.ordered - column.snapshot.threshold[column.label])


def negative_amplitude_quantiles(snapshot: Snapshot) -> NDArray[np.float64]:
    """Return the quantiles of the negative amplitudes of all classes together, (7,)."""
    if not _is_ce(snapshot) and keeps_order(snapshot):
        logits = [column.ordered - snapshot.threshold[column.label] for column in snapshot.columns()]
        return merged_quantiles(logits, sigmoid)
    return pooled_quantiles(lambda: map(negative_amplitudes, snapshot.columns()))


def previous_negative_amplitudes(column: Column) -> NDArray[np.float64]:
    """`negative_amplitudes` at the previous snapshot, (N - n_k,)."""
    before = column.snapshot.previous
    if before is None or column.before is None:
        raise ValueError("there is no previous snapshot")
    return _negative_amplitudes(before, column.label, column.before[column.negative], column.negative)


@per_class
def negative_pull(column: Column) -> NDArray[np.float64]:
    """Sum of the negative amplitudes of a class, ()."""
    return np.asarray(negative_amplitudes(column).sum() if known(column.snapshot) else np.nan)


@once
def bias_gradient(snapshot: Snapshot) -> NDArray[np.float64]:
    """Return df/db with decay for the paper's bias b, (20) and (21), (K,); NaN without a known loss."""
    if snapshot.training is None or not known(snapshot):
        return np.full(snapshot.classes, np.nan)
    positive = np.bincount(snapshot.target, positive_amplitudes(snapshot), snapshot.classes)
    data = (positive - snapshot[negative_pull]) / snapshot.samples
    gradient: NDArray[np.float64] = snapshot.training.lambda_b * snapshot.threshold + data
    return gradient


def undefined(snapshot: Snapshot) -> ByClass:
    """Return NaN, over all and by class."""
    return ByClass(np.nan, np.full(snapshot.classes, np.nan))


def _negative_amplitudes(
    snapshot: Snapshot, label: int, scores: NDArray[np.float64], chosen: NDArray[np.bool_]
) -> NDArray[np.float64]:
    logits = scores - snapshot.threshold[label]
    if not _is_ce(snapshot):
        return sigmoid(logits)
    own, mass = snapshot.biased_decisions.positive[chosen], snapshot.negative_mass[chosen]
    # Rounding can leave a logit above the logarithm of the sum that it is part of.
    shares: NDArray[np.float64] = np.exp(np.minimum(logits - np.logaddexp(own, mass), 0.0))
    return shares


def _is_ce(snapshot: Snapshot) -> bool:
    return snapshot.training is not None and snapshot.training.loss == "ce"
