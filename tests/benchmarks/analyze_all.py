"""`analyze all` on a store, against plain zarr reading the same features; the pages of both are in the page cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import worker
from benchmarks.data import MEGA, Size, store
from benchmarks.harness import SPREAD, in_process, interleaved
from benchmarks.tables import Result, verdict

if TYPE_CHECKING:
    from pathlib import Path

SIZE = Size(50_000, 512, 10, epochs=20)
TARGET = 1.5
# Beyond two snapshots.
ALLOWED_BYTES = 300_000_000


def run(folder: Path, size: Size = SIZE, repetitions: int = 3) -> Result:
    """Measure time side by side in this process, and memory in processes of their own."""
    path = store(folder / "epochs", size)
    mine, plain, least, reading = interleaved(
        repetitions,
        mine=lambda: worker.analyze(path),
        plain=lambda: worker.read(path),
        least=lambda: worker.analyze(path, topic="nc"),
        reading=lambda: worker.read_directly(path),
    )
    ratio = mine.best / plain.best
    times = ("time", str(mine), str(plain), f"{ratio:.2f} x", verdict(ratio, at_most=TARGET))
    part = ("time, analyze nc", str(least), str(plain), f"{least.best / plain.best:.2f} x", "-")
    own = ("time, our reading", str(reading), str(plain), f"{reading.best / plain.best:.2f} x", "-")
    memory = "Memory: the peak of a process of its own, less that of its imports; may be two snapshots + 300 MB."
    columns = ("quantity", "bceprobe", "plain zarr", "ratio", "target")
    rows = [times, part, own, _memory(path, size)]
    return Result(f"Analyze all of a store: {size}", columns, rows, (f"{SPREAD} {memory}",))


def _memory(path: Path, size: Size) -> tuple[str, ...]:
    mine, plain = (_grown(in_process(task, path)) for task in ("analyze", "read"))
    allowed = 2 * size.snapshot_bytes + ALLOWED_BYTES
    goal = verdict(round(mine / MEGA), at_most=round(allowed / MEGA))
    return ("peak memory, MB", f"{mine / MEGA:.0f}", f"{plain / MEGA:.0f}", f"{mine / plain:.2f} x", goal)


def _grown(report: dict[str, int]) -> int:
    return max(report["peak"] - report["before"], 1)
