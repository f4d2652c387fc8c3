"""How far the points of a sweep are, read from their folders, wherever they are trained."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bceprobe.store.manifest import CONFIG
from bceprobe.sweep.solving import is_solved
from bceprobe.train.history import FILE

if TYPE_CHECKING:
    from bceprobe.sweep.points import Point


@dataclass(frozen=True)
class Progress:
    """Epochs of a point that are on disk, of how many, and the numbers of the last one by column of history.csv."""

    done: int
    epochs: int
    last: dict[str, str]


def progress_of(point: Point) -> Progress:
    """Read the progress of a point; a folder that is not there, or is being written, has none."""
    if is_solved(point.settings):
        return Progress(int((point.folder / CONFIG).exists()), 1, {})
    epochs = point.settings.optim.epochs
    try:
        with (point.folder / FILE).open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except OSError:
        rows = []
    return Progress(len(rows), epochs, rows[-1] if rows else {})
