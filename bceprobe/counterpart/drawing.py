"""Figures of a counterpart: its numbers beside the published ones, and the registered figures that its recipe names."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bceprobe.comparison.gallery import ARMS, BY_ARM, Missing, as_figure
from bceprobe.comparison.grouping import group
from bceprobe.comparison.plotting import plot
from bceprobe.errors import BceProbeError
from bceprobe.figures import FIGURES, line_styles
from bceprobe.figures.beside import Series, draw_over, draw_rows
from bceprobe.report import printable
from bceprobe.report.numbers import SHARE, unit_of
from bceprobe.store import Run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bceprobe.comparison import Quantity
    from bceprobe.counterpart.model import Counterpart, Entry
    from bceprobe.figures import Drawing, LineStyle
    from bceprobe.report import Figure

PREFIX = "counterpart"


def own_figures(counterpart: Counterpart) -> Iterator[Figure]:
    """Draw each metric of the recipe: over the numeric axis if there is one, else in rows."""
    for quantity in counterpart.quantities:
        rows = counterpart.rows_of(quantity)
        if not any(entry.values for row in rows for entry in row):
            continue
        over = f" over {counterpart.layout.key}" if counterpart.layout.key else ""
        said = f"{quantity.place}{over}: measured, and published where it is. The table below has the numbers."
        name = f"{PREFIX}-{quantity.name}-{quantity.split}"
        yield as_figure(name, quantity.place, said, _drawn(counterpart, quantity, rows))


def recipe_figures(counterpart: Counterpart) -> list[Figure | Missing]:
    """Draw the registered figures that the recipe names, of all finished runs, at their last common epoch."""
    return [_registered(counterpart, name) for name in counterpart.recipe.reporting.figures]


def _registered(counterpart: Counterpart, name: str) -> Figure | Missing:
    entry = FIGURES[name]
    try:
        arms = group([Run(location) for location in counterpart.locations])
        shown = arms[:ARMS] if name in BY_ARM else arms
        factor = counterpart.layout.key if "factor" in entry.options else ""
        drawn = plot(name, *(run.location for arm in shown for run in arm.runs), factor=factor)
    except BceProbeError as error:
        return Missing(name, error.what)
    title = f"{name}: {entry.what}"
    return as_figure(f"{PREFIX}-{name}", title, title, drawn)


def _drawn(counterpart: Counterpart, quantity: Quantity, rows: Sequence[Sequence[Entry]]) -> Drawing:
    layout, scale = counterpart.layout, quantity.scale
    label = f"{quantity.short}{' (%)' if unit_of(quantity.units) is SHARE else ''}"
    series = _series(rows, by_number=bool(layout.key))
    if layout.key:
        return draw_over(series, printable(layout.key), label, scale=scale)
    return draw_rows(series, [row[0].label for row in rows], label, scale=scale)


def _series(rows: Sequence[Sequence[Entry]], *, by_number: bool) -> list[Series]:
    """Make a series for each column, and within it for each group along the numeric axis."""
    found: dict[tuple[str, str], list[tuple[float, Entry]]] = {}
    for at, row in enumerate(rows):
        for entry in row:
            place = entry.x if by_number and entry.x is not None else float(at)
            found.setdefault((entry.group if by_number else "", entry.column), []).append((place, entry))
    losses = {entry.column: entry.loss for row in rows for entry in row}
    looks = dict(zip(losses, line_styles(list(losses.values())), strict=True))
    ordered = ((key, sorted(part, key=lambda one: one[0])) for key, part in found.items())
    return [_one(column, looks[column], panel, part) for (panel, column), part in ordered]


def _one(name: str, style: LineStyle, panel: str, part: Sequence[tuple[float, Entry]]) -> Series:
    entries = [entry for _, entry in part]
    factor = unit_of(entries[0].quantity.units).factor
    published = [entry.beside.one.value if entry.beside.one else math.nan for entry in entries]
    return Series(
        name,
        style,
        panel,
        [place for place, _ in part],
        [factor * entry.mean for entry in entries],
        [factor * entry.std for entry in entries],
        [factor * value for value in published],
    )
