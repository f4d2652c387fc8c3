"""The tables of `bceprobe analyze`: no wider than the terminal, and what does not fit or is undefined is named."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bceprobe.cli.console import note, number, print_lines, print_table, stdout
from bceprobe.cli.marks import OWN_MARK, is_own

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import xarray as xr

# Characters of a line of a run's name above its numbers, of a metric's name before it is folded, between columns.
HEAD, NAME, GAP = 14, 40, 3
PLAIN_UNITS = {"1", "share", "score"}
Row = dict[str, Any]


@dataclass(frozen=True)
class Column:
    """The values of one snapshot, with what stands above them."""

    head: str
    row: Row

    @property
    def width(self) -> int:
        """Characters that it takes, with the gap before it."""
        numbers = (number(value) for value in self.row.values() if isinstance(value, float))
        return GAP + max(map(len, [*self.head.split("\n"), *numbers]))


def print_metrics(dataset: xr.Dataset, rows: Sequence[Row], topics: Mapping[str, Sequence[str]]) -> None:
    """Print a line per metric and a column per epoch, or per run where each has one epoch; a table per topic.

    Parameters
    ----------
    dataset
        Says what the metrics are.
    rows
        Its records.
    topics
        The names of the metrics of each topic.
    """
    labels = {name: _label(dataset, name) for names in topics.values() for name in names}
    width = max(map(len, labels.values()))
    if _side_by_side(rows):
        tables, left_out = list(_of_runs(rows, width)), 0
    else:
        tables, left_out = _of_epochs(rows, width)
    for title, columns in tables:
        for topic, names in topics.items():
            _print_topic(title, topic, {name: labels[name] for name in names}, columns)
    if any(is_own(dataset[name].attrs["definition"]) for name in labels):
        print_lines(
            f"{OWN_MARK} bceprobe's own definition or choice: bceprobe list metrics --topic {next(iter(topics))}"
        )
    if left_out:
        note("Some epochs are left out of the tables; --epochs chooses, --json and --csv show all.")
    if len({row["run"] for row in rows}) > 1 and not _side_by_side(rows):
        note("--epochs last shows the runs side by side.")


def _side_by_side(rows: Sequence[Row]) -> bool:
    """Tell whether there are several runs, each with one epoch of a split."""
    places = [(row["run"], row["split"]) for row in rows]
    return len({run for run, _ in places}) > 1 and len(set(places)) == len(places)


def _of_runs(rows: Sequence[Row], width: int) -> Iterator[tuple[str, list[Column]]]:
    """Make tables with a column per run, as many as it takes; the epoch stands above each unless it is that of all."""
    for split in dict.fromkeys(row["split"] for row in rows):
        part = [row for row in rows if row["split"] == split]
        epochs = {row["epoch"] for row in part}
        title = f"{split} split" + (f", epoch {part[0]['epoch']}" if len(epochs) == 1 else "")
        heads = [textwrap.wrap(row["run"], HEAD) + [f"epoch {row['epoch']}"] * (len(epochs) > 1) for row in part]
        columns = [Column("\n".join(head), row) for head, row in zip(heads, part, strict=True)]
        yield from ((title, chosen) for chosen in _fitting(columns, width))


def _of_epochs(rows: Sequence[Row], width: int) -> tuple[list[tuple[str, list[Column]]], int]:
    """Make a table per run and split with a column per epoch, as many as fit; count those left out."""
    tables, left_out = [], 0
    for run, split in dict.fromkeys((row["run"], row["split"]) for row in rows):
        part = [row for row in rows if (row["run"], row["split"]) == (run, split)]
        columns = [Column(f"epoch {row['epoch']}", row) for row in part]
        shown = _thinned(columns, _room(width) // max(column.width for column in columns))
        tables.append((f"{run}, {split} split", shown))
        left_out += len(columns) - len(shown)
    return tables, left_out


def _print_topic(title: str, topic: str, labels: Mapping[str, str], columns: Sequence[Column]) -> None:
    """Print the metrics of a topic that are defined in one of the columns, and name the others."""
    defined = [name for name in labels if any(column.row[name] is not None for column in columns)]
    if not defined:
        print_lines(f"{title}: nothing of {topic} is defined.\n")
        return
    lines = [[labels[name], *(number(column.row[name]) for column in columns)] for name in defined]
    print_table([topic, *(column.head for column in columns)], lines, title=title)
    if len(defined) < len(labels):
        print_lines(f"Undefined: {', '.join(name for name in labels if name not in defined)}.\n")


def _label(dataset: xr.Dataset, name: str) -> str:
    """Name a metric with its unit and whether its definition is this project's own."""
    about = dataset[name].attrs
    unit = "" if about["units"] in PLAIN_UNITS else f" [{about['units']}]"
    return f"{name}{unit}" + (f" {OWN_MARK}" if is_own(about["definition"]) else "")


def _fitting(columns: Sequence[Column], width: int) -> Iterator[list[Column]]:
    """Divide columns into tables that fit the terminal beside names of some width."""
    chosen: list[Column] = []
    for column in columns:
        if chosen and sum(other.width for other in [*chosen, column]) > _room(width):
            yield chosen
            chosen = []
        chosen.append(column)
    yield chosen


def _room(width: int) -> int:
    """Return the characters that a line has beside a name."""
    return stdout().width - 2 - min(width, NAME)


def _thinned(columns: Sequence[Column], count: int) -> list[Column]:
    """Choose some columns, evenly spaced, the first and the last among them; the last if there is room for one."""
    if len(columns) <= count:
        return list(columns)
    if count <= 1:
        return [columns[-1]]
    return [columns[round(position * (len(columns) - 1) / (count - 1))] for position in range(count)]
