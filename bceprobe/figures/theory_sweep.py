"""Scores and threshold of the optimum over one setting: a panel per loss, regimes marked, published values beside.

The three quantities differ by dashes and marker shapes, the losses by panel and colour, so that it reads in grey, too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.legend_handler import HandlerTuple
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from bceprobe.figures.style import INK, styled
from bceprobe.figures.ticks import mark_powers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from bceprobe.figures.style import LineStyle

# Inches: a panel of a sweep, a narrow one, what is around all of them, the height, that of the legend.
WIDE, NARROW, AROUND = 3.5, 1.75, 1.0
HEIGHT, LEGEND = 3.4, 0.7
# Of each quantity: its name, dashes, width, and its marker; None: that of the loss.
QUANTITIES: dict[str, tuple[str, Any, float, str | None]] = {
    "positive": ("positive score", "-", 1.5, "^"),
    "threshold": ("threshold b", (0, (3.2, 1.9)), 2.2, None),
    "negative": ("negative score", (0, (5, 1.4, 1, 1.4)), 1.3, "v"),
}
DOTS: Any = (0, (1, 1.3))
SMALL, POINTS_PER_INCH = 8.0, 72
# Of small text: a letter and a line in inches; above the panel and at its foot, as shares of its height: gaps, a line.
LETTER, LINE, GAP, FOOT = 0.068, 0.13, 0.015, 0.075
SHADE: dict[str, Any] = {"color": INK, "alpha": 0.06, "linewidth": 0}
GAPS: dict[str, Any] = {"facecolor": "none", "edgecolor": INK, "alpha": 0.3, "hatch": "///", "linewidth": 0}
UNKNOWN = "unknown: no closed form for so small a d"
# Up to so many values each is marked.
FEW = 30


@dataclass(frozen=True)
class Scores:
    """Positive score, threshold and negative score at some places of the x axis, all (X,); NaN where there is none."""

    x: Sequence[float]
    positive: Sequence[float]
    threshold: Sequence[float]
    negative: Sequence[float]


@dataclass(frozen=True)
class Regime:
    """A stretch of the x axis with its name: plain, shaded, or hatched as a gap, where nothing is known."""

    name: str
    low: float
    high: float
    look: Literal["plain", "shaded", "gap"] = "plain"


@dataclass(frozen=True)
class SweepPanel:
    """One panel.

    Parameters
    ----------
    title, xlabel
        Such as the loss, and the setting that is swept.
    style
        Look of the loss.
    optimum
        What theory says, drawn as lines.
    regimes
        In the order of x, each from where the one before ends; together they are as wide as the panel.
    published
        Drawn as hollow markers.
    forecast
        Places and thresholds of a forecast, (X,) each, drawn as a dotted line.
    scale
        Of the x axis; a linear one makes a narrow panel.
    mark
        Text at the first switch between regimes.
    note
        A remark, such as what is not drawn.
    """

    title: str
    xlabel: str
    style: LineStyle
    optimum: Scores
    regimes: Sequence[Regime]
    published: Scores | None = None
    forecast: tuple[Sequence[float], Sequence[float]] | None = None
    scale: Literal["linear", "log"] = "log"
    mark: str = ""
    note: str = ""


def draw_theory_sweep(panels: Sequence[SweepPanel], title: str, *, published: str = "", forecast: str = "") -> Figure:
    """Draw panels side by side on one y axis.

    Parameters
    ----------
    panels
        From left to right.
    title
        Of the whole: what it is the optimum of.
    published, forecast
        What the legend calls these.

    Returns
    -------
    matplotlib.figure.Figure
        Made without pyplot: nothing needs to be closed.
    """
    widths = [_width(panel) for panel in panels]
    handles = _handles(panels, published, forecast)
    with styled():
        figure = Figure(figsize=(sum(widths) + AROUND, HEIGHT + LEGEND), layout=ConstrainedLayoutEngine(w_pad=0.1))
        row = figure.subplots(1, len(panels), sharey=True, width_ratios=widths, squeeze=False)[0]
        for axes, panel in zip(row, panels, strict=True):
            _draw(axes, panel)
        _title(row, panels)
        _make_room(row[0], panels)
        row[0].set_ylabel("score")
        row[0].yaxis.set_major_locator(MaxNLocator(nbins=8, steps=[1, 2, 5, 10]))
        figure.suptitle(title, size=9.0)
        _explain(figure, handles)
    return figure


def _width(panel: SweepPanel) -> float:
    return WIDE if panel.scale == "log" else NARROW


def _draw(axes: Axes, panel: SweepPanel) -> None:
    axes.set_xscale(panel.scale)
    axes.set_xlabel(panel.xlabel)
    axes.set_xlim(panel.regimes[0].low, panel.regimes[-1].high)
    _mark_x(axes)
    _draw_regimes(axes, panel)
    for name in QUANTITIES:
        _draw_line(axes, panel, name)
    if panel.forecast:
        axes.plot(*panel.forecast, color=INK, linestyle=DOTS, linewidth=1.6, label="forecast")
    if panel.published:
        _draw_published(axes, panel.published, panel.style)
    if panel.note:
        axes.text(2 * GAP, 2 * GAP, panel.note, transform=axes.transAxes, size=SMALL, va="bottom")


def _mark_x(axes: Axes) -> None:
    """Label whole powers of ten on a logarithmic axis, and a few numbers on another one."""
    if axes.get_xscale() == "linear":
        axes.xaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10], integer=True))
        return
    mark_powers(axes.xaxis)


def _draw_regimes(axes: Axes, panel: SweepPanel) -> None:
    """Shade and hatch the regimes, draw lines between them, and name them above."""
    for regime in panel.regimes:
        if regime.look != "plain":
            axes.axvspan(regime.low, regime.high, **(GAPS if regime.look == "gap" else SHADE))
    for regime in panel.regimes[1:]:
        axes.axvline(regime.low, color=INK, linewidth=0.7, alpha=0.6)
    for regime in panel.regimes:
        _name(axes, regime, upright=_upright(axes, regime, panel))
    if panel.mark and panel.regimes[1:]:
        _mark_switch(axes, panel)


def _name(axes: Axes, regime: Regime, *, upright: bool) -> None:
    middle = sum(_shares(axes, regime.low, regime.high)) / 2
    about: dict[str, Any] = {"ha": "center", "va": "bottom", "size": SMALL, "style": "italic"}
    axes.text(middle, 1 + GAP, regime.name, transform=axes.transAxes, rotation=90 * upright, **about)


def _upright(axes: Axes, regime: Regime, panel: SweepPanel) -> bool:
    """Tell whether a regime is narrower than its name."""
    low, high = _shares(axes, regime.low, regime.high)
    return (high - low) * _width(panel) < LETTER * len(regime.name)


def _mark_switch(axes: Axes, panel: SweepPanel) -> None:
    """Write at the foot of the first switch, on the side that is wider."""
    (share,) = _shares(axes, panel.regimes[1].low)
    left = share > 1 / 2
    about: dict[str, Any] = {"ha": "right" if left else "left", "size": SMALL, "textcoords": "offset points"}
    axes.annotate(panel.mark, (share, 2 * GAP), (-3 if left else 3, 0), axes.transAxes, **about)


def _title(row: Sequence[Axes], panels: Sequence[SweepPanel]) -> None:
    """Write the titles at one height, above the names of all regimes."""
    upright = [
        LETTER * len(regime.name)
        for axes, panel in zip(row, panels, strict=True)
        for regime in panel.regimes
        if _upright(axes, regime, panel)
    ]
    for axes, panel in zip(row, panels, strict=True):
        axes.set_title(panel.title, pad=POINTS_PER_INCH * max([LINE, *upright]) + 6)


def _make_room(axes: Axes, panels: Sequence[SweepPanel]) -> None:
    """Lengthen the y axis, which all panels share, at its foot, so that no line runs through what is written there."""
    lines = max(len(text.splitlines()) for panel in panels for text in (panel.mark, panel.note))
    low, high = axes.get_ylim()
    axes.set_ylim(low - FOOT * lines * (high - low), high)


def _shares(axes: Axes, *places: float) -> list[float]:
    """Tell where places of the x axis are: 0 at the left end of the panel, 1 at the right."""
    low, high = axes.get_xlim()
    ends = np.array([low, *places, high])
    at = np.log(ends) if axes.get_xscale() == "log" else ends
    return [float(share) for share in (at[1:-1] - at[0]) / (at[-1] - at[0])]


def _draw_line(axes: Axes, panel: SweepPanel, name: str) -> None:
    """Draw a quantity; gaps stay open, and a value without neighbours is a dot."""
    _, dashes, width, _ = QUANTITIES[name]
    values = np.asarray(getattr(panel.optimum, name), float)
    dots = _alone(values) if len(values) > FEW else np.isfinite(values)
    axes.plot(
        panel.optimum.x,
        values,
        color=panel.style.color,
        linestyle=dashes,
        linewidth=width,
        marker="." if panel.scale == "log" else None,
        markevery=np.flatnonzero(dots).tolist(),
        clip_on=False,
        label=name,
    )


def _alone(values: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Tell which values have undefined ones on both sides."""
    known: NDArray[np.bool_] = np.pad(np.isfinite(values), 1)
    return known[1:-1] & ~known[:-2] & ~known[2:]


def _draw_published(axes: Axes, published: Scores, style: LineStyle) -> None:
    for name, (_, _, _, marker) in QUANTITIES.items():
        axes.plot(
            published.x,
            getattr(published, name),
            clip_on=False,
            label=f"published {name}",
            **_hollow(marker or style.marker, style.color),
        )


def _hollow(marker: str, color: str) -> dict[str, Any]:
    return {"linestyle": "", "marker": marker, "color": color, "markerfacecolor": "none", "markersize": 6.0}


def _handles(panels: Sequence[SweepPanel], published: str, forecast: str) -> list[tuple[Any, str]]:
    """List what the legend explains: the lines, and what else there is in any panel."""
    found: list[tuple[Any, str]] = [
        (Line2D([], [], color=INK, linestyle=dashes, linewidth=width), name)
        for name, dashes, width, _ in QUANTITIES.values()
    ]
    if any(panel.forecast for panel in panels):
        found.append((Line2D([], [], color=INK, linestyle=DOTS), forecast))
    if any(panel.published for panel in panels):
        own = dict.fromkeys(panel.style.marker for panel in panels)
        marks = [mark for _, _, _, marker in QUANTITIES.values() for mark in ([marker] if marker else own)]
        found.append((tuple(Line2D([], [], **_hollow(mark, INK)) for mark in marks), published))
    if any(regime.look == "gap" for panel in panels for regime in panel.regimes):
        found.append((Patch(**GAPS), UNKNOWN))
    return found


def _explain(figure: Figure, handles: Sequence[tuple[Any, str]]) -> None:
    """Write the legend below: the lines of theory side by side, or in a column if there is more."""
    lines, more = len(QUANTITIES), len(handles) > len(QUANTITIES)
    nothing = [(Line2D([], [], linestyle=""), "")] * (2 * lines - len(handles) if more else 0)
    marks, names = zip(*handles, *nothing, strict=True)
    columns, together = 2 if more else lines, {tuple: HandlerTuple(ndivide=None, pad=0.5)}
    figure.legend(marks, names, loc="outside lower center", ncols=columns, handlelength=3.2, handler_map=together)
