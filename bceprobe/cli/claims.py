"""`bceprobe claims`: the paper's claims put to the test on some runs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bceprobe.cli.console import progress, result, result_json, write_text


def claims(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Runs, folders of runs, or quoted patterns.")],
    only: Annotated[
        list[str] | None, typer.Option(metavar="CLAIM", help="Test this claim alone (repeatable).", show_envvar=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.", show_envvar=False)] = False,
    out: Annotated[
        Path, typer.Option(metavar="FILE", help="The scorecard: .html, or .md without figures.", show_envvar=False)
    ] = Path("reports/claims.html"),
    jobs: Annotated[
        int, typer.Option(metavar="N", min=0, help="Processes to measure in; 0: one per core.", show_envvar=False)
    ] = 0,
) -> None:
    """Put the claims of the paper to the test: supported, contradicted, inconclusive or not testable with these runs.

    Runs of CE and BCE that are equal in all else are set side by side, whatever their folders are called. Each claim
    says which runs it needs; bceprobe list claims shows all.

    Example: bceprobe claims runs/bias-mean runs/fig2
    """
    from bceprobe.cli.claim_tables import print_scorecard
    from bceprobe.report import to_html, to_markdown
    from bceprobe.scorecard import judge

    with progress("claims: runs") as moved:
        scorecard = judge(*runs, claims=only or (), progress=moved, jobs=jobs)
    if as_json:
        result_json(scorecard.to_dict())
        return
    write_text(out, (to_markdown if out.suffix == ".md" else to_html)(scorecard.report()))
    print_scorecard(scorecard)
    result(f"Scorecard: {out}")
