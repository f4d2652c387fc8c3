"""Measured values beside published ones, over a number or in rows; hollow markers are published."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from bceprobe.figures.base import Drawing
from bceprobe.figures.labels import short_label
from bceprobe.figures.layout import legend_below, panels
from bceprobe.figures.style import INK, styled
from bceprobe.figures.ticks import mark_powers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.axis import Axis

    from bceprobe.figures.style import LineStyle

Scale = Literal["linear", "log"]
# Inches: a panel; the width of rows, the height of one and of what is around, of so many at most, and their names.
PANEL = (3.6, 2.9)
WIDTH, ROW, FRAME, MOST, LONGEST = 6.0, 0.3, 0.9, 40, 34
# An axis is logarithmic where its largest number is so many times its smallest.
WIDE = 16
SHIFT, DOTS = 0.16, (0, (1, 1.5))


@dataclass(frozen=True)
class Series:
    """Values of one loss in one panel.

    Parameters
    ----------
    name, style
        What it is called and how it looks.
    panel
        Title of its panel.
    places
        Where the values stand: numbers of an axis, or positions of rows, (X,).
    values, spreads
        Means and standard deviations, (X,); NaN where there is none.
    published
        Published numbers, (X,); NaN where there is none.
    """

    name: str
    style: LineStyle
    panel: str
    places: Sequence[float]
    values: Sequence[float]
    spreads: Sequence[float]
    published: Sequence[float]


def draw_over(series: Sequence[Series], x: str, y: str, *, scale: Scale = "linear") -> Drawing:
    """Draw values over a number, a panel for each title, all on one y axis.

    Parameters
    ----------
    series
        What is drawn.
    x, y
        Labels of the axes.
    scale
        Of the y axis; that of x is logarithmic where its numbers spread over orders of magnitude.
    """
    titles = list(dict.fromkeys(one.panel for one in series))
    with styled():
        figure, grid = panels(len(titles), 2, PANEL, sharey=True)
        for axes, title in zip(grid, titles, strict=True):
            own = [one for one in series if one.panel == title]
            _scales(axes, own, scale)
            for one in own:
                _line(axes, one)
            axes.set_title(short_label(title))
            axes.set_xlabel(x)
            axes.margins(0.06)
        for axes in grid[::2]:
            axes.set_ylabel(y)
        legend_below(figure, _keys(series, joined=True))
    return Drawing(figure, _rows(series, x))


def draw_rows(series: Sequence[Series], labels: Sequence[str], x: str, *, scale: Scale = "linear") -> Drawing:
    """Draw values in rows that are named by labels, the first one on top."""
    with styled():
        figure = Figure(figsize=(WIDTH, FRAME + ROW * min(len(labels), MOST)), layout="constrained")
        axes = figure.add_subplot()
        if scale == "log":
            _logarithmic(axes, axes.xaxis, [value for one in series for value in (*one.values, *one.published)])
        for one, shift in zip(series, np.linspace(-SHIFT, SHIFT, len(series)), strict=True):
            places = np.asarray(one.places, float) + shift
            look = _look(one)
            axes.errorbar(one.values, places, xerr=one.spreads, linestyle="", elinewidth=1.0, **look)
            axes.plot(one.published, places, linestyle="", **look, **_hollow())
        names = [short_label(label, LONGEST) for label in labels] if len(labels) <= MOST else [""] * len(labels)
        axes.set_yticks(range(len(labels)), names)
        axes.set_ylim(len(labels) - 0.4, -0.6)
        axes.set_xlabel(x)
        axes.grid(visible=True, axis="x")
        axes.margins(x=0.05)
        legend_below(figure, _keys(series, joined=False))
    return Drawing(figure, _rows(series, "row", labels))


def _line(axes: Axes, one: Series) -> None:
    look = _look(one)
    axes.errorbar(one.places, one.values, yerr=one.spreads, elinewidth=1.0, **look)
    known = np.isfinite(np.asarray(one.published, float))
    places, published = (np.asarray(values, float)[known] for values in (one.places, one.published))
    axes.plot(places, published, linestyle=DOTS, **look, **_hollow())


def _look(one: Series) -> dict[str, Any]:
    return {"color": one.style.color, "marker": one.style.marker}


def _hollow() -> dict[str, Any]:
    return {"markerfacecolor": "none", "markeredgewidth": 1.2, "markersize": 6.5, "linewidth": 1.1}


def _keys(series: Sequence[Series], *, joined: bool) -> list[Line2D]:
    """Explain the losses by colour, and hollow markers if there are any."""
    found = {one.name: one for one in series}
    lines: list[Any] = ["-", DOTS] if joined else ["", ""]
    keys = [Line2D([], [], linestyle=lines[0], label=short_label(name), **_look(one)) for name, one in found.items()]
    if any(np.isfinite(np.asarray(one.published, float)).any() for one in series):
        keys.append(Line2D([], [], color=INK, marker="o", linestyle=lines[1], label="published", **_hollow()))
    return keys


def _scales(axes: Axes, series: Sequence[Series], scale: Scale) -> None:
    places = [place for one in series for place in one.places]
    if min(places) > 0 and max(places) >= WIDE * min(places):
        axes.set_xscale("log")
        mark_powers(axes.xaxis, places)
    else:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10]))
    if scale == "log":
        _logarithmic(axes, axes.yaxis, [value for one in series for value in (*one.values, *one.published)])


def _logarithmic(axes: Axes, axis: Axis, values: Sequence[float]) -> None:
    """Make an axis logarithmic, if all of its numbers allow it."""
    known = np.asarray(values, float)
    known = known[np.isfinite(known)]
    if not known.size or known.min() <= 0:
        return
    (axes.set_xscale if axis is axes.xaxis else axes.set_yscale)("log")
    mark_powers(axis)


def _rows(series: Sequence[Series], place: str, labels: Sequence[str] = ()) -> list[dict[str, str | float]]:
    return [
        {
            "loss": one.name,
            "panel": one.panel,
            place: labels[int(at)] if labels else at,
            "mean": value,
            "std": spread,
            "published": published,
        }
        for one in series
        for at, value, spread, published in zip(one.places, one.values, one.spreads, one.published, strict=True)
    ]
