"""history.csv: one row of scalars per epoch, computed from what was stored, in the order epochs ended."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

from bceprobe.metrics import METRICS
from bceprobe.metrics import measure as measure_metrics
from bceprobe.store import Run
from bceprobe.store.location import write_bytes

if TYPE_CHECKING:
    from pathlib import Path

FILE = "history.csv"
MEASURED = {"train": ("accuracy", "uniform_accuracy", "nc1", "nc2", "nc3"), "test": ("accuracy", "uniform_accuracy")}
COLUMNS = (
    "epoch",
    "lr",
    "loss",
    *(f"{split}_{name}" for split, names in MEASURED.items() for name in names),
    "images_per_second",
    "captured_mb",
    "seconds",
)

Row = dict[str, Any]


def measure(folder: Path, epoch: int) -> Row:
    """Compute the row's metrics from the stored epoch, one chunk of features in memory at a time."""
    run = Run(str(folder))
    row: Row = {}
    for split, names in MEASURED.items():
        found = measure_metrics(run.snapshot(epoch, split), [METRICS[name] for name in names])
        row |= {f"{split}_{name}": found[name] for name in names}
    return row


def read_history(folder: Path, last: int) -> list[Row]:
    """Read the rows up to an epoch, as text."""
    path = folder / FILE
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if int(row["epoch"]) <= last]


def write_history(folder: Path, rows: list[Row]) -> None:
    """Replace the file; numbers keep all digits, and what an epoch lacks is empty."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_bytes(str(folder / FILE), text.getvalue().encode())
