"""The tables of `bceprobe analyze`, for a terminal of 80 columns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from bceprobe.cli.console import note, number, print_table, result

if TYPE_CHECKING:
    from collections.abc import Iterable

    import xarray as xr

SHOWN = 5
OWN = re.compile(r"\bown\b")
ACROSS = {"label": "classes", "epoch": "epochs", "run": "runs"}


def print_metrics(dataset: xr.Dataset, rows: list[dict[str, Any]]) -> None:
    """Print a table per run and split: a line per metric, a column for each of at most five epochs."""
    names = [str(name) for name in dataset.drop_dims("label", errors="ignore").data_vars if name != "captured"]
    left_out = False
    for run in dataset["run"].values.tolist():
        for split in dataset["split"].values.tolist():
            part = [row for row in rows if (row["run"], row["split"]) == (run, split)]
            shown = _thinned(part)
            left_out |= len(shown) < len(part)
            if shown:
                columns = ["", *(f"epoch {row['epoch']}" for row in shown)]
                lines = [[_marked(dataset, name), *(number(row[name]) for row in shown)] for name in names]
                print_table(columns, lines, title=f"{run}, {split} split")
    result("* bceprobe's own definition, or own choice within one: see bceprobe list metrics.")
    if left_out:
        note("Some epochs are left out of the tables; --epochs chooses, --json and --csv show all.")


def print_trajectories(rows: list[dict[str, Any]]) -> None:
    """Print a line per run: when it fits, fits uniformly, collapses, and how it ends."""
    columns = ["run", "how it ends", "fitted", "uniform", "collapsed"]
    stages = ("fitted_epoch", "uniform_epoch", "collapsed_epoch")
    lines = [[row["run"], row["failure"], *("never" if row[s] is None else str(row[s]) for s in stages)] for row in rows]
    print_table(columns, lines, text=2)
    for row in rows:
        if row["ordered"] is False:
            result(f"{row['run']}: another order than fitted, uniform, collapsed: {row['order']}")
    result(
        "First epochs with accuracy 1, uniform accuracy 1, and NC1 to NC3 below "
        f"{rows[0]['nc_threshold']:g} (own choice), on the train split."
    )


def print_correlations(rows: list[dict[str, Any]]) -> None:
    """Print how thresholds go with mean scores: across classes at each run's last epoch, across epochs and runs."""
    shown = list(_last_epochs(rows))
    lines = [
        [
            *_place(row),
            row["y"].removesuffix("_mean"),
            str(row["n"]),
            number(row["pearson"]),
            f"{number(row['pearson_low'])} {number(row['pearson_high'])}",
            number(row["pearson_p_holm"]),
        ]
        for row in shown
    ]
    columns = ["run", "split", "across", "scores", "n", "Pearson r", "95 % CI", "p (Holm)"]
    print_table(columns, lines, title="Threshold b (= -PyTorch bias) against mean scores", text=4)
    result(f"t-test of Pearson's r, Fisher interval; p corrected by Holm for all {len(rows)} correlations of --json.")
    if any(row["across"] == "epoch" for row in shown):
        result("Successive epochs depend on each other: across epochs p is too small and the interval too narrow.")


def _place(row: dict[str, Any]) -> list[str]:
    return [row["run"] or "all", row["split"], ACROSS[row["across"]]]


def _last_epochs(rows: list[dict[str, Any]]) -> Iterable[dict[str, Any]]:
    """Leave out the correlations across classes but for the last epoch of each run and split."""
    last: dict[tuple[str, str], int] = {}
    for row in rows:
        if row["across"] == "label":
            last[row["run"], row["split"]] = row["epoch"]
    return (row for row in rows if row["across"] != "label" or row["epoch"] == last[row["run"], row["split"]])


def _marked(dataset: xr.Dataset, name: str) -> str:
    return f"{name} *" if OWN.search(dataset[name].attrs["definition"]) else name


def _thinned(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Choose a few rows, evenly spaced, the first and the last among them."""
    if len(rows) <= SHOWN:
        return rows
    return [rows[round(position * (len(rows) - 1) / (SHOWN - 1))] for position in range(SHOWN)]
