"""`histograms`: positive and negative scores of each arm, and the thresholds between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter

from bceprobe.figures.base import Drawing, Snapshots, figure
from bceprobe.figures.labels import THRESHOLD, short_label
from bceprobe.figures.layout import legend_below, panels
from bceprobe.figures.scores import SIDES, lattice, score_counts, together, widest
from bceprobe.figures.style import INK, styled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes

    from bceprobe.figures.base import About, Arm, Row
    from bceprobe.figures.scores import Counts

BINS, SIZE, COLUMNS = 128, (3.3, 2.2), 2
# More arms stand in more columns.
FEW, MANY_COLUMNS = 6, 4
# Positive scores are filled, negative ones hatched: that is seen in grey.
LOOKS: dict[str, dict[str, Any]] = {
    "positive": {"alpha": 0.55, "linewidth": 1.0},
    "negative": {"fill": False, "hatch": "/////", "linewidth": 1.0},
}


@figure("histograms", Snapshots(score_counts))
def histograms(arms: Sequence[Arm], about: About) -> Drawing:
    """Histograms of positive and negative scores, and the threshold of every class, which is to separate them."""
    width = max(widest(arms), _width(arms))
    counts = {(arm.label, side): together(list(arm.data.values()), side, width) for arm in arms for side in SIDES}
    with styled():
        columns = COLUMNS if len(arms) <= FEW else MANY_COLUMNS
        drawn, grid = panels(len(arms), columns, SIZE, sharex=True, sharey=True)
        for axes, arm in zip(grid, arms, strict=True):
            _draw(axes, arm, [counts[arm.label, side] for side in SIDES])
        for axes in grid[-columns:]:
            axes.xaxis.set_tick_params(labelbottom=True)
            axes.set_xlabel("score without bias")
        for axes in grid[::columns]:
            axes.set_ylabel(f"share of scores\n{about.place}")
        legend_below(drawn, _keys())
    return Drawing(
        drawn, [row for arm in arms for row in _rows(arm, {side: counts[arm.label, side] for side in SIDES})]
    )


def _width(arms: Sequence[Arm]) -> float:
    """Choose bins for the range of all scores."""
    runs = [run for arm in arms for run in arm.data.values()]
    lows, highs = ([run[side].attrs[end] for run in runs for side in SIDES] for end in ("low", "high"))
    return lattice(min(lows), max(highs), BINS)


def _draw(axes: Axes, arm: Arm, sides: Sequence[Counts]) -> None:
    for (name, look), counts in zip(LOOKS.items(), sides, strict=True):
        edges, used = np.append(counts.low, counts.low[-1] + counts.width), counts.number > 0
        share = counts.number / counts.number.sum()
        low, high = np.flatnonzero(used)[[0, -1]]
        axes.stairs(share[low : high + 1], edges[low : high + 2], label=name, **_in_color(arm.style.color, look))
    for label in (place for run in arm.data.values() for place in run["threshold"].values):
        axes.plot(
            [label] * 2, [0, 0.09], color=INK, linewidth=0.8, transform=axes.get_xaxis_transform(), label="threshold"
        )
    axes.set_title(short_label(arm.label))
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0, symbol=" %"))


def _in_color(color: str, look: dict[str, Any]) -> dict[str, Any]:
    filled = look.get("fill", True)
    return look | {"fill": filled, "facecolor": color if filled else "none", "edgecolor": color}


def _keys() -> list[Patch | Line2D]:
    """Explain what is filled, what is hatched, and the ticks."""
    sides = [Patch(label=f"{name} scores", **_in_color(INK, look)) for name, look in LOOKS.items()]
    return [*sides, Line2D([], [], color=INK, marker="|", markersize=9, linestyle="", label=f"thresholds {THRESHOLD}")]


def _rows(arm: Arm, sides: dict[str, Counts]) -> Iterator[Row]:
    for side, counts in sides.items():
        for low, count in zip(counts.low.tolist(), counts.number.tolist(), strict=True):
            yield _row(
                arm, side, low=low, high=low + counts.width, count=count, share=float(count / counts.number.sum())
            )
    for run in arm.data.values():
        for threshold in run["threshold"].values.tolist():
            yield _row(arm, "threshold", low=threshold, high=threshold, count=1, share=float("nan"))


def _row(arm: Arm, what: str, *, low: float, high: float, count: int, share: float) -> Row:
    about: Row = {"arm": arm.label, "runs": len(arm.data), "what": what}
    return {**about, "low": low, "high": high, "units": "score", "count": count, "share": share}
