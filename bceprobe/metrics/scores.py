"""Decision scores without bias: FORMULAS.md, "Decision scores, bias, updates" (paper eq. 51-54).

The negative scores of class k are those of its column: w_k . h_i of all samples of other classes.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bceprobe.metrics.base import METRICS, ByClass, Metric, mean_and_std, metric
from bceprobe.metrics.quantiles import PERCENTS, names, pooled_quantiles, quantiles
from bceprobe.snapshot import decided, once, per_class

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bceprobe.snapshot import Column, Snapshot

SCORE: dict[str, Any] = {"units": "score", "higher_is_better": None}
POSITIVE: dict[str, Any] = {**SCORE, "by_class": True, "uses": (decided,)}
MARGIN = "own score minus the largest other, without bias"


class Spread(NamedTuple):
    """Of each class, and last of all together: count, mean and population standard deviation, each (K + 1,)."""

    count: NDArray[np.float64]
    mean: NDArray[np.float64]
    std: NDArray[np.float64]


@per_class
def negative_scores(column: Column) -> NDArray[np.float64]:
    """Return count, mean and scatter of the negative scores of a class, then their quantiles, (10,)."""
    return described(column.ordered)


NEGATIVE: dict[str, Any] = {**SCORE, "by_class": True, "uses": (decided, negative_scores)}


@metric("positive_mean", "scores", long_name="Positive scores, mean", definition="paper eq. 51", **POSITIVE)
def positive_mean(snapshot: Snapshot) -> ByClass:
    """Mean score of the samples for their own class, over all samples and by class."""
    return mean_and_std(snapshot, snapshot.decisions.positive)[0]


@metric(
    "positive_std", "scores", long_name="Positive scores, spread", definition="paper eq. 52, population", **POSITIVE
)
def positive_std(snapshot: Snapshot) -> ByClass:
    """Population standard deviation of the positive scores, over all samples and within each class."""
    return mean_and_std(snapshot, snapshot.decisions.positive)[1]


@metric("negative_mean", "scores", long_name="Negative scores, mean", definition="paper eq. 53", **NEGATIVE)
def negative_mean(snapshot: Snapshot) -> ByClass:
    """Mean score for classes that are not the sample's own, over all; by class k, of the samples of other classes."""
    return last_of(pooled(snapshot[negative_scores]).mean)


@metric(
    "negative_std", "scores", long_name="Negative scores, spread", definition="paper eq. 54, population", **NEGATIVE
)
def negative_std(snapshot: Snapshot) -> ByClass:
    """Population standard deviation of the negative scores, over all and by class."""
    return last_of(pooled(snapshot[negative_scores]).std)


@metric("margin_mean", "scores", long_name="Margin, mean", definition=MARGIN, **POSITIVE | {"higher_is_better": True})
def margin_mean(snapshot: Snapshot) -> ByClass:
    """Mean of the positive score minus the largest negative one of the same sample."""
    return mean_and_std(snapshot, margins(snapshot))[0]


@metric("margin_std", "scores", long_name="Margin, spread", definition=f"{MARGIN}; population", **POSITIVE)
def margin_std(snapshot: Snapshot) -> ByClass:
    """Population standard deviation of the margins, over all samples and within each class."""
    return mean_and_std(snapshot, margins(snapshot))[1]


@metric(
    "margin_min", "scores", long_name="Margin, smallest", definition=MARGIN, **POSITIVE | {"higher_is_better": True}
)
def margin_min(snapshot: Snapshot) -> ByClass:
    """Smallest margin, over all samples and by class."""
    least = np.full(snapshot.classes, np.inf)
    np.minimum.at(least, snapshot.target, margins(snapshot))
    return ByClass(least.min(), np.where(snapshot.present, least, np.nan))


@metric("score_gap", "scores", long_name="Score gap", definition="own: mean positive minus mean negative score",
        **NEGATIVE | {"higher_is_better": True})  # fmt: skip
def score_gap(snapshot: Snapshot) -> ByClass:
    """Mean positive minus mean negative score, over all and by class."""
    (positive, positives), (negative, negatives) = positive_mean(snapshot), negative_mean(snapshot)
    return ByClass(positive - negative, positives - negatives)


@metric("score_separation", "scores", long_name="Score separation", uses=(decided,),
        definition="own: smallest positive minus largest negative score", units="score", higher_is_better=True)  # fmt: skip
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
    overall = pooled_quantiles(lambda: (column.negatives for column in snapshot.columns()))
    return np.vstack([snapshot[negative_scores][:, 3:], overall])


def quantiles_by_class(snapshot: Snapshot, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the quantiles of a value per sample, of each class and last of all, (N,) -> (K + 1, 7)."""
    own = [quantiles(np.sort(values[snapshot.target == label])) for label in range(snapshot.classes)]
    return np.vstack([*own, quantiles(np.sort(values))])


def described(ordered: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return count, mean, sum of squared deviations, and quantiles of increasing values, (n,) -> (10,); NaN of none."""
    mean = ordered.mean() if len(ordered) else np.nan
    return np.array([len(ordered), mean, np.square(ordered - mean).sum(), *quantiles(ordered)])


def pooled(rows: NDArray[np.float64]) -> Spread:
    """Pool what `described` returned of each class, (K, 3 or more), to mean and spread of each class and of all."""
    count, mean, scatter = rows[:, :3].T
    filled = count > 0
    total = count.sum()
    centre = np.average(mean[filled], weights=count[filled])
    squares = scatter[filled].sum() + count[filled] @ np.square(mean[filled] - centre)
    within = np.sqrt(np.divide(scatter, count, out=np.full_like(scatter, np.nan), where=filled))
    return Spread(np.append(count, total), np.append(mean, centre), np.append(within, np.sqrt(squares / total)))


def last_of(values: NDArray[np.float64]) -> ByClass:
    """Divide values of each class and, last, of all."""
    return ByClass(float(values[-1]), values[:-1])


def register_quantiles(
    topic: str, prefix: str, label: str, function: Callable[[Snapshot], NDArray[np.float64]], **description: Any
) -> None:
    """Register a metric per quantile; `function` returns them all, of each class and last of all, (K + 1, 7)."""
    for at, (name, percent) in enumerate(zip(names(prefix), PERCENTS, strict=True)):
        chosen = partial(_chosen, function=function, at=at)
        chosen.__doc__ = f"{percent} % quantile of {label}, by linear interpolation, over all and by class."
        entry = Metric(name, topic, chosen, long_name=f"{label}, {percent} %", by_class=True, **description)
        METRICS.add(name, entry)


def _chosen(snapshot: Snapshot, *, function: Callable[[Snapshot], NDArray[np.float64]], at: int) -> ByClass:
    return last_of(function(snapshot)[:, at])


QUANTILES = {**SCORE, "definition": "own choice of quantiles"}
for side, about, function, used in (
    ("positive", "Positive scores", positive_quantiles, decided),
    ("negative", "Negative scores", negative_quantiles, negative_scores),
    ("margin", "Margin", margin_quantiles, decided),
):
    register_quantiles("scores", side, about, function, uses=(used, function), **QUANTILES)
