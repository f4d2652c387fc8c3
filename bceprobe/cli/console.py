"""What all commands print with: results to stdout, everything else to stderr, and numbers the same everywhere."""

from __future__ import annotations

import json
import math
import sys
import textwrap
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from pathlib import Path

    from rich.console import Console

# Marks a definition that is this project's own.
OWN_MARK = "*"


def result(text: str) -> None:
    """Print a line of the result."""
    sys.stdout.write(f"{text}\n")


def note(text: str) -> None:
    """Print a line that is no result."""
    sys.stderr.write(f"{text}\n")


def result_json(document: dict[str, Any]) -> None:
    """Print one JSON document."""
    result(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))


def write_text(file: Path, text: str) -> None:
    """Write what a command makes, and the folder it is in.

    Raises
    ------
    UsageError
        It cannot be written.
    """
    from bceprobe.errors import UsageError

    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        raise UsageError(f"cannot write {file} ({error.strerror})", "Choose another file with --out") from error


def stdout() -> Console:
    """Return the console of results; a table is as wide as the terminal, and 80 columns where there is none."""
    from rich.console import Console

    return Console(file=sys.stdout, width=None if sys.stdout.isatty() else 80, highlight=False, markup=False)


def stderr() -> Console:
    """Return the console of logs and progress."""
    from rich.console import Console

    return Console(file=sys.stderr, highlight=False)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "", text: int = 1) -> None:
    """Print a table: the first `text` columns are words, which are folded where they do not fit, the others numbers."""
    from rich import box
    from rich.table import Table

    table, console = Table(box=box.SIMPLE_HEAD, pad_edge=False), stdout()
    for position, name in enumerate(columns):
        if position < text:
            table.add_column(name, overflow="fold")
        else:
            table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*row)
    if title:
        console.print(title, style="bold")
    console.print(table)


def print_heading(text: str) -> None:
    """Print a line across the terminal that names what follows."""
    console = stdout()
    console.print(f"── {text} ".ljust(console.width, "─"), style="bold")


def print_lines(text: str, *, after: int = 0) -> None:
    """Print a sentence of the result, broken into lines where the terminal ends, and some empty lines after it."""
    result(textwrap.fill(text, stdout().width, break_on_hyphens=False) + "\n" * after)


def number(value: float | None) -> str:
    """Show a number in at most seven characters; a dash where there is none.

    Examples
    --------
    >>> [number(value) for value in (0.98765, 12.3456, 3.2e-7, 0.0, None)]
    ['0.9877', '12.35', '3.2e-07', '0', '-']
    """
    if value is None or value != value:  # noqa: PLR0124 - NaN is the number that differs from itself
        return "-"
    if value == 0:
        return "0"
    return f"{value:.4g}" if 1e-3 <= abs(value) < 1e5 else f"{value:.2g}"  # noqa: PLR2004


def short(value: float, digits: int = 3) -> str:
    """Show a number to a few digits, all of those before the point included; a dash where it is not finite.

    Examples
    --------
    >>> [short(value, 2) for value in (0.0123, 96.4, 104.4, 2.5e7, float("nan"))]
    ['0.012', '96', '104', '2.5e+07', '-']
    """
    if not math.isfinite(value):
        return "-"
    return f"{value:.0f}" if 100 <= abs(value) < 1e5 else f"{value:.{digits}g}"  # noqa: PLR2004


@contextmanager
def progress(title: str) -> Iterator[Callable[[int, int | None], None]]:
    """Show a progress bar on a terminal; yields the callback (done, total if known) that moves it."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = stderr()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as display:
        task = display.add_task(title, total=None)
        yield lambda done, total: display.update(task, completed=done, total=total)
