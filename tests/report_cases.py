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
    HistogramFrame,
    HistogramPanel,
    Histograms,
    Key,
    Link,
    Matrices,
    MatrixPanel,
    Numbers,
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
    "]]><!--<script>alert(1)</script>",
    "' onfocus=alert(1) autofocus x='",
    "<b>" * 3_400,
]


def report(text: str = "plain") -> Report:
    """A report with a block of each kind, and the text wherever a text can be."""
    columns = (Column(text), Column("Value", numeric=True, note=text))
    links = (Link(text, "figure", text), Link(text, "finding"))
    rows = ((Cell(text, links=links), Cell("1", 1.0)), (Cell(text), Cell(text, 2.0, strong=True)))
    drawn = {"log": '<svg role="img"></svg>', "linear": '<svg role="img"></svg>'}
    numbers = Numbers((text, "value"), ((text, 1.5), (text, None)))
    figure = Figure("figure", text, drawn, numbers, (Link(text, "row-1", text),))
    blocks = (
        Text(text, copyable=True),
        Table(text, columns, rows, text, anchors=("row-1", "row-2")),
        FigureGroup(
            "group", text, (figure,), ("log", "linear"), (Key(text, "#123456", "*"), Key(text, "#654321", "o"))
        ),
        *frames(text),
        Definitions((Definition(text, text, own=True),)),
        Details(text, (Table(text, columns, 3 * rows, text),)),
    )
    finding = Finding(text, text, "differs", "finding", (Link(text, "row-1", text),))
    verdict = Verdict(text, (finding,), (text,))
    return Report(text, ((text, text),), verdict, (Section("section", text, blocks),))


def frames(text: str) -> tuple[Matrices, Histograms]:
    """Matrices and histograms of two frames, and the text wherever a text can be."""
    matrices = (((1.0,), (0.25, float("nan"))), ((0.5,), (-0.75, 2.0)))
    drawn = (HistogramFrame(((1, 0), (0, 4)), (0.0,)), HistogramFrame(((2, 1), (3, 0)), (0.75, 9.0)))
    steps, texts = (text, text), (text, text)
    return (
        Matrices("matrices", text, steps, text, (text, text), (MatrixPanel(text, matrices, texts),)),
        Histograms(
            "histograms", text, steps, text, (text, text), text, (-1, 0, 1), (HistogramPanel(text, drawn, texts),)
        ),
    )
