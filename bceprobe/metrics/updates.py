"""What gradient descent does to scores and thresholds: FORMULAS.md, "Score gradients" (paper eq. 18-21, 180-185).

A step moves a score by the learning rate times its amplitude. With BCE the amplitude falls as a positive score rises;
with CE samples of very different scores can share one amplitude: then the scores spread within a bin of like amplitude.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bceprobe.metrics.association import (
    BONETT,
    Interval,
    Paired,
    correlation,
    paired,
    pool,
    pooled_spearman,
    relation,
    slope,
    spearman_interval,
)
from bceprobe.metrics.base import METRICS, ByClass, Metric, metric
from bceprobe.metrics.gradients import (
    bias_gradient,
    known,
    negative_amplitudes,
    negative_pull,
    positive_amplitudes,
    previous_negative_amplitudes,
)
from bceprobe.metrics.quantiles import pooled_quantiles
from bceprobe.metrics.scores import described, last_of, negative_scores, pooled, register_quantiles
from bceprobe.snapshot import decided, once, per_class

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bceprobe.snapshot import Column, Snapshot

    Rows = NDArray[np.float64]

AMPLITUDE = "paper eq. 18 (CE), 19 (BCE)"
BINS = "own: within 20 bins of equally many samples by amplitude"
CHANGE = "own: since the previous captured epoch, against learning rate x amplitude there (paper eq. 180-185)"
# Columns of a row: amplitudes as `described`, then rank correlation, within bins, range in bins, changes as `Paired`.
RANK, INSIDE, RANGE = 10, 11, 12
CHANGES = slice(13, 19)


class Side(NamedTuple):
    """Positive or negative scores: rows of each class and last of all, (K + 1, 19), and the spread of the scores."""

    name: str
    rows: Callable[[Snapshot], Rows]
    deviations: Callable[[Snapshot], NDArray[np.float64]]
    intervals: Callable[[Snapshot], list[Interval]]
    uses: tuple[Any, ...]


@per_class
def negative_updates(column: Column) -> Rows:
    """Make the row of the negative scores of a class, (19,); NaN unless the loss is ce or bce."""
    if not known(column.snapshot):
        return np.full(CHANGES.stop, np.nan)
    amplitudes = negative_amplitudes(column)[column.order]
    return np.array([*_related(amplitudes, column.ordered), *_negative_change(column)])


@once
def negative_rows(snapshot: Snapshot) -> Rows:
    """Stack the rows of the negative scores; over all, ranks are pooled over classes, and bins are those of a class."""
    rows = snapshot[negative_updates]
    if not known(snapshot):
        return np.full((snapshot.classes + 1, CHANGES.stop), np.nan)
    counts, used = rows[:, 0], rows[:, 0] > 0
    whole = pooled(rows)
    amplitudes = pooled_quantiles(lambda: map(negative_amplitudes, snapshot.columns()))
    moments = [counts.sum(), whole.mean[-1], whole.std[-1] ** 2 * counts.sum()]
    inside = [rows[used, INSIDE].sum(), np.average(rows[used, RANGE], weights=counts[used])]
    rank = pooled_spearman(rows[:, RANK], counts).value
    return np.vstack([rows, [*moments, *amplitudes, rank, *inside, *pool(rows[:, CHANGES])]])


@once
def positive_rows(snapshot: Snapshot) -> Rows:
    """Make the rows of the positive scores; over all means over all samples as one group."""
    if not known(snapshot):
        return np.full((snapshot.classes + 1, CHANGES.stop), np.nan)
    amplitudes, scores = positive_amplitudes(snapshot), snapshot.decisions.positive
    order = np.argsort(scores)
    amplitudes, scores, target = amplitudes[order], scores[order], snapshot.target[order]
    before, moved = (change[order] for change in _positive_change(snapshot))
    groups = [*(target == label for label in range(snapshot.classes)), slice(None)]
    return np.array([[*_related(amplitudes[own], scores[own]), *paired(before[own], moved[own])] for own in groups])


def _related(amplitudes: NDArray[np.float64], scores: NDArray[np.float64]) -> NDArray[np.float64]:
    """Describe some amplitudes, and how the scores, which increase, go with them, (13,)."""
    found = relation(amplitudes, scores)
    return np.array([*described(found.ordered), found.rank, found.inside, found.quartile_range])


def _rate(snapshot: Snapshot) -> float:
    """Return the learning rate that led here from the previous snapshot; NaN where that is not known."""
    rate = snapshot.training.learning_rate if snapshot.training and snapshot.previous else None
    return np.nan if rate is None else rate


def _positive_change(snapshot: Snapshot) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the predicted and the observed change of every positive score, (N,) each; NaN where not known."""
    before, rate = snapshot.previous, _rate(snapshot)
    if before is None or np.isnan(rate) or not known(before):
        nothing = np.full(snapshot.samples, np.nan)
        return nothing, nothing
    return rate * positive_amplitudes(before), snapshot.decisions.positive - before.decisions.positive


def _negative_change(column: Column) -> Paired:
    """Compare the predicted with the observed change of the negative scores of a class."""
    rate = _rate(column.snapshot)
    before = column.snapshot.previous
    if before is None or column.before is None or np.isnan(rate) or not known(before):
        return Paired(*[np.nan] * 6)
    return paired(-rate * previous_negative_amplitudes(column), column.negatives - column.before[column.negative])


def _amplitude_mean(rows: Rows) -> NDArray[np.float64]:
    return rows[:, 1]


def _amplitude_std(rows: Rows) -> NDArray[np.float64]:
    return _root_mean(rows[:, 2], rows[:, 0])


def _spread(rows: Rows) -> NDArray[np.float64]:
    return _root_mean(rows[:, INSIDE], rows[:, 0])


def _range(rows: Rows) -> NDArray[np.float64]:
    return rows[:, RANGE]


def _change_slope(rows: Rows) -> NDArray[np.float64]:
    return np.array([slope(Paired(*row[CHANGES])) for row in rows])


def _change_correlation(rows: Rows) -> NDArray[np.float64]:
    return np.array([correlation(Paired(*row[CHANGES])) for row in rows])


def _root_mean(squares: NDArray[np.float64], counts: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.sqrt(np.divide(squares, counts, out=np.full(len(counts), np.nan), where=counts > 0))


def _share(side: Side, snapshot: Snapshot) -> NDArray[np.float64]:
    spread, deviations = _spread(side.rows(snapshot)), side.deviations(snapshot)
    return np.divide(spread, deviations, out=np.full(len(spread), np.nan), where=deviations > 0)


def _positive_intervals(snapshot: Snapshot) -> list[Interval]:
    rows = positive_rows(snapshot)
    return [spearman_interval(row[RANK], row[0]) for row in rows]


def _negative_intervals(snapshot: Snapshot) -> list[Interval]:
    rows = snapshot[negative_updates]
    own = [spearman_interval(row[RANK], row[0]) for row in rows]
    return [*own, pooled_spearman(rows[:, RANK], rows[:, 0])]


def _positive_deviations(snapshot: Snapshot) -> NDArray[np.float64]:
    scores, target = snapshot.decisions.positive, snapshot.target
    own = [scores[target == label] for label in range(snapshot.classes)]
    return np.array([group.std() if len(group) else np.nan for group in [*own, scores]])


def _negative_deviations(snapshot: Snapshot) -> NDArray[np.float64]:
    return pooled(snapshot[negative_scores]).std


POSITIVE = Side("positive", positive_rows, _positive_deviations, _positive_intervals, (decided, positive_rows))
NEGATIVE_USES = (decided, negative_updates, negative_scores, negative_rows)
NEGATIVE = Side("negative", negative_rows, _negative_deviations, _negative_intervals, NEGATIVE_USES)


def _register(side: Side, key: str, values: Callable[[Snapshot], NDArray[np.float64]], **about: Any) -> None:
    """Register a metric of one side; `values` returns that of each class and last of all, (K + 1,)."""

    def function(snapshot: Snapshot) -> ByClass:
        if not known(snapshot):
            return ByClass(np.nan, np.full(snapshot.classes, np.nan))
        return last_of(values(snapshot))

    side_name, label = side.name.capitalize(), about.pop("label")
    function.__doc__ = (
        f"{side_name} scores: {about.pop('what')}, over all and by class. NaN unless the loss is ce or bce."
    )
    described_as = {"higher_is_better": None, "by_class": True, "uses": side.uses, **about}
    entry = Metric(f"{side.name}_{key}", "updates", function, long_name=f"{side_name} {label}", **described_as)
    METRICS.add(entry.name, entry)


def _register_side(side: Side) -> None:
    def of_rows(column: Callable[[Rows], NDArray[np.float64]]) -> Callable[[Snapshot], NDArray[np.float64]]:
        return lambda snapshot: column(side.rows(snapshot))

    def of_interval(at: int) -> Callable[[Snapshot], NDArray[np.float64]]:
        return lambda snapshot: np.array([interval[at] for interval in side.intervals(snapshot)])

    _register(side, "amplitude_mean", of_rows(_amplitude_mean), label="amplitude, mean", definition=AMPLITUDE,
              what="mean amplitude: 1 - p_y or p_j (CE), sigmoid(-(s_y - b_y)) or sigmoid(s_j - b_j) (BCE)")  # fmt: skip
    _register(side, "amplitude_std", of_rows(_amplitude_std), label="amplitude, spread", definition=AMPLITUDE,
              what="population standard deviation of the amplitudes")  # fmt: skip
    register_quantiles("updates", f"{side.name}_amplitude", f"{side.name.capitalize()} amplitude",
                       lambda snapshot: _quantiles(side, snapshot), uses=side.uses, higher_is_better=None,
                       definition="own choice of quantiles")  # fmt: skip
    for at, end in enumerate(("", "_low", "_high")):
        label = f"amplitude against score, rank correlation{('', ', 95 % low', ', 95 % high')[at]}"
        _register(side, f"rank_correlation{end}", of_interval(at), label=label, references=BONETT,
                  definition="Spearman; interval by Fisher's z" + "; pooled over classes" * (side is NEGATIVE),
                  what="Spearman's correlation of amplitude and score, or an end of its 95 % interval")  # fmt: skip
    _register(side, "spread", of_rows(_spread), label="scores of like amplitude, spread", definition=BINS, units="score",
              what="standard deviation of the scores within bins of like amplitude")  # fmt: skip
    _register(side, "spread_iqr", of_rows(_range), label="scores of like amplitude, IQR", definition=BINS, units="score",
              what="mean interquartile range of the scores within bins of like amplitude")  # fmt: skip
    _register(side, "spread_share", lambda snapshot: _share(side, snapshot), label="share of spread at like amplitude",
              definition=f"{BINS}, over the spread of all", units="share",
              what="`spread` over the standard deviation of the scores; 0 where the amplitude tells the score")  # fmt: skip
    _register(side, "change_slope", of_rows(_change_slope), label="change, observed on predicted", definition=CHANGE,
              what="least-squares slope of the observed on the predicted change")  # fmt: skip
    _register(side, "change_correlation", of_rows(_change_correlation), label="change, correlation with predicted",
              definition=CHANGE, what="Pearson's correlation of the observed and the predicted change")  # fmt: skip


def _quantiles(side: Side, snapshot: Snapshot) -> Rows:
    if not known(snapshot):
        return np.full((snapshot.classes + 1, 7), np.nan)
    return side.rows(snapshot)[:, 3:10]


_register_side(POSITIVE)
_register_side(NEGATIVE)

BIAS: dict[str, Any] = {"higher_is_better": None, "uses": (decided, negative_pull)}


@metric("threshold_change_slope", "updates", long_name="Threshold change, observed on predicted",
        definition="own: against learning rate x steps x gradient at the previous captured epoch", **BIAS)  # fmt: skip
def threshold_change_slope(snapshot: Snapshot) -> float:
    """Least-squares slope over classes of the observed change of b_k on the predicted one; NaN where not known."""
    return slope(_threshold_changes(snapshot))


@metric("threshold_change_correlation", "updates", long_name="Threshold change, correlation with predicted",
        definition="own: against learning rate x steps x gradient at the previous captured epoch", **BIAS)  # fmt: skip
def threshold_change_correlation(snapshot: Snapshot) -> float:
    """Pearson's correlation over classes of the observed with the predicted change of b_k; NaN where not known."""
    return correlation(_threshold_changes(snapshot))


def _threshold_changes(snapshot: Snapshot) -> Paired:
    before, training, rate = snapshot.previous, snapshot.training, _rate(snapshot)
    if before is None or training is None or np.isnan(rate) or not known(before) or not training.steps:
        return Paired(*[np.nan] * 6)
    return paired(-rate * training.steps * bias_gradient(before), snapshot.threshold - before.threshold)
