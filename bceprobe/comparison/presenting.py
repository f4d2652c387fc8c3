"""A comparison as a Report: curves, the final tables, provenance, methods."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.comparison.against import optimum_blocks
from bceprobe.comparison.drawing import BANDS, Scale, curve_figure, legend
from bceprobe.comparison.framing import frame_blocks
from bceprobe.comparison.measures import measure_tables
from bceprobe.comparison.methods import methods
from bceprobe.comparison.provenance import provenance
from bceprobe.comparison.tables import final_table
from bceprobe.comparison.verdict import design, joined
from bceprobe.report import Figure, FigureGroup, Report, Section, printable

if TYPE_CHECKING:
    from bceprobe.comparison.model import Comparison, Quantity


def present(comparison: Comparison) -> Report:
    """Lay a comparison out; the same comparison always gives the same report."""
    labels = [arm.label for arm in comparison.arms]
    sections = (
        Section("curves", "Over the epochs", tuple(_groups(comparison))),
        Section("final", f"At epoch {comparison.epoch}", tuple(final_table(comparison, arm) for arm in labels[1:])),
        *([Section("optimum", "Against the optimum", tuple(optimum_blocks(comparison)))] if comparison.optima else []),
        Section("frames", "Epoch by epoch", tuple(frame_blocks(comparison.frames))),
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
        switch = scale if len(scale) > 1 else ()
        groups += [FigureGroup(name, caption, figures, switch, legend(comparison))] if figures else []
    return groups


def _figure(comparison: Comparison, quantity: Quantity, scales: tuple[Scale, ...]) -> Figure:
    return curve_figure(comparison, [curve for curve in comparison.curves if curve.quantity == quantity], scales)
