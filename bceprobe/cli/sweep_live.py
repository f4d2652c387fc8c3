"""Watching a sweep: a live table of what runs now on a terminal, a line per finished point elsewhere; on stderr."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from bceprobe.cli.console import note, stderr
from bceprobe.cli.live import COLUMNS, shown
from bceprobe.sweep.progress import progress_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bceprobe.sweep import Outcome, Point

SHOWN = ("train_accuracy", "test_accuracy", "test_uniform_accuracy", "train_nc1", "train_nc2", "train_nc3")
# Rows of points at most: those that have begun and not ended, then the last that ended.
ROWS = 16


@contextmanager
def watching_points(points: Sequence[Point]) -> Iterator[Callable[[Sequence[Outcome]], None]]:
    """Yield what is to be called with all outcomes so far, again and again."""
    if not stderr().is_terminal:
        yield _Lines(len(points))
        return
    table = _LiveTable(points)
    with table.live:
        yield table


class _Lines:
    """Prints a line for each point that has ended."""

    def __init__(self, points: int) -> None:
        self._points, self._printed = points, 0

    def __call__(self, outcomes: Sequence[Outcome]) -> None:
        """Print what is new."""
        for number, outcome in enumerate(outcomes[self._printed :], start=self._printed + 1):
            last = progress_of(outcome.point).last
            named = " ".join(f"{COLUMNS[name]} {_value(last, name)}" for name in SHOWN if last)
            said = f"{outcome.point.label}: {outcome.status} {outcome.reason or named}"
            note(f"{number} of {self._points}: {said}".rstrip())
        self._printed = len(outcomes)


class _LiveTable:
    """Keeps a table of the points and a bar over them up to date."""

    def __init__(self, points: Sequence[Point]) -> None:
        columns = (TextColumn("points"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._bar = Progress(*columns, TextColumn("{task.description}"), console=stderr())
        self._task = self._bar.add_task("", total=len(points))
        self._points, self.live = points, Live(console=stderr(), refresh_per_second=4)

    def __call__(self, outcomes: Sequence[Outcome]) -> None:
        """Show the points as they are now."""
        counts = Counter(outcome.status for outcome in outcomes)
        said = ", ".join(f"{count} {status}" for status, count in counts.items())
        self._bar.update(self._task, completed=len(outcomes), description=said)
        ended = {outcome.point.label: outcome.status for outcome in outcomes}
        begun = [point for point in self._points if point.label not in ended and point.folder.exists()]
        last = [outcome.point for outcome in outcomes[-max(0, ROWS - len(begun)) :]] if len(begun) < ROWS else []
        self.live.update(Group(_table([*last, *begun[:ROWS]], ended), self._bar))


def _table(points: Sequence[Point], ended: dict[str, str]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("point", overflow="ellipsis", no_wrap=True)
    for title in ("epoch", *(COLUMNS[name] for name in SHOWN), "status"):
        table.add_column(title, justify="right", no_wrap=True)
    for point in points:
        progress = progress_of(point)
        values = (_value(progress.last, name) for name in SHOWN)
        table.add_row(point.label, f"{progress.done}/{progress.epochs}", *values, ended.get(point.label, "running"))
    return table


def _value(row: dict[str, str], name: str) -> str:
    """Show a value of history.csv, which is text there."""
    text = row.get(name)
    return shown({name: float(text)}, name) if text else "-"
