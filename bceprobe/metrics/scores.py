"""Decision scores without bias: FORMULAS.md, "Decision scores, bias, updates" (paper eq. 51-54).

The negative scores of class k are those of its column: w_k . h_i of all samples of other classes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.metrics.averages import mean_and_std
from bceprobe.metrics.base import ByClass, metric
from bceprobe.metrics.quantiles import merged_quantiles, pooled_quantiles
from bceprobe.metrics.summaries import described, last_of, pooled, quantiles_by_class, register_quantiles
from bceprobe.snapshot import decided, keeps_order, once, per_class

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.snapshot import Column, Snapshot

SCORE: dict[str, Any] = {"units": "score", "higher_is_better": None}
RISING: dict[str, Any] = {"units": "score", "higher_is_better": True}
POSITIVE: dict[str, Any] = {"by_class": True, "uses": (decided,)}
MARGIN = "own score minus the largest other, without bias"


@per_class
def negative_scores(column: Column) -> NDArray[np.float64]:
    """Return number, mean and scatter of the negative scores of a class, then their quantiles, (10,)."""
    return described(column.ordered)


NEGATIVE: dict[str, Any] = {"by_class": True, "uses": (decided, negative_scores)}


@metric("positive_mean", "scores", long_name="Positive scores, mean", definition="paper eq. 51", **SCORE, **POSITIVE)
def positive_mean(snapshot: Snapshot) -> ByClass:
    """Mean score of the samples for their own class, over all samples and by class."""
    return mean_and_std(snapshot, snapshot.decisions.positive)[0]


@metric(
    "positive_std",
    "scores",
    long_name="Positive scores, spread",
    definition="paper eq. 52, population",
    **SCORE,
    **POSITIVE,
)
def positive_std(snapshot: Snapshot) -> ByClass:
    """Return the population standard deviation of the positive scores, over all samples and within each class."""
    return mean_and_std(snapshot, snapshot.decisions.positive)[1]


@metric("negative_mean", "scores", long_name="Negative scores, mean", definition="paper eq. 53", **SCORE, **NEGATIVE)
def negative_mean(snapshot: Snapshot) -> ByClass:
    """Mean score for classes that are not the sample's own, over all; by class k, of the samples of other classes."""
    return last_of(pooled(snapshot[negative_scores]).mean)


@metric(
    "negative_std",
    "scores",
    long_name="Negative scores, spread",
    definition="paper eq. 54, population",
    **SCORE,
    **NEGATIVE,
)
def negative_std(snapshot: Snapshot) -> ByClass:
    """Return the population standard deviation of the negative scores, over all and by class."""
    return last_of(pooled(snapshot[negative_scores]).std)


@metric("margin_mean", "scores", long_name="Margin, mean", definition=MARGIN, **RISING, **POSITIVE)
def margin_mean(snapshot: Snapshot) -> ByClass:
    """Mean of the positive score minus the largest negative one of the same sample."""
    return mean_and_std(snapshot, margins(snapshot))[0]


@metric("margin_std", "scores", long_name="Margin, spread", definition=f"{MARGIN}; population", **SCORE, **POSITIVE)
def margin_std(snapshot: Snapshot) -> ByClass:
    """Return the population standard deviation of the margins, over all samples and within each class."""
    return mean_and_std(snapshot, margins(snapshot))[1]


@metric("margin_min", "scores", long_name="Margin, smallest", definition=MARGIN, **RISING, **POSITIVE)
def margin_min(snapshot: Snapshot) -> ByClass:
    """Smallest margin, over all samples and by class."""
    least = np.full(snapshot.classes, np.inf)
    np.minimum.at(least, snapshot.target, margins(snapshot))
    return ByClass(least.min(), np.where(snapshot.present, least, np.nan))


@metric(
    "score_gap",
    "scores",
    long_name="Score gap",
    definition="own: mean positive minus mean negative score",
    **RISING,
    **NEGATIVE,
)
def score_gap(snapshot: Snapshot) -> ByClass:
    """Mean positive minus mean negative score, over all and by class."""
    positive, negative = mean_and_std(snapshot, snapshot.decisions.positive)[0], pooled(snapshot[negative_scores]).mean
    return ByClass(positive.value - negative[-1], positive.by_class - negative[:-1])


@metric(
    "score_separation",
    "scores",
    long_name="Score separation",
    definition="own: smallest positive minus largest negative score",
    uses=(decided,),
    **RISING,
)
def score_separation(snapshot: Snapshot) -> float:
    """Smallest positive minus largest negative score of all samples; above 0, one threshold classifies everything."""
    positive, negative = snapshot.decisions
    return float(positive.min() - negative.max())


@once
def margins(snapshot: Snapshot) -> NDArray[np.float64]:
    """Positive minus largest negative score of every sample, (N,)."""
    positive, negative = snapshot.decisions
    return positive - negative


@once
def positive_quantiles(snapshot: Snapshot) -> NDArray[np.float64]:
    """Quantiles of the positive scores, of each class and last of all, (K + 1, 7)."""
    return quantiles_by_class(snapshot, snapshot.decisions.positive)


@once
def margin_quantiles(snapshot: Snapshot) -> NDArray[np.float64]:
    """Quantiles of the margins, of each class and last of all, (K + 1, 7)."""
    return quantiles_by_class(snapshot, margins(snapshot))


@once
def negative_quantiles(snapshot: Snapshot) -> NDArray[np.float64]:
    """Quantiles of the negative scores, of each class and last of all, (K + 1, 7)."""
    return np.vstack([snapshot[negative_scores][:, 3:], _overall_negative_quantiles(snapshot)])


def _overall_negative_quantiles(snapshot: Snapshot) -> NDArray[np.float64]:
    if keeps_order(snapshot):
        return merged_quantiles([column.ordered for column in snapshot.columns()])
    return pooled_quantiles(lambda: (column.negatives for column in snapshot.columns()))


QUANTILES = {**SCORE, "definition": "own choice of quantiles"}
for side, about, function, used in (
    ("positive", "Positive scores", positive_quantiles, decided),
    ("negative", "Negative scores", negative_quantiles, negative_scores),
    ("margin", "Margin", margin_quantiles, decided),
):
    register_quantiles("scores", side, about, function, uses=(used, function), **QUANTILES)
