"""A snapshot that is larger than the memory bound gives the same numbers as one that is held in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from benchmarks.data import MEGA, Size, store
from benchmarks.harness import in_process, largest_difference
from benchmarks.tables import Result, verdict

if TYPE_CHECKING:
    from pathlib import Path

SIZE = Size(1_000_000, 512, 10)
BOUND = 500_000_000
UNBOUNDED = 1 << 40
TARGET = 1e-12


def run(folder: Path, size: Size = SIZE, bound: int = BOUND) -> Result:
    """Analyse the same store twice, each in a process of its own."""
    path = store(folder / "large", size)
    reports = {memory: in_process("analyze", path, memory) for memory in (bound, UNBOUNDED)}
    difference, name = largest_difference(*(report["numbers"] for report in reports.values()))
    goal = f"{difference:.1e} ({name})", verdict(difference, at_most=TARGET)
    rows = [_row(f"{bound / MEGA:.0f} MB", reports[bound], *goal), _row("none", reports[UNBOUNDED], "-", "-")]
    columns = ("bound", "peak memory", "difference", "target")
    note = f"Features: {size.snapshot_bytes / MEGA:.0f} MB. Memory: peak of a process of its own (after its imports)."
    return Result(f"A snapshot larger than the memory bound: {size}", columns, rows, (note,))


def _row(bound: str, report: dict[str, Any], *difference: str) -> tuple[str, ...]:
    peak, before = report["peak"] / MEGA, report["before"] / MEGA
    return (bound, f"{peak:.0f} MB ({before:.0f} MB)", *difference)
