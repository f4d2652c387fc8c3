"""`epochs-to-collapse`: when each run fits its data, fits it with one threshold, and collapses; or that it does not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from bceprobe.figures.base import Drawing, Prepared, figure
from bceprobe.figures.labels import short_label
from bceprobe.figures.layout import legend_below, panels
from bceprobe.figures.style import INK, styled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from bceprobe.figures.base import About, Arm, Row

STAGES = {"fitted": "Accuracy is 1", "uniform": "Uniform accuracy is 1", "collapsed": "NC1 to NC3 below {below:g}*"}
WIDTH, ROW, AROUND = 2.9, 0.36, 1.5
SPREAD = 0.28
OWN = "* own choice"


@figure("epochs-to-collapse", Prepared("stages", epochs=True))
def epochs_to_collapse(arms: Sequence[Arm], about: About) -> Drawing:
    """First epochs at which runs fit their data, fit it with one threshold, and collapse: a point per run.

    A hollow point with an arrow is a run that had not got there at its last epoch. A tick is the median of an arm,
    where more than half of its runs got there.
    """
    below = next(iter(arms[0].data.values())).attrs["below"]
    with styled():
        drawn, grid = panels(len(STAGES), len(STAGES), (WIDTH, AROUND + ROW * len(arms)), sharey=True, sharex=True)
        for axes, (stage, title) in zip(grid, STAGES.items(), strict=True):
            for place, arm in enumerate(arms):
                _draw(axes, place, arm, stage)
            axes.set_xlabel(f"epoch, {about.split} split")
            axes.set_title(title.format(below=below), size=10.0)
            axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
        grid[0].set_yticks(range(len(arms)), [short_label(arm.label) for arm in arms])
        grid[0].set_ylim(len(arms) - 0.5, -0.5)
        legend_below(drawn, _keys())
    return Drawing(drawn, [row for arm in arms for stage in STAGES for row in _rows(arm, stage)])


def median(epochs: NDArray[np.float64]) -> float:
    """Return the median of first epochs, NaN for never; NaN where half of them or more are.

    Examples
    --------
    >>> median(np.array([3.0, np.nan, 5.0])), median(np.array([3.0, np.nan]))
    (5.0, nan)
    """
    middle = float(np.median(np.where(np.isnan(epochs), np.inf, epochs)))
    return middle if math.isfinite(middle) else math.nan


def _draw(axes: Axes, place: int, arm: Arm, stage: str) -> None:
    """Draw the runs of an arm in a row, a little apart."""
    reached = np.array([float(run[stage]) for run in arm.data.values()])
    last = np.array([float(run["last"]) for run in arm.data.values()])
    offsets = np.linspace(-SPREAD, SPREAD, len(reached)) if len(reached) > 1 else np.zeros(1)
    there = ~np.isnan(reached)
    look: dict[str, Any] = {"color": arm.style.color, "marker": arm.style.marker, "linestyle": ""}
    hollow: dict[str, Any] = {**look, "markerfacecolor": "none", "label": f"{arm.label}, not reached"}
    # A line without points that is not clipped has no extent, which the layout does not stand.
    if there.any():
        axes.plot(reached[there], place + offsets[there], label=arm.label, clip_on=False, alpha=0.85, **look)
    if not there.all():
        axes.plot(last[~there], place + offsets[~there], clip_on=False, **hollow)
    for x, y in zip(last[~there], place + offsets[~there], strict=True):
        axes.annotate("→", (x, y), (5, 0), textcoords="offset points", va="center", color=arm.style.color, size=9.0)
    if not math.isnan(middle := median(reached)):
        axes.vlines(middle, place - 0.42, place + 0.42, color=INK, linewidth=1.4, zorder=1)


def _keys() -> list[Line2D]:
    look: dict[str, Any] = {"color": INK, "linestyle": ""}
    return [
        Line2D([], [], marker="o", label="a run", **look),
        Line2D([], [], marker="o", markerfacecolor="none", label="not reached by its last epoch →", **look),
        Line2D([], [], marker="|", markersize=11, markeredgewidth=1.4, label="median", **look),
        Line2D([], [], linestyle="", label=OWN),
    ]


def _rows(arm: Arm, stage: str) -> Iterator[Row]:
    for name, run in arm.data.items():
        reached = float(run[stage])
        about: Row = {"arm": arm.label, "run": name, "stage": stage, "units": "epoch"}
        yield {**about, "epoch": reached, "reached": int(not math.isnan(reached)), "last_epoch": int(run["last"])}
