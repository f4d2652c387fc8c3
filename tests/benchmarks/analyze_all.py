"""`analyze all` on a store, against plain zarr reading the same features; the pages of both are in the page cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks import worker
from benchmarks.data import MEGA, Size, store
from benchmarks.harness import SPREAD, in_process, interleaved
from benchmarks.tables import Result, verdict

from bceprobe.snapshot import cores

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.harness import Timing

SIZE = Size(50_000, 512, 10, epochs=20)
TARGET = 1.5
# Beyond two snapshots.
ALLOWED_BYTES = 300_000_000
NOTE = (
    "As `bceprobe analyze` does it: in a process per core. Memory: the peak of a process of its own, less that of its "
    "imports, and of each process that it starts; may be two snapshots + 300 MB."
)


def run(folder: Path, size: Size = SIZE, repetitions: int = 3) -> Result:
    """Measure time side by side in this process, and memory in processes of their own."""
    path = store(folder / "epochs", size)
    mine, plain, alone, least, reading = interleaved(
        repetitions,
        lambda: worker.forget(path),
        mine=lambda: worker.analyze(path, jobs=0),
        plain=lambda: worker.read(path),
        alone=lambda: worker.analyze(path),
        least=lambda: worker.analyze(path, topic="nc", jobs=0),
        reading=lambda: worker.read_directly(path),
    )
    ratio = mine.best / plain.best
    columns = ("quantity", "bceprobe", "plain zarr", "ratio", "target")
    rows = [
        ("time", str(mine), str(plain), f"{ratio:.2f} x", verdict(ratio, at_most=TARGET)),
        _time("time, in one process", alone, plain),
        _time("time, analyze nc", least, plain),
        _time("time, our reading", reading, plain),
        _memory(path, size),
    ]
    return Result(f"Analyze all of a store: {size}", columns, rows, (f"{SPREAD} {NOTE}",))


def _time(what: str, mine: Timing, plain: Timing) -> tuple[str, ...]:
    return (what, str(mine), str(plain), f"{mine.best / plain.best:.2f} x", "-")


def _memory(path: Path, size: Size) -> tuple[str, ...]:
    mine, plain = _grown(in_process("analyze", path, "", cores())), _grown(in_process("read", path))
    allowed = 2 * size.snapshot_bytes + ALLOWED_BYTES
    goal = verdict(round(mine / MEGA), at_most=round(allowed / MEGA))
    return ("peak memory, MB", f"{mine / MEGA:.0f}", f"{plain / MEGA:.0f}", f"{mine / plain:.2f} x", goal)


def _grown(report: dict[str, int]) -> int:
    return max(report["peak"] - report["before"], 1)
