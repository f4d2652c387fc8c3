"""A forest of estimates: a row per setting with its interval, and the overall one below."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bceprobe.figures.base import Drawing
from bceprobe.figures.labels import short_label
from bceprobe.figures.layout import head
from bceprobe.figures.style import BLUE_DIAMOND, INK, RED_CIRCLE, styled
from bceprobe.figures.ticks import mark_powers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes

# Inches; rows of a crowd share the height of so many.
WIDTH, ROW, FRAME, MOST, LONGEST = 6.4, 0.23, 1.0, 24, 40


@dataclass(frozen=True)
class Estimate:
    """A row: its name, its value, and the ends of its interval (NaN: none)."""

    label: str
    value: float
    low: float = math.nan
    high: float = math.nan


def draw_forest(
    rows: Sequence[Estimate],
    overall: Estimate,
    title: str,
    *,
    null: float = 0.0,
    published: float = math.nan,
    units: str = "",
) -> Drawing:
    """Draw estimates with their intervals, the overall one as a diamond, and a published one as a dotted line.

    Ratios (with a `null` of 1) have a logarithmic axis.
    """
    with styled():
        figure = Figure(figsize=(WIDTH, FRAME + ROW * min(len(rows) + 1, MOST)), layout="constrained")
        axes = figure.add_subplot()
        if null == 1:
            axes.set_xscale("log")
            mark_powers(axes.xaxis)
        _rows(axes, rows, overall)
        axes.axvline(null, color=INK, linewidth=0.9, zorder=1)
        if math.isfinite(published):
            axes.axvline(published, color=INK, linestyle="dotted", linewidth=1.2)
            axes.legend(handles=[Line2D([], [], color=INK, linestyle="dotted", label="published")], loc="best")
        head(figure, title)
        axes.set_xlabel(units)
        axes.grid(visible=True, axis="x")
    return Drawing(figure, [_numbers(row, units) for row in (*rows, overall)])


def _rows(axes: Axes, rows: Sequence[Estimate], overall: Estimate) -> None:
    for at, row in enumerate(rows):
        _interval(axes, row, len(rows) - at, BLUE_DIAMOND.color, "o")
    _interval(axes, overall, 0, RED_CIRCLE.color, "D")
    crowd = len(rows) > MOST
    names = [short_label(row.label, LONGEST) for row in rows] if not crowd else [""] * len(rows)
    axes.set_yticks(range(len(rows) + 1), [overall.label, *reversed(names)])
    axes.set_ylim(-0.6, len(rows) + 0.6)
    axes.grid(visible=False, axis="y")


def _interval(axes: Axes, row: Estimate, at: int, color: str, marker: str) -> None:
    axes.plot([row.low, row.high], [at, at], color=color, linewidth=1.3)
    axes.plot([row.value], [at], color=color, marker=marker, linestyle="")


def _numbers(row: Estimate, units: str) -> dict[str, str | float]:
    return {"setting": row.label, "value": row.value, "low": row.low, "high": row.high, "units": units}
