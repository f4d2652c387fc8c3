"""`bceprobe compare`: what differs between training procedures, in words, as a table and as a report."""

from __future__ import annotations

import json
import re
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bceprobe.cli.comparison_tables import print_comparison
from bceprobe.cli.console import progress, result, write_text

if TYPE_CHECKING:
    from bceprobe.comparison import Comparison

LONGEST = 40
MOST_NAMED = 3


class Format(StrEnum):
    """What a report is written as."""

    HTML = "html"
    MARKDOWN = "markdown"
    JSON = "json"


class Correction(StrEnum):
    """How the p-values of a family of tests are corrected."""

    HOLM = "holm"
    BH = "bh"


METHODS = {Correction.HOLM: "holm", Correction.BH: "benjamini-hochberg"}


def compare(
    arms: Annotated[list[str], typer.Argument(metavar="A [B...]", help="Runs, folders of runs, or quoted patterns.")],
    factor: Annotated[
        str, typer.Option(metavar="KEY", help="Setting to compare in a design, instead of loss.name.")
    ] = "",
    reference: Annotated[str, typer.Option(metavar="VALUE", help="Its value to compare with, instead of ce.")] = "",
    allow_different: Annotated[
        list[str] | None, typer.Option(metavar="KEY", help="What may differ that should be equal (repeatable).")
    ] = None,
    metrics: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME[@SPLIT]", help="Metric or topic to compare, instead of NC1-3 and accuracies."),
    ] = None,
    margin: Annotated[
        list[str] | None,
        typer.Option(metavar="[METRIC=]SIZE", help="Test equivalence: accuracy=0.5pp, nc1=1.1x, 1.1x (repeatable)."),
    ] = None,
    correction: Annotated[
        Correction, typer.Option(help="For many tests: Holm, or Benjamini-Hochberg.")
    ] = Correction.HOLM,
    epoch: Annotated[
        str, typer.Option(metavar="last|selected|N", help="Of every run: last in common, its own, N.")
    ] = "last",
    report: Annotated[Format, typer.Option(help="Markdown and JSON go to stdout unless --out is given.")] = Format.HTML,
    out: Annotated[Path | None, typer.Option(metavar="FILE", help="Instead of reports/A-vs-B.html.")] = None,
    jobs: Annotated[int, typer.Option(metavar="N", min=0, help="Processes to analyse in; 0: one per core.")] = 0,
) -> None:
    """Compare losses, or other training procedures, by their runs.

    Several locations are an arm each, the first being the reference: a run, a folder of runs that differ in their seed,
    or a quoted pattern. One location is a design: its settings say what is compared (the loss, or --factor), and within
    which other settings. Runs are paired by seed. The report is one HTML file that needs no network.

    Example: bceprobe compare runs/quickstart/ce runs/quickstart/bce
    """
    from bceprobe.comparison import compare as compute

    chosen: dict[str, Any] = {
        "factor": factor,
        "reference": reference,
        "correction": METHODS[correction],
        "epoch": epoch,
    }
    chosen |= {"allow_different": allow_different or [], "metrics": metrics or [], "margins": margin or []}
    with progress("compare") as moved:
        comparison = compute(*arms, **chosen, progress=moved, jobs=jobs)
    if out is None and report is not Format.HTML:
        result(_rendered(comparison, report).rstrip("\n"))
        return
    file = out or Path("reports") / f"{_file_name(comparison)}.html"
    write_text(file, _rendered(comparison, report))
    print_comparison(comparison)
    result(f"Report: {file}")


def _file_name(comparison: Comparison) -> str:
    """Name the report after what is compared, with nothing in it that a file system or a shell acts on."""
    plain = [re.sub(r"[^A-Za-z0-9._]+", "-", level).strip("-.")[:LONGEST] for level in comparison.design.levels]
    named = [label.lower() or "arm" for label in plain[:MOST_NAMED]]
    more = [f"{len(plain) - MOST_NAMED}-more"] if len(plain) > MOST_NAMED else []
    return "-vs-".join([*named, *more])


def _rendered(comparison: Comparison, report: Format) -> str:
    from bceprobe.report import to_html, to_markdown

    if report is Format.JSON:
        return json.dumps(comparison.to_dict(), indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    return (to_html if report is Format.HTML else to_markdown)(comparison.report())
