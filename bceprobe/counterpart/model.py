"""What a counterpart consists of: an entry per combination of levels, loss and metric."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bceprobe.report import printable

if TYPE_CHECKING:
    from bceprobe.comparison import Quantity
    from bceprobe.counterpart.beside import Beside
    from bceprobe.counterpart.layout import Layout, Levels
    from bceprobe.counterpart.measuring import Measured, Missing
    from bceprobe.sweep import Recipe


@dataclass(frozen=True)
class Entry:
    """A metric of the runs of one combination of levels and one loss.

    Parameters
    ----------
    levels
        Pairs of axis and level, without that of the loss.
    column, loss
        The title of its column, and the name of its loss.
    quantity
        The metric and its split.
    values, epochs
        Of every finished run, in the order of the seeds.
    planned
        How many runs there are to be.
    beside
        What is published of it.
    x, group
        Where it is drawn: the value of the numeric axis, and the levels it shares with others along it.
    """

    levels: Levels
    column: str
    loss: str
    quantity: Quantity
    values: tuple[float, ...]
    epochs: tuple[int, ...]
    planned: int
    beside: Beside
    x: float | None = None
    group: str = ""

    @property
    def mean(self) -> float:
        """The mean over the runs; NaN without one, or where one is undefined."""
        return float(np.mean(self.values)) if self.values else math.nan

    @property
    def std(self) -> float:
        """The sample standard deviation over the runs; NaN for fewer than two."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else math.nan

    @property
    def label(self) -> str:
        """The levels in a few words."""
        return printable(" ".join(level for _, level in self.levels)) or "all"


@dataclass(frozen=True)
class Counterpart:
    """What a sweep has to show beside the figure or table that it repeats.

    Parameters
    ----------
    recipe
        What was trained.
    command
        What makes it again.
    layout
        Its rows and columns.
    entries
        By metric, row and column.
    measured, missing
        The points that are finished, and those that are not.
    """

    recipe: Recipe
    command: str
    layout: Layout
    entries: tuple[Entry, ...]
    measured: tuple[Measured, ...]
    missing: tuple[Missing, ...]

    @property
    def planned(self) -> int:
        """How many runs there are to be."""
        return len(self.measured) + len(self.missing)

    @property
    def locations(self) -> tuple[str, ...]:
        """Where the finished runs are."""
        return tuple(str(one.point.folder) for one in self.measured)

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """What is told of the runs, in the order of the recipe."""
        return tuple(dict.fromkeys(entry.quantity for entry in self.entries))

    def rows_of(self, quantity: Quantity) -> list[list[Entry]]:
        """Return the entries of a quantity, row by row, in the order of the columns."""
        found: dict[Levels, list[Entry]] = {}
        for entry in self.entries:
            if entry.quantity == quantity:
                found.setdefault(entry.levels, []).append(entry)
        return list(found.values())
