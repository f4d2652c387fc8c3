"""`bceprobe compare`: what differs between training procedures, in words, as a table and as a report."""

from __future__ import annotations

import json
import math
import re
import textwrap
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bceprobe.cli.console import note, print_table, progress, result, stdout

if TYPE_CHECKING:
    from bceprobe.comparison import Comparison, Row

LONGEST = 40
WIDEST = 12


class Format(StrEnum):
    """What a report is written as."""

    HTML = "html"
    MARKDOWN = "markdown"
    JSON = "json"


def compare(
    arms: Annotated[list[str], typer.Argument(metavar="A B [C...]", help="Runs, folders of runs, or quoted patterns.")],
    report: Annotated[Format, typer.Option(help="Markdown and JSON go to stdout unless --out is given.")] = Format.HTML,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Instead of reports/A-vs-B.html.")] = None,
) -> None:
    """Compare losses, or other training procedures, by their runs; the first one is the reference.

    An arm is a run, a folder of runs that differ in their seed, or a quoted pattern. Arms with the same seeds are
    paired. The report is one HTML file that needs no network.

    Example: bceprobe compare runs/quickstart/ce runs/quickstart/bce
    """
    from bceprobe.comparison import compare as compute

    with progress("compare") as moved:
        comparison = compute(*arms, progress=moved)
    if out is None and report is not Format.HTML:
        result(_rendered(comparison, report).rstrip("\n"))
        return
    file = out or Path("reports") / f"{_file_name(comparison)}.html"
    _write(file, _rendered(comparison, report))
    print_comparison(comparison)
    result(f"Report: {file}")


def print_comparison(comparison: Comparison) -> None:
    """Print the verdict of a comparison in words, and its final table."""
    verdict = comparison.verdict()
    _print_wrapped(verdict.headline)
    for finding in verdict.findings:
        _print_wrapped(f"{finding.lead} {finding.evidence}", "- ")
    for caveat in verdict.caveats:
        _print_wrapped(caveat, "! ")
    reference, *others = (arm.label for arm in comparison.arms)
    for arm in others:
        columns = [f"At epoch {comparison.epoch}", _cut(reference), _cut(arm), "compared [95 % CI]", "Holm p"]
        print_table(columns, map(_row, (row for row in comparison.rows if row.arm == arm)))
    note("x: ratio of geometric means; pp: difference in percentage points; Holm p: corrected over all rows.")


def _print_wrapped(text: str, mark: str = "") -> None:
    indent = " " * len(mark)
    result(textwrap.fill(text.strip(), stdout().width, initial_indent=mark, subsequent_indent=indent))


def _row(row: Row) -> list[str]:
    """Show a row in characters that every terminal has; `x` marks a ratio."""
    share = row.quantity.units == "share"
    factor, percent, points = (100.0, " %", " pp") if share else (1.0, "", "")
    estimate, low, high = (factor * value for value in row.estimate)
    interval = "" if row.result.note else f" [{_short(low, 2)}, {_short(high, 2)}]"
    return [
        f"{row.quantity.short} {row.quantity.split}",
        *(f"{_short(factor * value)}{percent}" for value in (row.reference_mean, row.mean)),
        f"{'x ' if row.ratio else ''}{_short(estimate)}{points}{interval}",
        _short(row.p_corrected, 2),
    ]


def _short(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}g}" if math.isfinite(value) else "-"


def _cut(label: str) -> str:
    """Keep the end of a long label, where labels differ most often."""
    return label if len(label) <= WIDEST else f"…{label[1 - WIDEST :]}"


def _file_name(comparison: Comparison) -> str:
    """Name the report after the arms, with nothing in it that a file system or a shell acts on."""
    plain = (re.sub(r"[^A-Za-z0-9._]+", "-", arm.label).strip("-.")[:LONGEST] for arm in comparison.arms)
    return "-vs-".join(label.lower() or "arm" for label in plain)


def _rendered(comparison: Comparison, report: Format) -> str:
    from bceprobe.report import to_html, to_markdown

    if report is Format.JSON:
        return json.dumps(comparison.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return (to_html if report is Format.HTML else to_markdown)(comparison.report())


def _write(file: Path, text: str) -> None:
    from bceprobe.errors import UsageError

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"cannot write {file} ({error.strerror})", "Choose another file with --out") from error
