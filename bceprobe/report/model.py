"""What a report consists of, independent of how it is rendered. All text is plain; only a figure holds markup."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal, TypeAlias

from bceprobe.report.frames import Histograms, Matrices

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Link:
    """A way to another place of the report: a word or two, the anchor it leads to, and what tells it from others.

    `about` is read out after the text, such as ``"of NC1 on train"`` after ``"figure"``.
    """

    text: str
    target: str
    about: str = ""


@dataclass(frozen=True)
class Finding:
    """One sentence of the verdict: what was found in a few words, and the numbers behind it.

    `name` is its anchor, `links` lead to its figures and table rows.
    """

    lead: str
    evidence: str = ""
    kind: Literal["differs", "equivalent", "open"] = "open"
    name: str = ""
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """The first screen in words: one headline, the findings, and what must be known to believe them."""

    headline: str
    findings: tuple[Finding, ...] = ()
    caveats: tuple[str, ...] = ()


@dataclass(frozen=True)
class Column:
    """A column of a table; `note` explains its heading."""

    title: str
    numeric: bool = False
    note: str = ""


@dataclass(frozen=True)
class Cell:
    """A cell of a table; `value` is what a numeric column is sorted by (None: last), `strong` sets it off."""

    text: str
    value: float | None = None
    strong: bool = False
    links: tuple[Link, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table with a caption; the first cell of each row heads it. `anchors` has one per row, or is empty."""

    kind: ClassVar[str] = "table"
    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str = ""
    sortable: bool = True
    anchors: tuple[str, ...] = ()


@dataclass(frozen=True)
class Numbers:
    """What a figure shows, as columns of a CSV file; None is an empty field."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str | float | None, ...], ...]


@dataclass(frozen=True)
class Figure:
    """A figure as inline SVG by scale, such as ``{"log": ..., "linear": ...}``; the first is shown at first.

    One with a `width`, in rem, is as wide as that, or as the page; others are as wide as their neighbours. A `title`
    stands above.
    """

    name: str
    description: str
    svg: Mapping[str, str]
    numbers: Numbers | None = None
    links: tuple[Link, ...] = ()
    width: float = 0.0
    title: str = ""


@dataclass(frozen=True)
class Key:
    """An arm in the legend of a group of figures: its label, colour (as in CSS) and marker."""

    label: str
    color: str
    glyph: str


@dataclass(frozen=True)
class FigureGroup:
    """Figures side by side under one caption; `switch` offers their scales to choose from.

    What belongs to the arm at a position of `legend` has that position as ``data-arm`` in the SVG.
    """

    kind: ClassVar[str] = "figures"
    name: str
    caption: str
    figures: tuple[Figure, ...]
    switch: tuple[str, ...] = ()
    legend: tuple[Key, ...] = ()


@dataclass(frozen=True)
class Definition:
    """A term and its meaning; `own` marks a definition that is this project's own."""

    term: str
    meaning: str
    own: bool = False


@dataclass(frozen=True)
class Definitions:
    """A list of terms."""

    kind: ClassVar[str] = "definitions"
    entries: tuple[Definition, ...]


@dataclass(frozen=True)
class Text:
    """A paragraph; a button copies one that is `copyable`."""

    kind: ClassVar[str] = "text"
    text: str
    copyable: bool = False


@dataclass(frozen=True)
class Details:
    """Blocks that are folded away under a summary."""

    kind: ClassVar[str] = "details"
    summary: str
    blocks: tuple[Block, ...]


Block: TypeAlias = Table | FigureGroup | Matrices | Histograms | Definitions | Text | Details


@dataclass(frozen=True)
class Section:
    """A heading and what stands below it; `name` is its anchor."""

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Report:
    """A whole report: title, a few facts about what was compared, the verdict, and sections; `kind` says what it is."""

    title: str
    facts: tuple[tuple[str, str], ...]
    verdict: Verdict
    sections: tuple[Section, ...]
    kind: str = "comparison"
