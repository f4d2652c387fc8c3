"""What gradient descent does to scores and thresholds: FORMULAS.md, "Score gradients" (paper eq. 18-21, 180-185).

A step moves a score by the learning rate times its amplitude. With BCE the amplitude falls as a positive score rises;
with CE samples of very different scores can share one amplitude: then the scores spread within a bin of like amplitude.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bceprobe.metrics import update_rows
from bceprobe.metrics.association import BONETT, Interval, Paired, correlation, slope
from bceprobe.metrics.base import METRICS, ByClass, Metric
from bceprobe.metrics.gradients import known, undefined
from bceprobe.metrics.scores import negative_scores
from bceprobe.metrics.summaries import last_of, register_quantiles
from bceprobe.snapshot import Before, decided

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bceprobe.snapshot import Snapshot

    # Of each class and last of all, (K + 1,), or (K + 1, m).
    Values = Callable[[Snapshot], NDArray[np.float64]]

AMPLITUDE = "paper eq. 18 (CE), 19 (BCE)"
BINS = "own: within 20 bins of equally many samples by amplitude"
CHANGE = (
    "own: since the previous captured epoch, against learning rate x amplitude there, whatever feature norms and steps "
    "(paper eq. 180-185)"
)
POOLED = "; pooled over classes"


class Side(NamedTuple):
    """Positive or negative scores: their rows, standard deviations, rank correlations, and what these are made of."""

    name: str
    rows: Values
    deviations: Values
    intervals: Callable[[Snapshot], list[Interval]]
    uses: tuple[Any, ...]

    @property
    def label(self) -> str:
        """The side at the start of a sentence."""
        return self.name.capitalize()


POSITIVE = Side(
    "positive",
    update_rows.positive_rows,
    update_rows.positive_deviations,
    update_rows.positive_intervals,
    (decided, Before(decided), update_rows.positive_rows),
)
NEGATIVE = Side(
    "negative",
    update_rows.negative_rows,
    update_rows.negative_deviations,
    update_rows.negative_intervals,
    (decided, update_rows.negative_updates, negative_scores, update_rows.negative_rows),
)


def _mean(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return rows[:, 1]


def _std(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return _root_mean(rows[:, 2], rows[:, 0])


def _spread(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return _root_mean(rows[:, update_rows.INSIDE], rows[:, 0])


def _range(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return rows[:, update_rows.RANGE]


def _change_slope(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([slope(Paired(*row[update_rows.CHANGES])) for row in rows])


def _change_correlation(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([correlation(Paired(*row[update_rows.CHANGES])) for row in rows])


def _root_mean(squares: NDArray[np.float64], number: NDArray[np.float64]) -> NDArray[np.float64]:
    means: NDArray[np.float64] = np.full(len(number), np.nan)
    np.divide(squares, number, out=means, where=number > 0)
    return np.sqrt(means, out=means)


def _ends(side: Side, at: int, snapshot: Snapshot) -> NDArray[np.float64]:
    return np.array([interval[at] for interval in side.intervals(snapshot)])


def _share(side: Side, snapshot: Snapshot) -> NDArray[np.float64]:
    spread, deviations = _spread(side.rows(snapshot)), side.deviations(snapshot)
    shares: NDArray[np.float64] = np.full(len(spread), np.nan)
    np.divide(spread, deviations, out=shares, where=deviations > 0)
    return shares


def _register(side: Side, key: str, values: Values, *, label: str, what: str, **description: Any) -> None:
    """Register a metric of one side."""

    def function(snapshot: Snapshot) -> ByClass:
        return last_of(values(snapshot)) if known(snapshot) else undefined(snapshot)

    function.__doc__ = f"{side.label} scores: {what}, over all and by class. NaN unless the loss is ce or bce."
    about = {"higher_is_better": None, "by_class": True, "uses": side.uses, **description}
    entry = Metric(f"{side.name}_{key}", "updates", function, long_name=f"{side.label} {label}", **about)
    METRICS.add(entry.name, entry)


def _register_amplitudes(side: Side) -> None:
    _register(
        side,
        "amplitude_mean",
        lambda snapshot: _mean(side.rows(snapshot)),
        label="amplitude, mean",
        definition=AMPLITUDE,
        what="mean amplitude: 1 - p_y or p_j (CE), sigmoid(-(s_y - b_y)) or sigmoid(s_j - b_j) (BCE)",
    )
    _register(
        side,
        "amplitude_std",
        lambda snapshot: _std(side.rows(snapshot)),
        label="amplitude, spread",
        definition=AMPLITUDE,
        what="population standard deviation of the amplitudes",
    )
    register_quantiles(
        "updates",
        f"{side.name}_amplitude",
        f"{side.label} amplitude",
        lambda snapshot: side.rows(snapshot)[:, update_rows.QUANTILES],
        uses=side.uses,
        higher_is_better=None,
        definition="own choice of quantiles",
    )


def _register_rank_correlations(side: Side) -> None:
    for at, (end, name) in enumerate((("", ""), ("_low", ", 95 % low"), ("_high", ", 95 % high"))):
        _register(
            side,
            f"rank_correlation{end}",
            partial(_ends, side, at),
            label=f"amplitude against score, rank correlation{name}",
            references=BONETT,
            definition=f"Spearman; interval by Fisher's z{POOLED * (side is NEGATIVE)}",
            what="Spearman's correlation of amplitude and score, or an end of its 95 % interval",
        )


def _register_spreads(side: Side) -> None:
    _register(
        side,
        "spread",
        lambda snapshot: _spread(side.rows(snapshot)),
        label="scores of like amplitude, spread",
        definition=BINS,
        units="score",
        what="standard deviation of the scores within bins of like amplitude",
    )
    _register(
        side,
        "spread_iqr",
        lambda snapshot: _range(side.rows(snapshot)),
        label="scores of like amplitude, IQR",
        definition=BINS,
        units="score",
        what="mean interquartile range of the scores within bins of like amplitude",
    )
    _register(
        side,
        "spread_share",
        partial(_share, side),
        label="share of spread at like amplitude",
        definition=f"{BINS}, over the spread of all",
        units="share",
        what="`spread` over the standard deviation of the scores; 0 where the amplitude tells the score",
    )


def _register_changes(side: Side) -> None:
    _register(
        side,
        "change_slope",
        lambda snapshot: _change_slope(side.rows(snapshot)),
        label="change, observed on predicted",
        definition=CHANGE,
        what="least-squares slope of the observed on the predicted change",
    )
    _register(
        side,
        "change_correlation",
        lambda snapshot: _change_correlation(side.rows(snapshot)),
        label="change, correlation with predicted",
        definition=CHANGE,
        what="Pearson's correlation of the observed and the predicted change",
    )


for chosen in (POSITIVE, NEGATIVE):
    _register_amplitudes(chosen)
    _register_rank_correlations(chosen)
    _register_spreads(chosen)
    _register_changes(chosen)
