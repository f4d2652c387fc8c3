"""`bceprobe runs`: which runs there are, what one is, and removing some."""

from __future__ import annotations

from typing import Annotated

import typer

from bceprobe.cli.console import note, result, result_json

app = typer.Typer(no_args_is_help=True, help="List runs, look at one, remove some.")


@app.command("ls")
def list_runs(
    locations: Annotated[
        list[str] | None, typer.Argument(metavar="[RUNS]...", help="Runs, or folders of runs.")
    ] = None,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Only runs with such a setting (also != < <= > >=; repeat for more)."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """List runs: the settings that differ, epochs captured, last metrics and size. Nothing is computed.

    Looks below runs/ unless told where. Conditions are on settings, and on status.

    Example: bceprobe runs ls --where loss.name=bce --where 'optim.lr>=0.01'
    """
    from dataclasses import asdict

    from bceprobe.analysis.listing import summaries
    from bceprobe.cli.run_tables import print_runs
    from bceprobe.settings import parse_condition

    places = locations or ["runs"]
    found = summaries(places, [parse_condition(text) for text in where or []])
    if as_json:
        result_json({"schema_version": 1, "records": [asdict(one) for one in found]})
    elif found:
        print_runs(found, places)
    else:
        note("no run fulfils that")


@app.command()
def show(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A run folder or URL.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.")] = False,
) -> None:
    """Show one run: its state, every setting with where it came from, provenance, and its store.

    Example: bceprobe runs show runs/quickstart/bce/seed-0
    """
    from bceprobe.cli.run_tables import print_run, run_document
    from bceprobe.store import open_run

    document = run_document(open_run(run))
    if as_json:
        result_json(document)
    else:
        print_run(document)


@app.command("rm")
def remove_runs(
    runs: Annotated[list[str], typer.Argument(metavar="RUN...", help="Run folders.")],
    force: Annotated[bool, typer.Option("--force", help="Remove them; without it, only say what would be.")] = False,
) -> None:
    """Remove runs: only folders that hold a run and nothing else, and that no process is writing.

    All are checked before the first is removed. Without --force nothing is, and the exit code is 2.

    Example: bceprobe runs rm runs/digits-convnet-ce-0 --force
    """
    from bceprobe.cli.run_tables import megabytes
    from bceprobe.errors import UsageError
    from bceprobe.store.removal import removable, remove

    checked = removable(runs)
    if force:
        remove(checked)
    for removal in checked:
        result(f"{'removed' if force else 'would remove'} {removal.folder} ({megabytes(removal.bytes)})")
    if not force:
        raise UsageError("nothing was removed", "Remove them with --force")
