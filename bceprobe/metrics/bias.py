"""The classifier bias in the paper's sign: threshold b = -(PyTorch's bias). FORMULAS.md, eq. 20-21, 55-57."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.metrics.averages import centred, per_sample_of_class, root_mean_square
from bceprobe.metrics.base import ByClass, metric
from bceprobe.metrics.gradients import bias_gradient, known, negative_pull, sigmoid, undefined
from bceprobe.metrics.scores import SCORE
from bceprobe.snapshot import decided, per_class

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.snapshot import Column, Snapshot

SIGN = "threshold b = -(PyTorch's bias)"
GRADIENT: dict[str, Any] = {"higher_is_better": None, "uses": (decided, negative_pull), "units": "1/score"}


@per_class
def negatives_below(column: Column) -> NDArray[np.int64]:
    """Count the negative scores of a class, and those below its threshold, (2,)."""
    below = np.count_nonzero(column.negatives < column.snapshot.threshold[column.label])
    return np.array([column.negatives.size, below])


@metric(
    "threshold_mean", "bias", long_name="Threshold, mean", definition=f"paper eq. 55, {SIGN}", by_class=True, **SCORE
)
def threshold_mean(snapshot: Snapshot) -> ByClass:
    """Mean threshold; by class, b_k."""
    return ByClass(centred(snapshot.threshold)[0], snapshot.threshold)


@metric("threshold_std", "bias", long_name="Threshold, spread", definition=f"paper eq. 56, population, {SIGN}", **SCORE)
def threshold_std(snapshot: Snapshot) -> float:
    """Return the population standard deviation of the thresholds over the classes."""
    return root_mean_square(centred(snapshot.threshold)[1])


@metric(
    "alpha",
    "bias",
    long_name="alpha: how far (12) is from holding",
    definition="paper eq. 57 with n = batch size / K (derived)",
    higher_is_better=None,
    uses=(decided,),
    version=2,
)
def alpha(snapshot: Snapshot) -> float:
    """Right minus left side of (12) at the mean threshold, with rho = ||W||_F^2 as measured; 0 at the paper's optimum.

    Beyond lambda_b* BCE's optimum is another one (see `bceprobe.theory`), where it is not 0. NaN unless the run says
    its batch size and lambda_W, lambda_H > 0. With c = sqrt(lambda_W / (n lambda_H)), and n = samples / K where these
    are fewer than a batch.
    """
    training, classes = snapshot.training, snapshot.classes
    if training is None or not (training.lambda_w > 0 and training.lambda_h > 0 and training.batch_size):
        return np.nan
    threshold, weight = snapshot.threshold.mean(), np.square(snapshot.weight64).sum()
    batch = min(training.batch_size, training.samples or training.batch_size)
    pull = np.sqrt(training.lambda_w * classes / (batch * training.lambda_h)) * weight / classes
    missed, wrong = sigmoid(np.array([threshold - pull, -threshold - pull / (classes - 1)]))
    return float(((classes - 1) * wrong - missed) / classes - training.lambda_b * threshold)


@metric(
    "separated",
    "bias",
    long_name="Thresholds separate the scores",
    definition="all thresholds above all negative and below all positive scores",
    units="0 or 1",
    higher_is_better=True,
    uses=(decided,),
)
def separated(snapshot: Snapshot) -> float:
    """1 if min b > largest negative score and max b < smallest positive score, else 0."""
    positive, negative = snapshot.decisions
    return float(snapshot.threshold.min() > negative.max() and snapshot.threshold.max() < positive.min())


@metric(
    "share_positive_above",
    "bias",
    long_name="Positive scores above the threshold",
    definition="share with s_y > b_y",
    units="share",
    higher_is_better=True,
    by_class=True,
    uses=(decided,),
)
def share_positive_above(snapshot: Snapshot) -> ByClass:
    """Share of the positive scores above the threshold of their class."""
    above = snapshot.decisions.positive > snapshot.threshold[snapshot.target]
    counts = np.bincount(snapshot.target, above, snapshot.classes)
    return ByClass(counts.sum() / snapshot.samples, per_sample_of_class(snapshot, counts))


@metric(
    "share_negative_below",
    "bias",
    long_name="Negative scores below the threshold",
    definition="share with s_j < b_j",
    units="share",
    higher_is_better=True,
    by_class=True,
    uses=(negatives_below,),
)
def share_negative_below(snapshot: Snapshot) -> ByClass:
    """Share of the negative scores below the threshold of the class they are for; by class, of its column."""
    counts, below = snapshot[negatives_below].T
    by_class = np.divide(below, counts, out=np.full(len(counts), np.nan), where=counts > 0)
    return ByClass(below.sum() / counts.sum(), by_class)


@metric(
    "bias_gradient_mean",
    "bias",
    long_name="Gradient of the threshold, mean",
    definition="paper eq. 20 (CE), 21 (BCE)",
    by_class=True,
    **GRADIENT,
)
def bias_gradient_mean(snapshot: Snapshot) -> ByClass:
    """Mean over classes of df/db_k at these features; by class, df/db_k. NaN unless the loss is ce or bce."""
    gradient = bias_gradient(snapshot)
    return ByClass(gradient.mean(), gradient) if known(snapshot) else undefined(snapshot)


@metric(
    "bias_gradient_norm",
    "bias",
    long_name="Gradient of the threshold, norm",
    definition="paper eq. 20 (CE), 21 (BCE): Euclidean norm over classes",
    scale="log",
    **GRADIENT,
)
def bias_gradient_norm(snapshot: Snapshot) -> float:
    """Euclidean norm of df/db; NaN unless the loss is ce or bce."""
    return float(np.linalg.norm(bias_gradient(snapshot)))
