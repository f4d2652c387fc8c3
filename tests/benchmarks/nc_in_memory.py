"""NC1 to NC4 of one snapshot in memory, against the streaming way of public libraries and against reading it twice."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from benchmarks import streaming
from benchmarks.data import Size, draw
from benchmarks.harness import SPREAD, interleaved, largest_difference
from benchmarks.tables import Result, verdict

from bceprobe.metrics import METRICS
from bceprobe.metrics.base import measure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from benchmarks.data import Arrays

NAMES = ("nc1", "nc2", "nc3", "nc4")
LINES = (
    "bceprobe",
    "streaming",
    "ratio",
    "target",
    "its two products alone",
    "the ratio, were they all",
    "two reads of the features",
    "bceprobe against them",
    "largest relative difference",
)


NOTE = (
    f"Streaming: torch in float32, {streaming.BATCH} samples at a time (tests/benchmarks/streaming.py). The products: "
    "features, already in float64, times the K - 1 columns that nc1 needs, and in float32 times the K that "
    "nc4 needs; what takes as long as that cannot be left out without leaving float64."
)


class Case(NamedTuple):
    """A size, how many times faster we want to be, and how often to measure."""

    size: Size
    target: float
    repetitions: int


CASES = (Case(Size(50_000, 512, 10), 6, 7), Case(Size(20_000, 2048, 100), 15, 5))


def run(_folder: Path, cases: Sequence[Case] = CASES) -> Result:
    """Measure all cases, a column each."""
    columns = ("", *(str(case.size) for case in cases))
    rows = list(zip(LINES, *map(_column, cases), strict=True))
    return Result("NC1 to NC4 of a snapshot in memory", columns, rows, (f"{SPREAD} {NOTE}",))


def ours(arrays: Arrays) -> dict[str, float]:
    """Compute nc1 to nc4 of a snapshot that knows nothing yet."""
    values = measure(arrays.snapshot(), [METRICS[name] for name in NAMES])
    return {name: float(values[name]) for name in NAMES}


def compared(arrays: Arrays) -> float:
    """Return the largest relative difference between our numbers and those of the baseline."""
    return largest_difference(ours(arrays), streaming.measure(arrays))[0]


def _column(case: Case) -> tuple[str, ...]:
    arrays = draw(case.size)
    wide, factor = arrays.features.astype(np.float64), np.ones((case.size.length, case.size.classes - 1))
    weight = np.ones((case.size.length, case.size.classes), np.float32)
    mine, theirs, products, reads = interleaved(
        case.repetitions,
        mine=lambda: ours(arrays),
        theirs=lambda: streaming.measure(arrays),
        products=lambda: (wide @ factor, arrays.features @ weight),
        reads=lambda: _two_reads(arrays),
    )
    ratio, (difference, name) = theirs.best / mine.best, largest_difference(mine.result, theirs.result)
    speed = str(mine), str(theirs), f"{ratio:.1f} times faster", verdict(ratio, at_least=case.target)
    limit, length = f"{theirs.best / products.best:.1f}", f"{mine.best / reads.best:.1f} times as long"
    return (*speed, str(products), limit, str(reads), length, f"{difference:.1e} ({name})")


def _two_reads(arrays: Arrays) -> None:
    flat = arrays.features.reshape(-1)
    for _ in range(2):
        np.vdot(flat, flat)
