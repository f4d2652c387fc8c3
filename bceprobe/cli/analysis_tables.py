"""The tables of `bceprobe analyze`: no wider than the terminal, and what does not fit or is undefined is named."""

from __future__ import annotations

import math
import textwrap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bceprobe.cli.console import OWN_MARK, note, number, print_heading, print_lines, print_table, stdout
from bceprobe.metrics import is_own

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import xarray as xr

# Characters of a line of a run's name above its numbers, of a metric's name before it is folded, between columns.
HEAD, NAME, GAP = 14, 40, 3
# Units that need no word beside a name.
PLAIN = {"1", "0 or 1", "share", "score", "cosine", "feature"}
LEFT_OUT = "Some epochs are left out of the tables; --epochs chooses, --json and --csv show all."
SIDE_BY_SIDE = "--epochs last shows the runs side by side."
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
    """Print tables with a line per metric and a column per epoch, or per run where each has but one epoch.

    Parameters
    ----------
    dataset
        Says what the metrics are.
    rows
        Its records.
    topics
        The names of the metrics of each topic.
    """
    left_out = False
    for topic, names in topics.items():
        if len(topics) > 1:
            print_heading(topic)
        left_out |= _print_topic(topic, {name: _label(dataset, name) for name in names}, rows)
    if any(is_own(dataset[name].attrs["definition"]) for names in topics.values() for name in names):
        print_lines(f"{OWN_MARK} own definition or choice: see bceprobe list metrics --topic {next(iter(topics))}")
    if left_out:
        note(LEFT_OUT)
    if len({row["run"] for row in rows}) > 1 and not _side_by_side(rows):
        note(SIDE_BY_SIDE)


def _print_topic(topic: str, labels: Mapping[str, str], rows: Sequence[Row]) -> bool:
    """Print the tables of one topic; tells whether epochs are left out."""
    shown = 0
    for title, columns in _tables(rows, max(map(len, labels.values()))):
        _print_table(title, topic, labels, columns)
        shown += len(columns)
    return shown < len(rows)


def _print_table(title: str, topic: str, labels: Mapping[str, str], columns: Sequence[Column]) -> None:
    """Print the metrics that are defined in one of the columns, and name the others."""
    defined = [name for name in labels if any(column.row[name] is not None for column in columns)]
    if not defined:
        print_lines(f"{title}: nothing of {topic} is defined.", after=1)
        return
    lines = [[labels[name], *(number(column.row[name]) for column in columns)] for name in defined]
    print_table([topic, *(column.head for column in columns)], lines, title=title)
    if len(defined) < len(labels):
        print_lines(f"Undefined: {', '.join(name for name in labels if name not in defined)}.", after=1)


def _label(dataset: xr.Dataset, name: str) -> str:
    """Name a metric, with its unit, and with a mark where its definition is this project's own."""
    about = dataset[name].attrs
    unit = "" if about["units"] in PLAIN else f" [{about['units']}]"
    return f"{name}{unit}" + (f" {OWN_MARK}" if is_own(about["definition"]) else "")


def _tables(rows: Sequence[Row], width: int) -> Iterator[tuple[str, list[Column]]]:
    """Divide the records into tables, each with its title, that fit the terminal beside names of some width."""
    if _side_by_side(rows):
        for split in dict.fromkeys(row["split"] for row in rows):
            title, columns = _of_runs(split, [row for row in rows if row["split"] == split])
            yield from ((title, part) for part in _divided(columns, _fitting(columns, width)))
    else:
        parts = {
            f"{run}, {split} split": [Column(f"epoch {row['epoch']}", row) for row in part]
            for (run, split), part in _places(rows).items()
        }
        count = min(_most_epochs(columns, width) for columns in parts.values())
        yield from ((title, _thinned(columns, count)) for title, columns in parts.items())


def _of_runs(split: str, rows: Sequence[Row]) -> tuple[str, list[Column]]:
    """Make a column per run; the epoch stands above each unless it is that of all."""
    epochs = {row["epoch"] for row in rows}
    common = f", epoch {rows[0]['epoch']}" if len(epochs) == 1 else ""
    heads = [textwrap.wrap(row["run"], HEAD) + ([] if common else [f"epoch {row['epoch']}"]) for row in rows]
    return f"{split} split{common}", [Column("\n".join(head), row) for head, row in zip(heads, rows, strict=True)]


def _places(rows: Sequence[Row]) -> dict[tuple[str, str], list[Row]]:
    """Group the records by run and split."""
    found: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        found.setdefault((row["run"], row["split"]), []).append(row)
    return found


def _side_by_side(rows: Sequence[Row]) -> bool:
    """Tell whether there are several runs, each with but one epoch of a split."""
    return len({row["run"] for row in rows}) > 1 and all(len(part) == 1 for part in _places(rows).values())


def _room(width: int) -> int:
    """Return the characters that a line has beside names of some width."""
    return stdout().width - 2 - min(width, NAME)


def _fitting(columns: Sequence[Column], width: int) -> int:
    """Return how many columns, all as wide as the widest, fit beside names of some width; at least one."""
    return max(1, _room(width) // max(column.width for column in columns))


def _most_epochs(columns: Sequence[Column], width: int) -> int:
    """Return how many evenly spaced columns fit beside names of some width; at least one."""
    counts = range(_room(width) // GAP, 1, -1)
    return next((n for n in counts if sum(column.width for column in _thinned(columns, n)) <= _room(width)), 1)


def _divided(columns: Sequence[Column], most: int) -> list[list[Column]]:
    """Divide columns into parts of about the same size."""
    size = math.ceil(len(columns) / math.ceil(len(columns) / most))
    return [list(columns[start : start + size]) for start in range(0, len(columns), size)]


def _thinned(columns: Sequence[Column], count: int) -> list[Column]:
    """Choose some columns, evenly spaced, the first and the last among them; the last if there is room for one."""
    if len(columns) <= count:
        return list(columns)
    if count == 1:
        return [columns[-1]]
    return [columns[round(position * (len(columns) - 1) / (count - 1))] for position in range(count)]
