"""A counterpart on the terminal: a table per metric, the losses side by side, published numbers beside."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.cli.console import print_lines, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bceprobe.comparison import Quantity
    from bceprobe.counterpart import Counterpart, Entry

SHARE, PERCENT = "share", " %"
# Losses that are side by side within 80 columns.
BESIDE = 2


def print_counterpart(counterpart: Counterpart) -> None:
    """Print what it is the counterpart of, a table per metric, and what must be known of the numbers."""
    from bceprobe.counterpart.wording import agreements, heading, missing, remarks

    print_lines(heading(counterpart))
    for quantity in counterpart.quantities:
        for columns, rows in _tables(counterpart, quantity):
            print_table(columns, rows, title=f"{quantity.place}{' (%)' if quantity.units == SHARE else ''}")
    for line in [*agreements(counterpart), *remarks(counterpart), *missing(counterpart)]:
        print_lines(line)


def _tables(counterpart: Counterpart, quantity: Quantity) -> Iterator[tuple[list[str], list[list[str]]]]:
    """Lay out the entries of a metric, two losses at a time."""
    from bceprobe.counterpart.wording import has_published, runs

    rows = counterpart.rows_of(quantity)
    also = has_published(counterpart, quantity)
    axes = " ".join(axis for axis, _ in rows[0][0].levels)
    for at in range(0, len(rows[0]), BESIDE):
        parts = [row[at : at + BESIDE] for row in rows]
        heads = [head for entry in parts[0] for head in (entry.column, *(["paper"] * also))]
        lines = [[part[0].label, *_cells(part, also=also), runs(part)] for part in parts]
        yield [axes, *heads, "runs"], lines


def _cells(row: Sequence[Entry], *, also: bool) -> list[str]:
    from bceprobe.counterpart.wording import measured, published
    from bceprobe.report.numbers import UNDEFINED

    texts = [text for entry in row for text in (measured(entry), *([published(entry)] if also else []))]
    return ["-" if text == UNDEFINED else text.replace(PERCENT, "") for text in texts]
