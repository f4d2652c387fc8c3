"""What gradient descent does to the thresholds: the observed change against steps along the gradient."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.metrics.association import UNKNOWN, Paired, correlation, paired, slope
from bceprobe.metrics.base import metric
from bceprobe.metrics.gradients import bias_gradient, known, negative_pull
from bceprobe.metrics.update_rows import learning_rate
from bceprobe.snapshot import Before, decided

if TYPE_CHECKING:
    from bceprobe.snapshot import Snapshot

THRESHOLD: dict[str, Any] = {
    "definition": "own: against learning rate x steps x gradient at the previous captured epoch",
    "higher_is_better": None,
    "uses": (Before(decided), Before(negative_pull)),
}


@metric("threshold_change_slope", "updates", long_name="Threshold change, observed on predicted", **THRESHOLD)
def threshold_change_slope(snapshot: Snapshot) -> float:
    """Least-squares slope over classes of the observed change of b_k on the predicted one; NaN where not known."""
    return slope(_threshold_changes(snapshot))


@metric(
    "threshold_change_correlation",
    "updates",
    long_name="Threshold change, correlation with predicted",
    **THRESHOLD,
)
def threshold_change_correlation(snapshot: Snapshot) -> float:
    """Pearson's correlation over classes of the observed with the predicted change of b_k; NaN where not known."""
    return correlation(_threshold_changes(snapshot))


def _threshold_changes(snapshot: Snapshot) -> Paired:
    before, training, rate = snapshot.previous, snapshot.training, learning_rate(snapshot)
    if before is None or training is None or np.isnan(rate) or not known(before) or not training.steps:
        return UNKNOWN
    return paired(-rate * training.steps * bias_gradient(before), snapshot.threshold - before.threshold)
