"""A counterpart as a page: its numbers beside the published ones first, then the comparison of its runs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bceprobe.comparison import Comparison
from bceprobe.comparison.gallery import Missing
from bceprobe.comparison.headings import numeric
from bceprobe.comparison.methods import definition_of
from bceprobe.counterpart.drawing import own_figures, recipe_figures
from bceprobe.counterpart.wording import (
    PAPER,
    agreements,
    as_published,
    has_published,
    heading,
    marks,
    measured,
    missing,
    published,
    remarks,
    runs,
)
from bceprobe.metrics import METRICS
from bceprobe.published import published_records
from bceprobe.report import (
    Cell,
    Column,
    Definitions,
    Details,
    Figure,
    FigureGroup,
    Report,
    Section,
    Table,
    Text,
    Verdict,
    printable,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bceprobe.comparison import Quantity
    from bceprobe.counterpart.model import Counterpart, Entry
    from bceprobe.published import Published
    from bceprobe.report.model import Block

MEASURED = (
    "Filled markers: means over the seeds, with one standard deviation on either side where there are several. "
    "Nothing here is tested."
)
HOLLOW = " Hollow markers: published."
DRAWN = (
    "As bceprobe plot NAME draws them of all finished runs, on the train split; those of one epoch at the last one "
    "that all runs have."
)


def to_report(counterpart: Counterpart, comparison: Comparison | str) -> Report:
    """Lay a counterpart out; the same one always gives the same page.

    Parameters
    ----------
    counterpart
        What stands first.
    comparison
        Of its runs, whose sections come after; or why there is none.
    """
    recipe = counterpart.recipe
    own = Section("counterpart", "Counterpart", tuple(_blocks(counterpart)))
    facts = _facts(counterpart)
    sections: tuple[Section, ...] = (own,)
    verdict = Verdict(heading(counterpart), (), tuple(missing(counterpart)))
    if isinstance(comparison, Comparison):
        found = comparison.report()
        facts, sections = (*facts, *found.facts), (own, *found.sections)
        headline = f"{verdict.headline} {found.verdict.headline}"
        verdict = Verdict(headline, found.verdict.findings, (*verdict.caveats, *found.verdict.caveats))
    else:
        verdict = Verdict(verdict.headline, (), (*verdict.caveats, f"The runs are not compared: {comparison}."))
    title = printable(f"{recipe.title or recipe.name}: {recipe.repeats}" if recipe.repeats else recipe.title)
    return Report(title, facts, verdict, sections, "counterpart")


def _facts(counterpart: Counterpart) -> tuple[tuple[str, str], ...]:
    recipe = counterpart.recipe
    scale = recipe.scale if recipe.scale == PAPER else f"{recipe.scale} (not the published design)"
    found = {
        "Repeats": recipe.repeats,
        "Recipe": recipe.name,
        "Scale": scale,
        "Finished": f"{len(counterpart.measured)} of {counterpart.planned} runs",
        "Made by": counterpart.command,
    }
    return tuple((name, printable(text)) for name, text in found.items() if text)


def _blocks(counterpart: Counterpart) -> Iterator[Block]:
    """Lay out what to look for, figures, tables, all published numbers, definitions, and the recipe's figures."""
    if counterpart.recipe.about:
        yield Text(printable(counterpart.recipe.about))
    yield from (Text(" ".join(lines)) for lines in (list(agreements(counterpart)), remarks(counterpart)) if lines)
    if figures := tuple(own_figures(counterpart)):
        also = any(has_published(counterpart, quantity) for quantity in counterpart.quantities)
        yield FigureGroup("counterpart-figures", MEASURED + HOLLOW * also, figures)
    yield from (_table(counterpart, quantity) for quantity in counterpart.quantities)
    if counterpart.recipe.reporting.published:
        yield _everything(published_records(counterpart.recipe.reporting.published))
    yield Definitions(tuple(map(definition_of, counterpart.quantities)))
    yield from _recipe_figures(counterpart)


def _recipe_figures(counterpart: Counterpart) -> Iterator[Block]:
    found = recipe_figures(counterpart)
    if figures := tuple(one for one in found if isinstance(one, Figure)):
        yield FigureGroup("counterpart-plots", DRAWN, figures)
    if lacking := [one for one in found if isinstance(one, Missing)]:
        yield Text(f"Not drawn: {'; '.join(f'{one.name} ({printable(one.why)})' for one in lacking)}.")


def _table(counterpart: Counterpart, quantity: Quantity) -> Table:
    """Lay out a row per combination of levels, each loss with what is published of it."""
    rows, also = counterpart.rows_of(quantity), has_published(counterpart, quantity)
    axes = [axis for axis, _ in rows[0][0].levels] or ["setting"]
    columns = [Column(printable(axis), numeric=axis == counterpart.layout.axis) for axis in axes]
    for entry in rows[0]:
        columns += [Column(title, numeric=True) for title in (entry.column, *([f"{entry.column}, published"] * also))]
    caption = f"{quantity.place}: measured{' beside published' if also else ''}"
    body = tuple(_row(counterpart, row, also=also) for row in rows)
    note = " ".join(marks([entry for row in rows for entry in row]))
    return Table(caption, (*columns, Column("Runs", numeric=True)), body, note)


def _row(counterpart: Counterpart, row: list[Entry], *, also: bool) -> tuple[Cell, ...]:
    x = row[0].x
    levels = [Cell(printable(level), x if axis == counterpart.layout.axis else None) for axis, level in row[0].levels]
    cells = levels or [Cell(row[0].label)]
    for entry in row:
        cells.append(numeric(measured(entry), entry.mean))
        if also:
            one = entry.beside.one
            cells.append(numeric(published(entry), one.value if one else math.nan))
    return (*cells, Cell(runs(row), float(sum(len(entry.values) for entry in row))))


def _everything(records: Sequence[Published]) -> Details:
    """Fold away every number of the published table, with the settings that tell them apart."""
    keys = list(dict.fromkeys(key for record in records for key in record.settings))
    telling = [key for key in keys if len({str(record.settings.get(key)) for record in records}) > 1]
    columns = (*map(Column, telling), Column("metric"), Column("split"), Column("published", numeric=True))
    rows = tuple(_record(record, telling) for record in records)
    caption = f"{records[0].table}, {records[0].source}"
    return Details(f"All {len(records)} published numbers", (Table(caption, columns, rows),))


def _record(record: Published, telling: Sequence[str]) -> tuple[Cell, ...]:
    units = METRICS[record.metric].units
    values = [Cell(str(record.settings.get(key, ""))) for key in telling]
    return (*values, Cell(record.metric), Cell(record.split), numeric(as_published(record, units), record.value))
