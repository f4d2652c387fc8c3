"""`nc`: the three metrics of neural collapse over the epochs (the paper's Fig. 2 and 4 to 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.figures.base import Drawing, Metrics, figure
from bceprobe.figures.curves import Band, Curve, Panel, fill
from bceprobe.figures.layout import crowded, keys, legend_below, lines_of, panels
from bceprobe.figures.style import styled
from bceprobe.figures.tidy import column, over_epochs, picked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from bceprobe.figures.base import About, Arm, Row

TITLES = {"nc1": "NC1: variability", "nc2": "NC2: distance to ETF", "nc3": "NC3: self-duality"}


@figure("nc", Metrics(tuple(TITLES)))
def nc(arms: Sequence[Arm], about: About) -> Drawing:
    """NC1, NC2 and NC3 over the epochs: the mean over the seeds, and a band from the smallest to the largest."""
    rows = over_epochs(arms, list(TITLES))
    with styled():
        drawn, grid = panels(len(TITLES))
        for axes, (name, title) in zip(grid, TITLES.items(), strict=True):
            draw_metric(axes, arms, picked(rows, metric=name), title)
        grid[0].set_ylabel(about.place)
        legend_below(drawn, keys(arms))
    return Drawing(drawn, rows)


def draw_metric(axes: Axes, arms: Sequence[Arm], rows: Sequence[Row], title: str) -> None:
    """Draw the mean of a metric in every arm with the range over its runs, on a logarithmic axis."""
    many = crowded(arms)
    curves = [
        _curve(arm, line, picked(rows, arm=arm.label), many=many)
        for arm, line in zip(arms, lines_of(arms), strict=True)
    ]
    fill(axes, Panel(title, curves, "log"))
    for line in axes.lines if many else ():
        line.set(linewidth=0.8, linestyle="-", alpha=0.6)


def _curve(arm: Arm, line: str, rows: Sequence[Row], *, many: bool) -> Curve:
    """Make the curve of an arm; without a band where there are too many."""
    epoch, mean, std, low, high = (column(rows, name) for name in ("epoch", "mean", "std", "low", "high"))
    nothing = [float("nan")] * len(epoch)
    band = Band(low, high) if rows[0]["runs"] > 1 and not many else Band(nothing, nothing)
    return Curve(arm.label, arm.style, epoch, mean, std, band, line)
