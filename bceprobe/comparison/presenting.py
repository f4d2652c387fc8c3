"""A comparison as a Report: curves, the final tables, provenance, methods."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from bceprobe.comparison.measures import measure_tables
from bceprobe.comparison.methods import methods
from bceprobe.comparison.provenance import provenance
from bceprobe.comparison.tables import final_table
from bceprobe.comparison.verdict import design, joined
from bceprobe.figures import Curve as Line
from bceprobe.figures import Panel, draw_curves, inline_svg, line_styles
from bceprobe.report import Figure, FigureGroup, Report, Section, printable
from bceprobe.report.numbers import SHARE, number, unit_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.comparison.model import Comparison, Curve, Quantity

Scale = Literal["linear", "log"]
BANDS = "Line: mean over the runs of an arm. Band: one standard deviation on either side."


def present(comparison: Comparison) -> Report:
    """Lay a comparison out; the same comparison always gives the same report."""
    labels = [arm.label for arm in comparison.arms]
    sections = (
        Section("curves", "Over the epochs", tuple(_groups(comparison))),
        Section("final", f"At epoch {comparison.epoch}", tuple(final_table(comparison, arm) for arm in labels[1:])),
        Section("measures", f"Every measure at epoch {comparison.epoch}", tuple(measure_tables(comparison))),
        Section("provenance", "Provenance", provenance(comparison)),
        Section("methods", "Methods", methods(comparison)),
    )
    return Report(" vs. ".join(labels), _facts(comparison), comparison.verdict(), sections)


def _facts(comparison: Comparison) -> tuple[tuple[str, str], ...]:
    settings = comparison.arms[0].settings
    known = [("Data", settings.get("data.name")), ("Model", settings.get("model.name"))]
    shown = [(name, printable(str(value))) for name, value in known if value]
    varied = joined([printable(key) for key in comparison.varied])
    shown += [("Arms differ in", varied)] if varied else []
    return (*shown, ("Runs", design(comparison)), ("Compared at epoch", str(comparison.epoch)))


def _groups(comparison: Comparison) -> list[FigureGroup]:
    """Group the quantities by scale: those that decay over orders of magnitude can be seen on either scale."""
    scales: list[tuple[Scale, ...]] = [("log", "linear"), ("linear",)]
    names, captions = ("collapse", "shares"), (f"Neural collapse. {BANDS}", f"Classification. {BANDS}")
    groups = []
    for name, caption, scale in zip(names, captions, scales, strict=True):
        chosen = [quantity for quantity in comparison.quantities if quantity.scale == scale[0]]
        figures = tuple(_figure(comparison, quantity, scale) for quantity in chosen)
        groups += [FigureGroup(name, caption, figures, scale if len(scale) > 1 else ())] if figures else []
    return groups


def _figure(comparison: Comparison, quantity: Quantity, scales: Sequence[Scale]) -> Figure:
    curves = [curve for curve in comparison.curves if curve.quantity == quantity]
    styles = line_styles([arm.loss or arm.label for arm in comparison.arms])
    lines = [_line(curve, style) for curve, style in zip(curves, styles, strict=True)]
    name, description = f"curve-{quantity.name}-{quantity.split}", _describe(curves, comparison.epoch)
    svg: dict[str, str] = {}
    for scale in scales:
        drawn = draw_curves(Panel(_title(quantity), lines, scale))
        svg[scale] = inline_svg(drawn, f"{name}-{scale}", f"{description} The axis is {scale}.")
    return Figure(name, description, svg)


def _line(curve: Curve, style: Any) -> Line:
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
