"""The tables of what `bceprobe analyze` finds beyond values: trajectories and correlations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bceprobe.cli.console import print_lines, print_table

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

STAGES = ("fitted_epoch", "uniform_epoch", "collapsed_epoch")
SUBJECT = "Threshold b against mean scores across"
TITLES = {
    "label": f"{SUBJECT} classes, at the last epoch of each run",
    "epoch": f"{SUBJECT} epochs",
    "run": f"{SUBJECT} runs, at the last epoch of each",
}
METHOD = (
    "b = -(PyTorch's bias). Pearson's r with Fisher's interval; p of the t-test, corrected by Holm over all "
    "correlations of one kind and epoch. --json adds Spearman's, the slope, and the other epochs."
)
DEPENDENT = "Successive epochs depend on each other: across epochs p is too small and the interval too narrow."
Row = dict[str, Any]


def print_trajectories(rows: Sequence[Row]) -> None:
    """Print a line per run: when it fits, fits uniformly, collapses, and how it ends."""
    columns = ["run", "in the end", "fitted", "uniform", "collapsed"]
    lines = [
        [row["run"], row["failure"], *("never" if row[stage] is None else str(row[stage]) for stage in STAGES)]
        for row in rows
    ]
    print_table(columns, lines, text=2)
    print_lines(
        "First captured epochs with accuracy 1, uniform accuracy 1, and NC1 to NC3 all below "
        f"{rows[0]['nc_threshold']:g} (own choice), on the train split; never: at no captured epoch."
    )
    for row in rows:
        if row["ordered"] is False:
            print_lines(f"{row['run']}: not in the order fitted, uniform, collapsed, but {row['order']}.")


def print_correlations(rows: Sequence[Row]) -> None:
    """Print how thresholds go with mean scores: across the classes at each run's last epoch, across epochs and runs."""
    for across, title in TITLES.items():
        shown = list(_last_epochs([row for row in rows if row["across"] == across]))
        named = across != "run"
        columns = [*(["run"] * named), "split", "scores", "n", "Pearson r [95 % CI]", "p (Holm)"]
        lines = [[*([row["run"]] * named), *_cells(row)] for row in shown]
        if shown:
            print_table(columns, lines, title=title, text=2 + named)
    print_lines(METHOD)
    if any(row["across"] == "epoch" and row["pearson"] is not None for row in rows):
        print_lines(DEPENDENT)


def _cells(row: Row) -> list[str]:
    """Show a correlation, or why there is none."""
    p = row["pearson_p_holm"]
    scores = row["y"].removesuffix("_mean")
    return [row["split"], scores, str(row["n"]), _estimate(row), "-" if p is None else f"{p:.2g}"]


def _estimate(row: Row) -> str:
    if row["pearson"] is None:
        return str(row["note"])
    if row["pearson_low"] is None:
        return f"{row['pearson']:.3f}"
    return f"{row['pearson']:.3f} [{row['pearson_low']:.3f}, {row['pearson_high']:.3f}]"


def _last_epochs(rows: Sequence[Row]) -> Iterator[Row]:
    """Leave out all but the last epoch of each run and split."""
    last = {(row["run"], row["split"]): row["epoch"] for row in rows}
    return (row for row in rows if row["epoch"] == last[row["run"], row["split"]])
