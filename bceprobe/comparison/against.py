"""The section of a report that sets thresholds and scores against the optimum of theory."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bceprobe.comparison.drawing import BANDS, arm_styles, curve_figure, legend
from bceprobe.comparison.verdict import joined
from bceprobe.figures import Reference
from bceprobe.figures.style import INK
from bceprobe.report import Cell, Column, FigureGroup, Table, Text
from bceprobe.report.numbers import UNDEFINED, difference, mean_and_spread, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bceprobe.comparison.model import Comparison
    from bceprobe.comparison.optima import Approach, ArmOptimum
    from bceprobe.figures import LineStyle
    from bceprobe.report import Figure
    from bceprobe.report.model import Block

INTRODUCTION = (
    "Thresholds and scores on the train split beside the optimum: the global minimum of the layer-peeled problem "
    "(paper eq. 3), which they would reach if the features were free, with n = batch size / K (derived). The threshold "
    "b is -(PyTorch's bias). None of this is tested."
)
DASHED = "Dashed: the optimum of the arm of that colour."
DOTTED = "Dotted: CE's mean threshold as forecast from its decay by SGD alone, without any data (derived)."
UNDETERMINED = "No optimum is drawn for the threshold of {}: at lambda_b = 0 CE takes any, and keeps its initial mean."
NOTE = "Distance: mean measured minus optimum."
OFF = " Off forecast: mean measured minus forecast."


def optimum_blocks(comparison: Comparison) -> Iterator[Block]:
    """Lay out figures, a table, and what is known of each arm."""
    yield Text(INTRODUCTION)
    figures = tuple(_figures(comparison))
    yield FigureGroup("optima", " ".join(_caption(comparison)), figures, legend=legend(comparison))
    yield from (Text(f"{arm.arm}: {' '.join(arm.sentences)}") for arm in comparison.optima)
    yield _table(comparison)


def _caption(comparison: Comparison) -> Iterator[str]:
    yield BANDS
    approaches = [one for arm in comparison.optima for one in arm.approaches]
    if any(math.isfinite(one.optimum) for one in approaches):
        yield DASHED
    if any(one.forecast for one in approaches):
        yield DOTTED
    if free := [arm.arm for arm in comparison.optima if arm.undetermined]:
        yield UNDETERMINED.format(joined(free))


def _figures(comparison: Comparison) -> Iterator[Figure]:
    styles = arm_styles(comparison)
    for approaches in zip(*(arm.approaches for arm in comparison.optima), strict=True):
        curves = [one.curve for one in approaches]
        references = [line for one, style in zip(approaches, styles, strict=True) for line in _references(one, style)]
        yield curve_figure(comparison, curves, references=references, also=_in_words(approaches))


def _references(one: Approach, style: LineStyle) -> Iterator[Reference]:
    """Draw the optimum in the colour of its arm; the forecast lies on the curve and would not be seen in it."""
    if math.isfinite(one.optimum):
        yield Reference("optimum", style.color, "dashed", [one.optimum])
    if one.forecast:
        yield Reference("forecast", INK, "dotted", one.forecast, one.curve.epoch)


def _in_words(approaches: tuple[Approach, ...]) -> str:
    known = [f"{one.curve.arm} {number(one.optimum)}" for one in approaches if math.isfinite(one.optimum)]
    return f"Optimum: {', '.join(known)}." if known else ""


def _table(comparison: Comparison) -> Table:
    """Lay out a row per arm and quantity that theory expects something of."""
    forecast = any(one.forecast for arm in comparison.optima for one in arm.approaches)
    titles = ["Measured", "Optimum", "Distance", *(["Forecast", "Off forecast"] * forecast)]
    columns = (Column("Arm"), Column("Regime"), Column("Quantity"), *(Column(title, numeric=True) for title in titles))
    rows = [
        _row(arm, one, comparison.epoch)[: len(columns)]
        for arm in comparison.optima
        for one in arm.approaches
        if one.expected
    ]
    caption = f"Against the optimum on the train split at epoch {comparison.epoch}"
    return Table(caption, columns, tuple(rows), NOTE + OFF * forecast, sortable=False)


def _row(arm: ArmOptimum, one: Approach, epoch: int) -> tuple[Cell, ...]:
    at = one.curve.epoch.index(epoch)
    mean, forecast = one.curve.mean[at], one.forecast[at] if one.forecast else math.nan
    numbers = [
        (mean_and_spread(mean, one.curve.std[at]), mean),
        (number(one.optimum), one.optimum),
        (difference(one.distance(epoch)), one.distance(epoch)),
        (number(forecast), forecast),
        (difference(mean - forecast), mean - forecast),
    ]
    cells = (Cell(text, value if math.isfinite(value) else None) for text, value in numbers)
    return (Cell(arm.arm), Cell(arm.regime or UNDEFINED), Cell(one.curve.quantity.short), *cells)
