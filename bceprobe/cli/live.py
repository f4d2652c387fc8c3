"""Watching training: a live table on a terminal, a plain line per epoch elsewhere; both on stderr."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich import box
from rich.console import Group
from rich.live import Live
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from bceprobe.cli.console import note, number, stderr
from bceprobe.train.distributed import is_first
from bceprobe.train.loop import Watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bceprobe.train.history import Row

KEPT = 10
COLUMNS = {
    "epoch": "epoch",
    "loss": "loss",
    "lr": "lr",
    "train_accuracy": "train",
    "test_accuracy": "test",
    "test_uniform_accuracy": "unif.",
    "train_nc1": "NC1",
    "train_nc2": "NC2",
    "train_nc3": "NC3",
    "images_per_second": "img/s",
    "captured_mb": "MB",
}
PERCENT = {"train_accuracy", "test_accuracy", "test_uniform_accuracy"}
CAPTION = "train, test: accuracy in %; unif.: test uniform accuracy in %; MB: stored"


class LineWatch(Watch):
    """Prints one line per epoch."""

    def start(self, first: int, epochs: int, batches: int) -> None:
        """Remember when and where training began, for the time left."""
        super().start(first, epochs, batches)
        self._first, self._epochs, self._begun = first, epochs, time.monotonic()

    def epoch(self, row: Row) -> None:
        """Print the epoch's numbers by name."""
        done = int(row["epoch"]) - self._first + 1
        left = (time.monotonic() - self._begun) / done * (self._epochs - int(row["epoch"]))
        named = " ".join(f"{title} {shown(row, name)}" for name, title in COLUMNS.items())
        note(f"{named} left {left:.0f}s")


class TableWatch(Watch):
    """Keeps a table of the last epochs and a progress bar up to date."""

    def __init__(self, title: str) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
        self._progress = Progress(*columns, TextColumn("left"), TimeRemainingColumn(), console=stderr())
        self._rows: list[Row] = []
        self._title = title
        self.live = Live(self._view(), console=stderr(), refresh_per_second=4)

    def start(self, first: int, epochs: int, batches: int) -> None:
        """Start the bar over all batches of all epochs to come."""
        self._first, self._epochs, self._batches = first, epochs, batches
        self._task = self._progress.add_task("starting", total=(epochs - first + 1) * batches)

    def batch(self, epoch: int, done: int, loss: float) -> None:
        """Move the bar."""
        completed = (epoch - self._first) * self._batches + done
        text = f"epoch {epoch} of {self._epochs}, loss {loss:.3f}"
        self._progress.update(self._task, completed=completed, description=text)

    def epoch(self, row: Row) -> None:
        """Add the epoch to the table."""
        self._rows = [*self._rows, row][-KEPT:]
        self.live.update(self._view())

    def _view(self) -> Group:
        table = Table(
            title=self._title,
            title_justify="left",
            caption=CAPTION,
            caption_justify="left",
            box=box.SIMPLE_HEAD,
            padding=(0, 1, 0, 0),
            pad_edge=False,
        )
        for title in COLUMNS.values():
            table.add_column(title, justify="right", no_wrap=True)
        for row in self._rows:
            table.add_row(*(shown(row, name) for name in COLUMNS))
        return Group(table, self._progress)


@contextmanager
def watching(title: str) -> Iterator[Watch]:
    """Choose the display: a live table on a terminal, plain lines elsewhere; of several processes the first has one."""
    if not is_first():
        yield Watch()
        return
    if not stderr().is_terminal:
        yield LineWatch()
        return
    watch = TableWatch(title)
    with watch.live:
        yield watch


def shown(row: Row, name: str) -> str:
    """Show one value of a row of history in a few characters; a dash where it was not measured."""
    value = row.get(name)
    if value is None or name == "epoch":
        return "-" if value is None else str(value)
    if name in PERCENT:
        return f"{100 * value:.1f}"
    if name == "captured_mb":
        return f"{value:.1f}" if value < 100 else f"{value:.0f}"  # noqa: PLR2004
    return f"{value:.0f}" if name == "images_per_second" else _short(value)


def _short(value: float) -> str:
    """Show a positive number in at most six characters."""
    if 0 < value < 0.01:  # noqa: PLR2004
        return f"{value:.1e}".replace("e-0", "e-")
    return f"{value:.3f}" if value < 10 else number(value)  # noqa: PLR2004


class BarWatch(Watch):
    """Moves one bar over the epochs of several runs and names what runs now."""

    def __init__(self, runs: int, epochs: int) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f}%"))
        self.progress = Progress(*columns, TimeRemainingColumn(), console=stderr())
        self._task = self.progress.add_task("starting", total=runs * epochs)
        self._runs, self._run = runs, 0

    def start(self, first: int, epochs: int, batches: int) -> None:
        """Begin the next run; epochs it has already count as done."""
        super().start(first, epochs, batches)
        self._run += 1
        self.progress.advance(self._task, first - 1)

    def epoch(self, row: Row) -> None:
        """Count an epoch and show its numbers."""
        text = f"run {self._run} of {self._runs}, epoch {row['epoch']}, NC1 {shown(row, 'train_nc1')}"
        self.progress.update(self._task, advance=1, description=text)


class RunLineWatch(Watch):
    """Prints a line per finished run."""

    def __init__(self, runs: int) -> None:
        self._runs, self._run, self._epochs = runs, 0, 0

    def start(self, first: int, epochs: int, batches: int) -> None:
        """Begin the next run."""
        super().start(first, epochs, batches)
        self._run, self._epochs = self._run + 1, epochs

    def epoch(self, row: Row) -> None:
        """Print the numbers of the last epoch."""
        if row["epoch"] == self._epochs:
            named = " ".join(f"{title} {shown(row, name)}" for name, title in COLUMNS.items() if name != "lr")
            note(f"run {self._run} of {self._runs}: {named}")


@contextmanager
def training_bar(runs: int, epochs: int) -> Iterator[Watch]:
    """Watch several runs: one bar on a terminal, a line per run elsewhere."""
    if not stderr().is_terminal:
        yield RunLineWatch(runs)
        return
    watch = BarWatch(runs, epochs)
    with watch.progress:
        yield watch
