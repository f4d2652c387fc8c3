"""A Report as Markdown: verdict, tables and definitions; a figure is represented by what it shows."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from bceprobe.report.escaping import printable
from bceprobe.report.frames import Histograms, Matrices
from bceprobe.report.model import Definitions, Details, FigureGroup, Table, Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from bceprobe.report.model import Block, Report, Section

SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#|$~&])")


def to_markdown(report: Report) -> str:
    """Render a report as Markdown with pipe tables; characters that Markdown or HTML would act on are escaped."""
    verdict = report.verdict
    lines = [f"# {_inert(report.title)}", "", *(f"- {_inert(name)}: {_inert(text)}" for name, text in report.facts)]
    lines += ["", f"**{_inert(verdict.headline)}**", ""]
    lines += [f"- {_inert(f'{found.lead} {found.evidence}'.strip())}" for found in verdict.findings]
    lines += ["", *(f"> {_inert(caveat)}\n" for caveat in verdict.caveats)]
    return "\n".join([*lines, *(line for section in report.sections for line in _section(section))]) + "\n"


def _section(section: Section) -> Iterator[str]:
    yield from (f"## {_inert(section.title)}", "")
    for block in section.blocks:
        yield from _block(block)


def _block(block: Block) -> Iterator[str]:
    if isinstance(block, Table):
        yield from _table(block)
    elif isinstance(block, FigureGroup):
        yield from (f"- Figure. {_inert(figure.description)}" for figure in block.figures)
    elif isinstance(block, Matrices):
        yield from _matrices(block)
    elif isinstance(block, Histograms):
        yield from _histograms(block)
    elif isinstance(block, Definitions):
        yield from (f"- **{_inert(entry.term)}**: {_inert(entry.meaning)}" for entry in block.entries)
    elif isinstance(block, Details):
        yield from (f"### {_inert(block.summary)}", "")
        yield from (line for inner in block.blocks for line in _block(inner))
    elif isinstance(block, Text):
        yield _inert(block.text)
    yield ""


def _table(table: Table) -> Iterator[str]:
    yield from (f"{_inert(table.caption)}", "")
    yield _row([column.title for column in table.columns])
    yield "|" + "|".join("---:" if column.numeric else "---" for column in table.columns) + "|"
    yield from (_row([cell.text for cell in row]) for row in table.rows)
    if table.note:
        yield from ("", _inert(table.note))


def _matrices(block: Matrices) -> Iterator[str]:
    """Write the last frame of every panel as the lower triangle of a table."""
    yield _inert(block.caption)
    for panel in block.panels:
        yield from ("", _inert(f"{panel.title}, {block.steps[-1]}: {panel.texts[-1]}"), "")
        rows = ((label, *map(str, row)) for label, row in zip(block.labels, panel.frames[-1], strict=True))
        yield from _grid((block.thing, *block.labels), rows)


def _histograms(block: Histograms) -> Iterator[str]:
    """Write the last frame of every panel as a table of its bins, those that are empty left out."""
    yield _inert(block.caption)
    bins = [f"{low:g} to {high:g}" for low, high in pairwise(block.edges)]
    for panel in block.panels:
        frame = panel.frames[-1]
        marks = ", ".join(f"{mark:g}" for mark in frame.marks)
        yield from ("", _inert(f"{panel.title}, {block.steps[-1]}: {panel.texts[-1]} ({block.marks}: {marks})"), "")
        rows = ((name, *map(str, counts)) for name, *counts in zip(bins, *frame.counts, strict=True) if any(counts))
        yield from _grid((block.axis, *block.series), rows)


def _grid(heading: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Write a table of numbers; a row may end before the others."""
    yield _row(heading)
    yield "|---|" + "---:|" * (len(heading) - 1)
    yield from (_row([*row, *[""] * (len(heading) - len(row))]) for row in rows)


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(_inert(cell) for cell in cells) + " |"


def _inert(text: str) -> str:
    return SPECIAL.sub(r"\\\1", printable(text))
