"""`bceprobe analyze`: metrics of stored epochs as a table, JSON or CSV."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bceprobe.cli.console import note, number, print_table, progress, result_json

if TYPE_CHECKING:
    import xarray as xr

SHOWN = 12


class GlobalMean(StrEnum):
    """Which mean of all features the class means are centred with."""

    SAMPLE = "sample"
    CLASS = "class"


def analyze(
    topic: Annotated[str, typer.Argument(help="What to compute: nc, accuracy (all: bceprobe list metrics).")],
    runs: Annotated[list[str], typer.Argument(help="Runs, or folders that hold runs.")],
    split: Annotated[str | None, typer.Option(help="train or test; both if left out.", show_envvar=False)] = None,
    epochs: Annotated[str, typer.Option(help="Such as all, last, every:5, 1-20,50.", show_envvar=False)] = "all",
    global_mean: Annotated[
        GlobalMean, typer.Option(help="Mean over samples (paper) or classes.", show_envvar=False)
    ] = GlobalMean.SAMPLE,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.", show_envvar=False)] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.", show_envvar=False)] = False,
) -> None:
    """Compute metrics of every stored epoch, offline; computed values are kept beside the run.

    Example: bceprobe analyze nc runs/quickstart/bce --split train --epochs last
    """
    from bceprobe.analysis import SCHEMA_VERSION, records
    from bceprobe.analysis import analyze as compute
    from bceprobe.errors import UsageError

    if as_json and as_csv:
        raise UsageError("--json and --csv exclude each other", "Give one of them")
    with progress(f"analyze {topic}") as report:
        splits = [split] if split else None
        dataset = compute(runs, topic, splits=splits, epochs=epochs, global_mean=global_mean.value, progress=report)
    rows = records(dataset)
    if as_json:
        result_json({"schema_version": SCHEMA_VERSION, "topic": topic, "global_mean": global_mean, "records": rows})
    elif as_csv:
        _print_csv(rows)
    else:
        _print_tables(dataset, rows)


def _print_csv(rows: list[dict[str, Any]]) -> None:
    import csv
    import sys

    writer = csv.DictWriter(sys.stdout, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: "" if value is None else value for name, value in row.items()} for row in rows)


def _print_tables(dataset: xr.Dataset, rows: list[dict[str, Any]]) -> None:
    """Print a table per run and split, thinned to about a dozen epochs, and what each column is."""
    names = [str(name) for name in dataset.data_vars if name != "captured"]
    for run in dataset["run"].values.tolist():
        for split in dataset["split"].values.tolist():
            part = [row for row in rows if (row["run"], row["split"]) == (run, split)]
            if part:
                title = f"{run}, {split} split"
                shown = _thinned(part)
                cells = [[str(row["epoch"]), *(number(row[name]) for name in names)] for row in shown]
                print_table(["epoch", *names], cells, title=title, text=0)
    if dataset.sizes["epoch"] > SHOWN:
        note("Some epochs are left out of the tables; --json and --csv show all.")
    for name in names:
        note(f"{name}: {dataset[name].attrs['long_name']} ({dataset[name].attrs['definition']})")


def _thinned(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Choose about a dozen rows, evenly spaced, the first and the last among them."""
    if len(rows) <= SHOWN:
        return rows
    return [rows[round(position * (len(rows) - 1) / (SHOWN - 1))] for position in range(SHOWN)]
