"""How the time of metrics that could be quadratic in the number of samples grows with it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from benchmarks.data import Size, draw
from benchmarks.harness import SPREAD, interleaved
from benchmarks.tables import Result

from bceprobe.metrics import METRICS
from bceprobe.metrics.base import measure

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from benchmarks.data import Arrays

SIZE = Size(100_000, 64, 10)
FACTORS = (1, 2, 4)
COSTS = {"uniform_accuracy": "N d K + N log N", "compactness": "N d", "distinctiveness": "N d"}


def run(_folder: Path, size: Size = SIZE, repetitions: int = 5) -> Result:
    """Measure each metric on fresh snapshots of N, 2 N and 4 N samples, a column each."""
    cases = [draw(Size(factor * size.samples, size.length, size.classes)) for factor in FACTORS]
    names = [*(f"{arrays.features.shape[0]:,}" for arrays in cases), "growth", "cost"]
    columns = [(*_timed(name, cases, repetitions), cost) for name, cost in COSTS.items()]
    sorting = 4 * (1 + math.log(4) / math.log(size.samples))
    growth = f"Growth of time from N to 4 N: 4 is linear, {sorting:.1f} N log N, 16 quadratic."
    title = f"Growth with the number of samples N (d={size.length}, K={size.classes})"
    return Result(title, ("samples", *COSTS), list(zip(names, *columns, strict=True)), (f"{SPREAD} {growth}",))


def _timed(name: str, cases: Sequence[Arrays], repetitions: int) -> tuple[str, ...]:
    things = {f"case_{number}": _thing(name, arrays) for number, arrays in enumerate(cases)}
    timings = interleaved(repetitions, **things)
    return (*map(str, timings), f"{timings[-1].best / timings[0].best:.1f} times")


def _thing(name: str, arrays: Arrays) -> Callable[[], object]:
    return lambda: measure(arrays.snapshot(), [METRICS[name]])
