"""The section of a report that sets thresholds and scores against the optimum of theory."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bceprobe.comparison.anchors import slug
from bceprobe.comparison.drawing import BANDS, arm_styles, curve_figure, legend
from bceprobe.comparison.wording import joined, some
from bceprobe.figures import Reference
from bceprobe.figures.style import INK
from bceprobe.report import Cell as Entry
from bceprobe.report import Column, FigureGroup, Table, Text
from bceprobe.report.numbers import UNDEFINED, difference, mean_and_spread, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bceprobe.comparison.design import Cell
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
    caption = " ".join(_caption(comparison))
    for cell in comparison.design.cells:
        name, under = (f"optima-{slug(cell.label)}", f"With {cell.label}. ") if cell.label else ("optima", "")
        figures = tuple(_figures(comparison, cell))
        yield FigureGroup(name, f"{under}{caption}", figures, legend=legend(comparison, cell))
    for said, arms in _sentences(comparison).items():
        yield Text(f"{joined(some(arms))}: {said}")
    yield _table(comparison)


def _sentences(comparison: Comparison) -> dict[str, list[str]]:
    """Collect what is known of optima, and of which arms it is."""
    found: dict[str, list[str]] = {}
    for arm in comparison.optima:
        found.setdefault(" ".join(arm.sentences), []).append(arm.arm)
    return found


def _caption(comparison: Comparison) -> Iterator[str]:
    yield BANDS
    approaches = [one for arm in comparison.optima for one in arm.approaches]
    if any(math.isfinite(one.optimum) for one in approaches):
        yield DASHED
    if any(one.forecast for one in approaches):
        yield DOTTED
    if free := [arm.arm for arm in comparison.optima if arm.undetermined]:
        yield UNDETERMINED.format(joined(free))


def _figures(comparison: Comparison, cell: Cell) -> Iterator[Figure]:
    styles, labels = arm_styles(comparison), {arm.label for arm in cell.arms}
    for approaches in zip(*(arm.approaches for arm in comparison.optima if arm.arm in labels), strict=True):
        curves = [one.curve for one in approaches]
        references = [line for one in approaches for line in _references(one, styles[one.curve.arm])]
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


def _row(arm: ArmOptimum, one: Approach, epoch: int) -> tuple[Entry, ...]:
    at = one.curve.epoch.index(epoch)
    mean, forecast = one.curve.mean[at], one.forecast[at] if one.forecast else math.nan
    numbers = [
        (mean_and_spread(mean, one.curve.std[at]), mean),
        (number(one.optimum), one.optimum),
        (difference(one.distance(epoch)), one.distance(epoch)),
        (number(forecast), forecast),
        (difference(mean - forecast), mean - forecast),
    ]
    cells = (Entry(text, value if math.isfinite(value) else None) for text, value in numbers)
    return (Entry(arm.arm), Entry(arm.regime or UNDEFINED), Entry(one.curve.quantity.short), *cells)
