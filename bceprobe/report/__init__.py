"""Reports: a model of sections, tables and figures, and its renderings as one HTML file or as Markdown.

Nothing here knows runs or statistics. Whatever text comes in is inert in what goes out.
"""

from bceprobe.report.escaping import printable
from bceprobe.report.frames import HistogramFrame, HistogramPanel, Histograms, Matrices, MatrixPanel
from bceprobe.report.html import to_html, write_html
from bceprobe.report.markdown import to_markdown
from bceprobe.report.model import (
    Cell,
    Column,
    Definition,
    Definitions,
    Details,
    Figure,
    FigureGroup,
    Finding,
    Key,
    Link,
    Numbers,
    Report,
    Section,
    Table,
    Text,
    Verdict,
)

__all__ = [
    "Cell",
    "Column",
    "Definition",
    "Definitions",
    "Details",
    "Figure",
    "FigureGroup",
    "Finding",
    "HistogramFrame",
    "HistogramPanel",
    "Histograms",
    "Key",
    "Link",
    "Matrices",
    "MatrixPanel",
    "Numbers",
    "Report",
    "Section",
    "Table",
    "Text",
    "Verdict",
    "printable",
    "to_html",
    "to_markdown",
    "write_html",
]
