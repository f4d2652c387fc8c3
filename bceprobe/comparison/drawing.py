"""Figures of a report: the curves of all arms, each with its numbers in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from bceprobe.comparison.anchors import figure_name, ways_from_figure
from bceprobe.figures import Curve as Line
from bceprobe.figures import LineStyle, Panel, draw_curves, inline_svg, line_styles
from bceprobe.report import Figure, Key, Numbers
from bceprobe.report.numbers import SHARE, number, unit_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.comparison.design import Cell
    from bceprobe.comparison.model import Comparison, Curve, Quantity
    from bceprobe.figures import Reference

Scale = Literal["linear", "log"]
BANDS = "Line: mean over the runs of an arm. Band: one standard deviation on either side."


def curve_figure(
    comparison: Comparison,
    curves: Sequence[Curve],
    scales: Sequence[Scale] = ("linear",),
    references: Sequence[Reference] = (),
    also: str = "",
) -> Figure:
    """Draw a quantity.

    Parameters
    ----------
    comparison
        Whose arms have these looks.
    curves
        Of one quantity, for the arms of a cell.
    scales
        Of the axis.
    references
        What else is drawn.
    also
        A sentence that says that in words.
    """
    quantity, styles = curves[0].quantity, arm_styles(comparison)
    lines = [_line(curve, styles[curve.arm]) for curve in curves]
    cell = next(arm.cell for arm in comparison.arms if arm.label == curves[0].arm)
    name = figure_name(quantity, cell)
    description = " ".join([_describe(curves, comparison.epoch), *([also] if also else [])])
    svg: dict[str, str] = {}
    for scale in scales:
        drawn = draw_curves(Panel(_title(quantity), lines, scale, references))
        svg[scale] = inline_svg(drawn, f"{name}-{scale}", f"{description} The axis is {scale}.")
    return Figure(name, description, svg, _numbers(curves), ways_from_figure(quantity, comparison.rows, cell))


def arm_styles(comparison: Comparison) -> dict[str, LineStyle]:
    """Give each arm its look, by label: equal levels look alike in every cell."""
    levels = comparison.design.levels
    losses = {arm.level: arm.loss or arm.label for arm in reversed(comparison.arms)}
    looks = dict(zip(levels, line_styles([losses[level] for level in levels]), strict=True))
    return {arm.label: looks[arm.level] for arm in comparison.arms}


def legend(comparison: Comparison, cell: Cell) -> tuple[Key, ...]:
    """Name the arms of a cell with their looks, in the order in which they are drawn."""
    styles = arm_styles(comparison)
    return tuple(Key(arm.label, styles[arm.label].color, styles[arm.label].glyph) for arm in cell.arms)


def _numbers(curves: Sequence[Curve]) -> Numbers:
    """Lay out the drawn numbers, a row per arm and epoch, in the units of the quantity."""
    rows = [(curve.arm, *row) for curve in curves for row in zip(curve.epoch, curve.mean, curve.std, strict=True)]
    return Numbers(("arm", "epoch", "mean", "std"), tuple(rows))


def _line(curve: Curve, style: LineStyle) -> Line:
    factor = unit_of(curve.quantity.units).factor
    mean, std = ([factor * value for value in values] for values in (curve.mean, curve.std))
    return Line(curve.arm, style, curve.epoch, mean, std)


def _title(quantity: Quantity) -> str:
    percent = " (%)" if unit_of(quantity.units) is SHARE else ""
    return f"{quantity.long_name}, {quantity.split}{percent}"


def _describe(curves: Sequence[Curve], epoch: int) -> str:
    """Say in words what a figure shows, for those who cannot see it."""
    quantity = curves[0].quantity
    ends = [f"{curve.arm} {number(curve.mean[curve.epoch.index(epoch)], unit_of(quantity.units))}" for curve in curves]
    return f"{quantity.long_name}, {quantity.split} split, by epoch. At epoch {epoch}: {', '.join(ends)}."
