"""Points of named groups: y against x, or y alone in columns side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bceprobe.figures.base import Drawing
from bceprobe.figures.layout import head, legend_below
from bceprobe.figures.style import INK, OF_LOSS, OTHERS, styled
from bceprobe.figures.ticks import mark_powers, mark_signed_powers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

    from bceprobe.figures.style import LineStyle

SIZE, POINT, WIDTH = (4.6, 3.2), 5.0, 0.6
# From here on an axis around zero is logarithmic.
SMALLEST = 1e-6


@dataclass(frozen=True)
class Points:
    """A group: its name, the loss that it looks like (or another name), and its points, (n,) each.

    Hollow ones are published.
    """

    name: str
    loss: str
    x: Sequence[float]
    y: Sequence[float]
    hollow: bool = False


def draw_points(
    groups: Sequence[Points],
    title: str,
    x: str,
    y: str,
    *,
    scale: Literal["linear", "log", "symlog"] = "linear",
    x_scale: Literal["linear", "log", "symlog"] = "linear",
    line: Literal["", "equal"] = "",
    level: float | None = None,
) -> Drawing:
    """Draw y against x.

    Parameters
    ----------
    groups
        What is drawn.
    title, x, y
        Labels.
    scale, x_scale
        Of the axes.
    line
        ``"equal"`` draws where y = x.
    level
        Draws a dashed line at this y.
    """
    with styled():
        figure = Figure(figsize=SIZE, layout="constrained")
        axes = figure.add_subplot()
        _scale(axes, scale, x_scale, [place for group in groups for place in group.x])
        for group in groups:
            axes.plot(group.x, group.y, alpha=0.75, **_look(group))
        _lines(axes, line, level)
        head(figure, title)
        axes.set_xlabel(x)
        axes.set_ylabel(y)
        axes.margins(0.06)
        legend_below(figure, [Line2D([], [], label=group.name, **_look(group)) for group in groups])
    return Drawing(figure, [row for group in groups for row in _rows(group, x, y)])


def draw_columns(
    groups: Sequence[Points],
    columns: Sequence[str],
    title: str,
    y: str,
    *,
    scale: Literal["linear", "log", "symlog"] = "linear",
    level: float | None = None,
) -> Drawing:
    """Draw y in columns; the x of a group are positions of these, and groups stand beside each other in each."""
    shift = np.linspace(-WIDTH / 2, WIDTH / 2, len(groups) + 2)[1:-1]
    moved = [
        Points(one.name, one.loss, (np.asarray(one.x, float) + by).tolist(), one.y, one.hollow)
        for one, by in zip(groups, shift, strict=True)
    ]
    drawing = draw_points(moved, title, "", y, scale=scale, level=level)
    axes = drawing.figure.axes[0]
    axes.set_xticks(range(len(columns)), columns)
    axes.set_xlim(-0.6, len(columns) - 0.4)
    rows = [
        {"group": one.name, "column": columns[int(at)], "value": value}
        for one in groups
        for at, value in zip(one.x, one.y, strict=True)
    ]
    return Drawing(drawing.figure, rows)


def _look(group: Points) -> dict[str, Any]:
    style: LineStyle = OF_LOSS.get(group.loss, OTHERS[0])
    fill = {"markerfacecolor": "none", "markeredgewidth": 1.2} if group.hollow else {}
    return {"color": style.color, "marker": style.marker, "linestyle": "", "markersize": POINT, **fill}


def _scale(axes: Axes, scale: str, x_scale: str, places: Sequence[float]) -> None:
    """Set the scales; places on a logarithmic x axis are marked if they are few."""
    for name, axis in ((scale, axes.yaxis), (x_scale, axes.xaxis)):
        setter = axes.set_yscale if axis is axes.yaxis else axes.set_xscale
        if name == "log":
            setter(name, nonpositive="clip")
            mark_powers(axis, places if axis is axes.xaxis else ())
        elif name == "symlog":
            setter(name, linthresh=SMALLEST)
            mark_signed_powers(axis, SMALLEST)


def _lines(axes: Axes, line: str, level: float | None) -> None:
    if line:
        axes.axline((0, 0), slope=1, color=INK, linewidth=0.9, zorder=1)
    if level is not None:
        axes.axhline(level, color=INK, linestyle="dashed", linewidth=1.0, zorder=1)


def _rows(group: Points, x: str, y: str) -> list[dict[str, str | float]]:
    return [{"group": group.name, x: one, y: other} for one, other in zip(group.x, group.y, strict=True)]
