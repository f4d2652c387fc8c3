"""Names of places in a report, and the links between a sentence of the verdict, its figures and its table rows."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Any

from bceprobe.report import Link

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bceprobe.comparison.model import Overall, Quantity, Row
    from bceprobe.report import Verdict

SLUG = 24
# The section with the final tables, and how many rows a figure leads to one by one.
FINAL, FEW = "final", 3


def figure_name(quantity: Quantity, cell: str = "") -> str:
    """Name the figure of a quantity in a cell of the design."""
    return f"curve-{quantity.name}-{quantity.split}{f'-{slug(cell)}' if cell else ''}"


def row_name(row: Row) -> str:
    """Name the row of a quantity in an arm."""
    return f"row-{row.quantity.name}-{row.quantity.split}-{slug(row.arm)}"


def overall_name(one: Overall) -> str:
    """Name the row of a quantity in a level over all cells."""
    return f"overall-{one.quantity.name}-{one.quantity.split}-{slug(one.level)}"


def finding_name(rows: Sequence[Row]) -> str:
    """Name a finding about some rows after the first of them."""
    return f"finding-{row_name(rows[0])}"


def slug(label: str) -> str:
    """Make a label part of a name: what can be read of it, and a checksum that tells it from others.

    Examples
    --------
    >>> slug("BCE"), slug("<BCE>")
    ('bce-51bd2965', 'bce-ad5da75e')
    """
    readable = re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")[:SLUG]
    return f"{readable}-{zlib.crc32(label.encode()):08x}"


def ways(rows: Sequence[Row]) -> tuple[Link, ...]:
    """Lead to the figure and the row of a finding about one row, or to every row of a finding about several."""
    if len(rows) > 1:
        return tuple(Link(row.quantity.place, row_name(row), f"of {row.arm} in the table") for row in rows)
    about = f"of {rows[0].quantity.place}"
    return Link("figure", figure_name(rows[0].quantity, rows[0].cell), about), Link("row", row_name(rows[0]), about)


def findings_by_row(verdict: Verdict) -> dict[str, str]:
    """Return for the names of rows the name of the finding that leads there."""
    return {link.target: finding.name for finding in verdict.findings for link in finding.links}


def ways_from_row(row: Row, findings: Mapping[str, str]) -> tuple[Link, ...]:
    """Lead from a row to its figure and to what the verdict says of it."""
    about = f"of {row.quantity.place}"
    back = findings.get(row_name(row))
    found = [Link("verdict", back, about)] if back else []
    return Link("figure", figure_name(row.quantity, row.cell), about), *found


def ways_from_figure(quantity: Quantity, rows: Iterable[Row], cell: str = "") -> tuple[Link, ...]:
    """Lead from a figure to the rows of its quantity and cell, or to the section of their tables if there are many."""
    mine, about = [row for row in rows if (row.quantity, row.cell) == (quantity, cell)], f"rows of {quantity.place}"
    if len(mine) > FEW:
        return (Link("tables", FINAL, about),)
    return tuple(Link(f"{row.arm} in the table", row_name(row), about) for row in mine)


def overall_place(*effects: Overall) -> dict[str, Any]:
    """Name a finding about some overall effects, and lead to their rows."""
    links = (Link(one.quantity.place, overall_name(one), f"with {one.level} in the table") for one in effects)
    return {"name": f"finding-{overall_name(effects[0])}", "links": tuple(links)}


def place(*rows: Row) -> dict[str, Any]:
    """Name a finding about some rows, and lead there."""
    return {"name": finding_name(rows), "links": ways(rows)}
