"""A comparison as a Report: curves, the final tables, provenance, methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.comparison.against import optimum_blocks
from bceprobe.comparison.anchors import FINAL, slug
from bceprobe.comparison.course_blocks import course_blocks
from bceprobe.comparison.drawing import BANDS, Scale, curve_figure, legend
from bceprobe.comparison.framing import frame_blocks
from bceprobe.comparison.gallery import gallery
from bceprobe.comparison.measures import measure_tables
from bceprobe.comparison.methods import methods
from bceprobe.comparison.provenance import provenance
from bceprobe.comparison.sample_blocks import sample_blocks
from bceprobe.comparison.tables import final_tables
from bceprobe.comparison.wording import count, design_words, joined, some
from bceprobe.report import Details, Figure, FigureGroup, Report, Section, printable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bceprobe.comparison.design import Cell, Design
    from bceprobe.comparison.model import Comparison, Quantity
    from bceprobe.report.model import Block


def present(comparison: Comparison) -> Report:
    """Lay a comparison out; the same comparison always gives the same report."""
    sections = (
        Section("curves", "Over the epochs", tuple(_curves(comparison))),
        Section(FINAL, f"At {comparison.moment.words}", tuple(final_tables(comparison))),
        *([Section("courses", "On the way", tuple(course_blocks(comparison)))] if comparison.courses else []),
        *([Section("samples", "These models", tuple(sample_blocks(comparison)))] if comparison.samples else []),
        *([Section("optimum", "Against the optimum", tuple(optimum_blocks(comparison)))] if comparison.optima else []),
        Section("frames", f"Epoch by epoch{_within(comparison.design)}", tuple(frame_blocks(comparison.frames))),
        Section("gallery", "More figures", tuple(gallery(comparison))),
        Section("measures", f"Every measure at epoch {comparison.epoch}", tuple(measure_tables(comparison))),
        Section("provenance", "Provenance", provenance(comparison)),
        Section("methods", "Methods", methods(comparison)),
    )
    return Report(" vs. ".join(some(comparison.design.levels)), _facts(comparison), comparison.verdict(), sections)


def _within(design: Design) -> str:
    """Say of which cell something is, where there are several."""
    return f" with {design.cells[0].label}" if design.factorial else ""


def _facts(comparison: Comparison) -> tuple[tuple[str, str], ...]:
    design, settings = comparison.design, comparison.arms[0].settings
    keys = {"Data": "data.name", "Model": "model.name"}
    known = {name: settings.get(key) for name, key in keys.items() if key not in design.factors}
    shown = [(name, printable(str(value))) for name, value in known.items() if value]
    compared = [design.factor] if design.factor else list(comparison.varied)
    shown += [("Arms differ in", joined(some([printable(key) for key in compared])))] if compared else []
    factors = [f"{printable(key)} ({count(len(values), 'value')})" for key, values in design.factors.items()]
    shown += [("Within settings of", joined(some(factors)))] if factors else []
    return (*shown, ("Runs", design_words(comparison)), ("Compared at", comparison.moment.words))


def _curves(comparison: Comparison) -> Iterator[Block]:
    """Lay out the curves, cell by cell, all but those of the first folded away."""
    for number, cell in enumerate(comparison.design.cells):
        groups = tuple(_groups(comparison, cell))
        if number and groups:
            yield Details(f"With {cell.label}", groups)
        else:
            yield from groups


def _groups(comparison: Comparison, cell: Cell) -> Iterator[FigureGroup]:
    """Group the quantities by scale: those that decay over orders of magnitude can be seen on either scale."""
    scales: list[tuple[Scale, ...]] = [("log", "linear"), ("linear",)]
    names, captions = ("collapse", "shares"), ("Neural collapse", "Classification")
    under, ending = (f" with {cell.label}", f"-{slug(cell.label)}") if cell.label else ("", "")
    for name, caption, scale in zip(names, captions, scales, strict=True):
        chosen = [quantity for quantity in comparison.quantities if quantity.scale == scale[0]]
        figures = tuple(_figure(comparison, quantity, cell, scale) for quantity in chosen)
        if figures:
            switch = scale if len(scale) > 1 else ()
            yield FigureGroup(
                f"{name}{ending}", f"{caption}{under}. {BANDS}", figures, switch, legend(comparison, cell)
            )


def _figure(comparison: Comparison, quantity: Quantity, cell: Cell, scales: tuple[Scale, ...]) -> Figure:
    labels = {arm.label for arm in cell.arms}
    curves = [curve for curve in comparison.curves if curve.quantity == quantity and curve.arm in labels]
    return curve_figure(comparison, curves, scales)
