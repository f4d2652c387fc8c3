"""A report with a block of each kind, and texts that a run might bring to do harm."""

from __future__ import annotations

from bceprobe.report import (
    Cell,
    Column,
    Definition,
    Definitions,
    Details,
    Figure,
    FigureGroup,
    Finding,
    Report,
    Section,
    Table,
    Text,
    Verdict,
)

HOSTILE = [
    "<script>alert(1)</script>",
    "\"><img src=x onerror='alert(1)'>",
    "</title></style></script>",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt;",
    "javascript:alert(1)",
    "x" * 10_000,
]


def report(text: str = "plain") -> Report:
    """A report with a block of each kind, and the text wherever a text can be."""
    columns = (Column(text), Column("Value", numeric=True, note=text))
    table = Table(text, columns, ((Cell(text), Cell("1", 1.0)), (Cell(text), Cell(text, 2.0, strong=True))), text)
    drawn = {"log": '<svg role="img"></svg>', "linear": '<svg role="img"></svg>'}
    blocks = (
        Text(text),
        table,
        FigureGroup("group", text, (Figure("figure", text, drawn),), ("log", "linear")),
        Definitions((Definition(text, text, own=True),)),
        Details(text, (table,)),
    )
    verdict = Verdict(text, (Finding(text, text, "differs"),), (text,))
    return Report(text, ((text, text),), verdict, (Section("section", text, blocks),))
