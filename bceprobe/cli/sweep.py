"""`bceprobe sweep`: many runs by a recipe."""

from __future__ import annotations

import math
import shlex
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bceprobe.cli.console import note, number, print_lines, print_table, progress, result

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.errors import BceProbeError
    from bceprobe.sweep import Outcome, Point, Recipe
    from bceprobe.sweep.estimate import Estimate

HOUR, MINUTE = 3600, 60


def sweep(
    recipe: Annotated[str, typer.Argument(help="See bceprobe list recipes; or a .toml file.", show_envvar=False)],
    scale: Annotated[str, typer.Option(help="paper: as published; small: minutes on two cores; or another.")] = "paper",
    seeds: Annotated[str | None, typer.Option(metavar="0-4", help="Instead of the recipe's.")] = None,
    jobs: Annotated[int, typer.Option(min=0, help="Runs at a time; 0: one, or one per GPU.")] = 0,
    scheduler: Annotated[
        str | None, typer.Option(metavar="ADDRESS", help="Of a Dask cluster, such as tcp://...")
    ] = None,
    out: Annotated[Path | None, typer.Option(metavar="DIR", help="Instead of runs/RECIPE-SCALE.")] = None,
    assign: Annotated[list[str] | None, typer.Option("--set", help="KEY=VALUE, of every point.")] = None,
    data_dir: Annotated[Path | None, typer.Option(envvar="BCEPROBE_DATA_DIR", help="Where data sets lie.")] = None,
    download: Annotated[bool, typer.Option("--download", help="Download a missing data set.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell points, sizes and times.")] = False,
    report_only: Annotated[
        bool, typer.Option("--report-only", help="Train nothing; tell of the runs that are finished.")
    ] = False,
) -> None:
    """Train every point of a recipe: an ordinary run each, which finished before, goes on, or starts.

    At the end stands the counterpart of the figure or table that it repeats, published numbers beside: here, in
    DIR/counterpart.csv, and as a page with figures and the comparison of all runs, DIR/report.html.

    A point that fails stops no other one but its own later stages; failures are told at the end. The same command goes
    on with a sweep that was stopped. On a cluster, whose workers see the same folders, a point whose worker dies goes
    on at another one.

    Example: bceprobe sweep bias-mean --scale small --seeds 0-2 --jobs 2
    """
    from bceprobe.settings import parse_assignment
    from bceprobe.sweep import grid, parse_seeds, read_recipe

    chosen = read_recipe(recipe, scale)
    folder = out or Path("runs") / f"{chosen.name}-{scale}"
    numbers = None if seeds is None else parse_seeds(seeds)
    points = grid(chosen, folder, seeds=numbers, changes=dict(map(parse_assignment, assign or [])))
    if dry_run:
        _print_plan(points, data_dir, download=download)
        return
    command = _command(recipe, scale, seeds, assign or [], out)
    if report_only:
        _show_counterpart(chosen, points, folder, command)
        return
    outcomes = _run(points, jobs, scheduler, data_dir, download=download)
    if _ended(outcomes):
        _show_counterpart(chosen, points, folder, command)
    _print_outcomes(outcomes, folder)


def _command(recipe: str, scale: str, seeds: str | None, assign: Sequence[str], out: Path | None) -> str:
    """Write the command that makes these runs and their counterpart, however they were made."""
    seeded = [] if seeds is None else ["--seeds", seeds]
    placed = [] if out is None else ["--out", str(out)]
    changed = [word for text in assign for word in ("--set", text)]
    return shlex.join(["bceprobe", "sweep", recipe, "--scale", scale, *seeded, *changed, *placed])


def _ended(outcomes: Sequence[Outcome]) -> bool:
    """Tell whether a sweep has come to its end, with a run that is finished; a stopped one has not."""
    from bceprobe.sweep.orders import FINISHED, INTERRUPTED, KEPT

    found = {outcome.status for outcome in outcomes}
    return INTERRUPTED not in found and bool(found & {FINISHED, KEPT})


def _show_counterpart(recipe: Recipe, points: Sequence[Point], folder: Path, command: str) -> None:
    """Print the counterpart of what a recipe repeats, and write it beside the runs, as numbers and as a page."""
    from bceprobe.analysis.writing import write_files
    from bceprobe.cli.counterpart_tables import print_counterpart
    from bceprobe.counterpart import compare_runs, make_counterpart, tidy_rows, to_report
    from bceprobe.figures.files import as_csv
    from bceprobe.report import to_html

    with progress("counterpart") as moved:
        counterpart = make_counterpart(recipe, points, command, moved)
    print_counterpart(counterpart)
    table, page = folder / "counterpart.csv", folder / "report.html"
    write_files({table: as_csv(tidy_rows(counterpart))})
    result(f"Written: {table}")
    with progress("compare") as moved:
        comparison = compare_runs(counterpart, moved)
    write_files({page: to_html(to_report(counterpart, comparison)).encode()})
    result(f"Report: {page}")


def _run(
    points: Sequence[Point], jobs: int, scheduler: str | None, data_dir: Path | None, *, download: bool
) -> list[Outcome]:
    """Train the points, and show how far they are."""
    from bceprobe.cli.sweep_live import watching_points
    from bceprobe.sweep import run_local
    from bceprobe.sweep.cluster import run_on_cluster

    if scheduler is None:
        running = run_local(points, jobs, data_dir=data_dir, download=download)
    else:
        running = run_on_cluster(points, scheduler, data_dir=data_dir, download=download)
    outcomes: list[Outcome] = []
    try:
        with watching_points(points) as shown, closing(running):
            for outcome in running:
                outcomes += [outcome] if outcome else []
                shown(outcomes)
    except KeyboardInterrupt:
        raise _stopped(outcomes, len(points)) from None
    return outcomes


def _stopped(outcomes: Sequence[Outcome], total: int) -> BceProbeError:
    from bceprobe.errors import TrainingInterruptedError
    from bceprobe.sweep.orders import FINISHED, KEPT

    done = sum(outcome.status in {FINISHED, KEPT} for outcome in outcomes)
    return TrainingInterruptedError(f"stopped; {done} of {total} points are finished", "The same command goes on")


def _print_outcomes(outcomes: Sequence[Outcome], folder: Path) -> None:
    """Print how many points ended how, and each that failed with its reason; a failure is that of the command."""
    from bceprobe.errors import BceProbeError
    from bceprobe.sweep.orders import FAILED, IN_USE, INTERRUPTED, NOT_STARTED

    counts = {status: sum(outcome.status == status for outcome in outcomes) for status in STATUS_WORDS}
    for outcome in outcomes:
        if outcome.status in {FAILED, IN_USE, NOT_STARTED}:
            note(f"{outcome.point.label}: {outcome.status}: {outcome.reason}")
    print_lines(", ".join(f"{count} {STATUS_WORDS[status]}" for status, count in counts.items() if count) + ".")
    result(str(folder))
    if undone := counts[FAILED] + counts[IN_USE] + counts[NOT_STARTED]:
        hint = "See above; the same command tries again"
        raise BceProbeError(f"{undone} of {len(outcomes)} points are not finished", hint)
    if counts[INTERRUPTED]:
        raise _stopped(outcomes, len(outcomes))


STATUS_WORDS = {
    "finished": "trained",
    "kept": "finished before",
    "failed": "failed",
    "in use": "written by other processes",
    "not started": "not started",
    "interrupted": "stopped",
}


def _print_plan(points: Sequence[Point], data_dir: Path | None, *, download: bool) -> None:
    from bceprobe.sweep.estimate import estimates
    from bceprobe.sweep.progress import progress_of

    with progress("estimate") as moved:
        found = estimates(points, data_dir=data_dir, download=download, progress=moved)
    rows = [(point.label, str(progress_of(point).epochs), *_shown(found[point.label])) for point in points]
    print_table(["dry run: nothing is written", "epochs", "store", "time"], rows)
    known = [one for one in found.values() if not one.reason]
    total = _shown_numbers(sum(one.bytes_total for one in known), sum(one.seconds for one in known))
    print_lines(f"{len(points)} points: {total[0]} in all, {total[1]} one after the other on this machine (estimate).")
    for reason in dict.fromkeys(one.reason for one in found.values() if one.reason):
        print_lines(f"Not estimated: {reason}")


def _shown(estimate: Estimate) -> tuple[str, str]:
    return _shown_numbers(estimate.bytes_total, estimate.seconds)


def _shown_numbers(size: float, seconds: float) -> tuple[str, str]:
    """Show bytes and seconds in units that people read.

    Examples
    --------
    >>> _shown_numbers(2.5e9, 5400), _shown_numbers(3e6, 42)
    (('2.5 GB', '1.5 h'), ('3 MB', '42 s'))
    """
    if math.isnan(size):
        return "-", "-"
    shown = f"{number(size / 1e9)} GB" if size >= 1e9 else f"{number(round(size / 1e6, 2))} MB"  # noqa: PLR2004
    if seconds >= HOUR:
        return shown, f"{seconds / HOUR:.1f} h"
    return shown, f"{seconds / MINUTE:.0f} min" if seconds >= 2 * MINUTE else f"{seconds:.0f} s"
