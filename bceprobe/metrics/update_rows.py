"""What the metrics of updates are read from: a row of numbers per class, and last of all, for either side's scores.

A row holds the amplitudes as `described`, (0..9), then their rank correlation with the scores, the squared deviations
of the scores within bins of like amplitude and their mean interquartile range there, then the changes as `Paired`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bceprobe.metrics.association import (
    UNKNOWN,
    Interval,
    Paired,
    paired,
    pool,
    pooled_spearman,
    relation,
    spearman_interval,
)
from bceprobe.metrics.averages import mean_and_std
from bceprobe.metrics.gradients import (
    known,
    negative_amplitude_quantiles,
    ordered_negative_amplitudes,
    positive_amplitudes,
    previous_negative_amplitudes,
)
from bceprobe.metrics.scores import negative_scores
from bceprobe.metrics.summaries import described, pooled
from bceprobe.snapshot import once, per_class

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.snapshot import Column, Snapshot

QUANTILES = slice(3, 10)
RANK, INSIDE, RANGE = 10, 11, 12
CHANGES = slice(13, 19)


@per_class
def negative_updates(column: Column) -> NDArray[np.float64]:
    """Make the row of the negative scores of a class, (19,); NaN unless the loss is ce or bce."""
    if not known(column.snapshot):
        return np.full(CHANGES.stop, np.nan)
    return np.array([*_related(ordered_negative_amplitudes(column), column.ordered), *_negative_change(column)])


@once
def negative_rows(snapshot: Snapshot) -> NDArray[np.float64]:
    """Stack the rows of the negative scores; over all, ranks are pooled over classes, and bins are those of a class."""
    if not known(snapshot):
        return _unknown_rows(snapshot)
    rows = snapshot[negative_updates]
    number, used = rows[:, 0], rows[:, 0] > 0
    whole = pooled(rows)
    moments = [number.sum(), whole.mean[-1], whole.std[-1] ** 2 * number.sum()]
    inside = [rows[used, INSIDE].sum(), np.average(rows[used, RANGE], weights=number[used])]
    rank = pooled_spearman(rows[:, RANK], number).value
    return np.vstack(
        [rows, [*moments, *negative_amplitude_quantiles(snapshot), rank, *inside, *pool(rows[:, CHANGES])]]
    )


@once
def positive_rows(snapshot: Snapshot) -> NDArray[np.float64]:
    """Make the rows of the positive scores; over all means over all samples as one group."""
    if not known(snapshot):
        return _unknown_rows(snapshot)
    amplitudes, scores = positive_amplitudes(snapshot), snapshot.decisions.positive
    order = np.argsort(scores)
    amplitudes, scores, target = amplitudes[order], scores[order], snapshot.target[order]
    before, moved = (change[order] for change in _positive_change(snapshot))
    groups = [*(target == label for label in range(snapshot.classes)), slice(None)]
    return np.array([[*_related(amplitudes[own], scores[own]), *paired(before[own], moved[own])] for own in groups])


def positive_intervals(snapshot: Snapshot) -> list[Interval]:
    """Return the rank correlation of amplitudes and positive scores, of each class and last of all."""
    return [spearman_interval(row[RANK], row[0]) for row in positive_rows(snapshot)]


def negative_intervals(snapshot: Snapshot) -> list[Interval]:
    """Return the rank correlation of amplitudes and negative scores, of each class and last pooled over them."""
    rows = snapshot[negative_updates]
    own = [spearman_interval(row[RANK], row[0]) for row in rows]
    return [*own, pooled_spearman(rows[:, RANK], rows[:, 0])]


def positive_deviations(snapshot: Snapshot) -> NDArray[np.float64]:
    """Return the population standard deviation of the positive scores, of each class and last of all, (K + 1,)."""
    overall, by_class = mean_and_std(snapshot, snapshot.decisions.positive)[1]
    return np.append(by_class, overall)


def negative_deviations(snapshot: Snapshot) -> NDArray[np.float64]:
    """Return the population standard deviation of the negative scores, of each class and last of all, (K + 1,)."""
    return pooled(snapshot[negative_scores]).std


def learning_rate(snapshot: Snapshot) -> float:
    """Return the learning rate that led here from the previous snapshot; NaN where that is not known."""
    rate = snapshot.training.learning_rate if snapshot.training and snapshot.previous else None
    return np.nan if rate is None else rate


def _unknown_rows(snapshot: Snapshot) -> NDArray[np.float64]:
    return np.full((snapshot.classes + 1, CHANGES.stop), np.nan)


def _related(amplitudes: NDArray[np.float64], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Describe some amplitudes, and how the scores, which increase, go with them, (13,)."""
    found = relation(amplitudes, scores)
    return np.array([*described(found.ordered), found.rank, found.inside, found.quartile_range])


def _positive_change(snapshot: Snapshot) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the predicted and the observed change of every positive score, (N,) each; NaN where not known."""
    before, rate = snapshot.previous, learning_rate(snapshot)
    if before is None or np.isnan(rate) or not known(before):
        nothing = np.full(snapshot.samples, np.nan)
        return nothing, nothing
    return rate * positive_amplitudes(before), snapshot.decisions.positive - before.decisions.positive


def _negative_change(column: Column) -> Paired:
    """Compare the predicted with the observed change of the negative scores of a class."""
    before, rate = column.snapshot.previous, learning_rate(column.snapshot)
    if before is None or column.before is None or np.isnan(rate) or not known(before):
        return UNKNOWN
    return paired(-rate * previous_negative_amplitudes(column), column.negatives - column.before[column.negative])
