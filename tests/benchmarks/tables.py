"""A table of results that reads well both in a terminal and as Markdown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


@dataclass(frozen=True)
class Result:
    """What a benchmark found: a table, and sentences about it."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        return "\n".join([f"## {self.title}", "", *_lines(self), *(f"\n{note}" for note in self.notes)]) + "\n"


def verdict(value: float, *, at_least: float | None = None, at_most: float | None = None) -> str:
    """Say the target and whether it is met.

    Examples
    --------
    >>> verdict(7.2, at_least=6), verdict(1.7, at_most=1.5)
    ('>= 6: met', '<= 1.5: missed')
    """
    if at_least is not None:
        return f">= {at_least:g}: {'met' if value >= at_least else 'missed'}"
    assert at_most is not None
    return f"<= {at_most:g}: {'met' if value <= at_most else 'missed'}"


def _lines(result: Result) -> Iterator[str]:
    table = [result.columns, *result.rows]
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    for number, row in enumerate(table):
        yield _row(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        if number == 0:
            yield _row("-" * width for width in widths)


def _row(cells: Iterator[str]) -> str:
    return f"| {' | '.join(cells)} |"
