"""Uniform accuracy over the threshold: which share of samples one threshold classifies, a step line for each arm."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import PercentFormatter

from bceprobe.figures.base import Drawing, Prepared, figure
from bceprobe.figures.labels import number, percent, short_label
from bceprobe.figures.style import INK, styled

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from bceprobe.figures.base import About, Arm, Row
    from bceprobe.figures.style import LineStyle

SIZE = (4.3, 2.9)
LEGEND_ROW = 0.2
TITLE = "Samples that one threshold classifies"
BOUND = "accuracy of the same scores: an upper bound"
THIN = 0.9
DASH, TOP = 4.0, 1.04
LONGEST = 22


@dataclass(frozen=True)
class UniformCurve:
    """One arm: its label and look, its curve and the best point of it.

    Parameters
    ----------
    label, style
        Name and look.
    threshold, share
        Thresholds, increasing, (T,), and the share of samples that is classified from each one on to the next, (T,).
    best, maximum
        The threshold that classifies most samples, and their share; NaN and 0 if none classifies any.
    accuracy
        The accuracy of the same scores, which no threshold exceeds; None to leave it out.
    """

    label: str
    style: LineStyle
    threshold: NDArray[np.float64]
    share: NDArray[np.float64]
    best: float
    maximum: float
    accuracy: float | None = None


@figure("uniform", Prepared("uniform"))
def uniform(arms: Sequence[Arm], about: About) -> Drawing:
    """A_uni(t), the share of samples that one threshold t classifies: a line per run, its maximum marked."""
    curves = [[_curve(arm, data) for data in arm.data.values()] for arm in arms]
    several = any(len(own) > 1 for own in curves)
    flat = [curve for own in curves for curve in own]
    title = f"{TITLE}\n{about.place}" + "; means below" * several
    drawn = draw_uniform_curves(flat, title, [_together(own) for own in curves] if several else None)
    return Drawing(drawn, [row for arm in arms for run in arm.data for row in _rows(arm, run)])


def draw_uniform_curves(
    curves: Sequence[UniformCurve], title: str = TITLE, named: Sequence[UniformCurve] | None = None
) -> Figure:
    """Draw the curves of some arms: their maxima are marked, and named in the legend; accuracies are dashed.

    Parameters
    ----------
    curves, title
        What is drawn.
    named
        What the legend names in their place, such as the mean of several curves; then accuracies are left out.

    Returns
    -------
    matplotlib.figure.Figure
        Made without pyplot: nothing needs to be closed.
    """
    (width, height), shown = SIZE, curves if named is None else named
    with styled():
        figure = Figure(figsize=(width, height + LEGEND_ROW * len(shown)), layout="constrained")
        axes = figure.add_subplot()
        for position, curve in enumerate(curves):
            _draw(axes, curve)
            if named is None:
                _draw_accuracy(axes, curve, position, len(curves))
        axes.set(title=title, xlabel="threshold t", ylim=(0, TOP))
        axes.yaxis.set_major_formatter(PercentFormatter(1, symbol=" %"))
        figure.legend(handles=_handles(shown), loc="outside lower center")
    return figure


def _curve(arm: Arm, data: xr.Dataset) -> UniformCurve:
    names = ("uniform_threshold", "uniform_accuracy", "accuracy_without_bias")
    best, maximum, accuracy = (float(data.attrs[name]) for name in names)
    return UniformCurve(arm.label, arm.style, data["threshold"].values, data["share"].values, best, maximum, accuracy)


def _together(curves: Sequence[UniformCurve]) -> UniformCurve:
    """Describe several curves by the means of their maxima and of where these are."""
    first, maxima = curves[0], [curve.maximum for curve in curves]
    best = float(np.mean([curve.best for curve in curves]))
    return UniformCurve(first.label, first.style, first.threshold, first.share, best, float(np.mean(maxima)))


def _rows(arm: Arm, run: str) -> list[Row]:
    data = arm.data[run]
    pairs = zip(data["threshold"].values.tolist(), data["share"].values.tolist(), strict=True)
    return [{"arm": arm.label, "run": run, "threshold": at, "share": share, "units": "score"} for at, share in pairs]


def _draw(axes: Axes, curve: UniformCurve) -> None:
    color, label = curve.style.color, short_label(curve.label, LONGEST)
    axes.plot(curve.threshold, curve.share, color=color, drawstyle="steps-post", label=label)
    if not math.isnan(curve.best):
        axes.vlines(curve.best, 0, curve.maximum, color=color, linewidth=THIN, linestyle=":")
        axes.plot(curve.best, curve.maximum, color=color, marker=curve.style.marker, markersize=6.5, clip_on=False)


def _draw_accuracy(axes: Axes, curve: UniformCurve, position: int, count: int) -> None:
    """Draw a dashed line whose dashes lie in the gaps of the others, since accuracies are often equal."""
    if curve.accuracy is not None:
        dashes = (position * DASH, (DASH, DASH * max(1, count - 1)))
        axes.axhline(curve.accuracy, color=curve.style.color, linewidth=THIN, linestyle=dashes)


def _handles(curves: Sequence[UniformCurve]) -> list[Line2D]:
    handles = [
        Line2D([], [], color=curve.style.color, marker=curve.style.marker, label=_described(curve)) for curve in curves
    ]
    if any(curve.accuracy is not None for curve in curves):
        handles.append(Line2D([], [], color=INK, linewidth=THIN, linestyle=(0, (DASH, DASH)), label=BOUND))
    return handles


def _described(curve: UniformCurve) -> str:
    where = "" if math.isnan(curve.best) else f" at t = {number(curve.best)}"
    return f"{short_label(curve.label, LONGEST)}: {percent(curve.maximum)}{where}"
