"""Curves over epochs: a line for the mean over the seeds of each arm, a band of one standard deviation around it.

Beside them references may be drawn, such as where theory says that a curve ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from bceprobe.figures.labels import short_label
from bceprobe.figures.style import INK, styled
from bceprobe.figures.ticks import mark_powers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from bceprobe.figures.style import LineStyle

SIZE = (4.3, 2.9)
MARKERS = 8


class Band(NamedTuple):
    """Where a band begins and ends at each epoch."""

    low: Sequence[float]
    high: Sequence[float]


@dataclass(frozen=True)
class Curve:
    """One arm: its label and look, and per epoch the mean and standard deviation over its seeds (NaN: undefined).

    `band` takes the place of one standard deviation on either side; `line` tells arms of one loss apart.
    """

    label: str
    style: LineStyle
    epoch: Sequence[int]
    mean: Sequence[float]
    std: Sequence[float]
    band: Band | None = None
    line: str = "-"


@dataclass(frozen=True)
class Reference:
    """What a curve is held against: a level over all epochs if `epoch` is empty, else a curve of its own.

    The legend has an entry for each `name`, without colour. `color` is that of the curve it belongs to, or another one
    where it lies on that curve.
    """

    name: str
    color: str
    line: Literal["dashed", "dotted"]
    value: Sequence[float]
    epoch: Sequence[int] = ()


@dataclass(frozen=True)
class Panel:
    """One quantity over epochs for all arms. `title` names the quantity, as it does duty for a y label."""

    title: str
    curves: Sequence[Curve]
    scale: Literal["linear", "log"] = "linear"
    references: Sequence[Reference] = ()


def draw_curves(panel: Panel) -> Figure:
    """Draw a panel.

    On a logarithmic axis the band ends at the lower edge of the axis where mean - std goes below it; without any
    positive mean the axis is linear.

    Returns
    -------
    matplotlib.figure.Figure
        Made without pyplot: nothing needs to be closed.
    """
    with styled():
        figure = Figure(figsize=SIZE, layout="constrained")
        axes = figure.add_subplot()
        fill(axes, panel)
        legend = axes.legend(handles=[*axes.get_legend_handles_labels()[0], *_keys(panel)], loc="best")
        # A page has one legend for many figures, and hides this one: it takes no room.
        legend.set(gid="legend", in_layout=False)
    return figure


def fill(axes: Axes, panel: Panel) -> None:
    """Draw a panel into axes, without a legend."""
    _scale(axes, panel)
    for position, curve in enumerate(panel.curves):
        _draw(axes, curve, position, len(panel.curves))
    for reference in panel.references:
        _refer(axes, reference)
    axes.set_title(panel.title)
    axes.set_xlabel("epoch")
    axes.xaxis.set_major_locator(MaxNLocator(nbins=6, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))


def _scale(axes: Axes, panel: Panel) -> None:
    """Set the limits before drawing: a log axis shows all means, a linear axis of a decaying quantity starts at 0."""
    epochs = np.concatenate([curve.epoch for curve in panel.curves])
    margin = max(0.5, 0.02 * float(np.ptp(epochs)))
    axes.set_xlim(epochs.min() - margin, epochs.max() + margin)
    positive = _values(panel)
    positive = positive[positive > 0]
    if panel.scale == "log" and positive.size:
        axes.set_yscale("log", nonpositive="clip")
        axes.set_ylim(positive.min() / 1.6, positive.max() * 1.6)
        mark_powers(axes.yaxis)


def _values(panel: Panel) -> NDArray[np.float64]:
    bands = [edge for curve in panel.curves if curve.band for edge in curve.band]
    values = [*(curve.mean for curve in panel.curves), *bands, *(reference.value for reference in panel.references)]
    return np.concatenate([np.asarray(each, float) for each in values])


def _draw(axes: Axes, curve: Curve, position: int, count: int) -> None:
    epoch, mean, std = (np.asarray(values, float) for values in (curve.epoch, curve.mean, curve.std))
    step = max(1, round(len(epoch) / MARKERS))
    axes.plot(
        epoch,
        mean,
        color=curve.style.color,
        linestyle=curve.line,
        marker=curve.style.marker,
        markevery=(min(position * step // count, len(epoch) - 1), step),
        label=short_label(curve.label),
        gid=f"arm-{position}",
    )
    low, high = (np.asarray(edge, float) for edge in curve.band or (mean - std, mean + std))
    if np.isfinite(high - low).any():
        bottom = axes.get_ylim()[0] if axes.get_yscale() == "log" else -np.inf
        look: dict[str, Any] = {"color": curve.style.color, "alpha": 0.18, "linewidth": 0}
        axes.fill_between(epoch, np.maximum(low, bottom), high, gid=f"arm-{position}", **look)


def _refer(axes: Axes, reference: Reference) -> None:
    """Draw a reference over the curves, so that it is seen where it lies on one."""
    look: dict[str, Any] = {"color": reference.color, "linestyle": reference.line, "linewidth": 1.2, "zorder": 3}
    if reference.epoch:
        axes.plot(reference.epoch, reference.value, **look)
    else:
        axes.axhline(reference.value[0], **look)


def _keys(panel: Panel) -> list[Line2D]:
    """Explain each kind of reference once, dashed ones first."""
    kinds = sorted({(reference.line, reference.name) for reference in panel.references})
    return [Line2D([], [], color=INK, linestyle=line, linewidth=1.2, label=name) for line, name in kinds]
