"""What the benchmarks share: timing things side by side, comparing numbers, and the peak memory of a process."""

from __future__ import annotations

import json
import os
import re
import resource
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# Seconds after which the threads of a BLAS, which wait busily for more work, have gone to sleep.
REST = 0.2
STATUS = Path("/proc/self/status")
SPREAD = "Times: the best, and by how much the median is above it."


@dataclass(frozen=True)
class Timing:
    """Seconds that the repetitions of one thing took, and what its warm-up returned.

    Examples
    --------
    >>> str(Timing((0.050, 0.060, 0.055)))
    '50.0 ms (+10%)'
    """

    seconds: tuple[float, ...]
    result: Any = None

    @property
    def best(self) -> float:
        """The shortest time: what the thing takes where nothing else disturbs it."""
        return min(self.seconds)

    def __str__(self) -> str:
        return f"{shown(self.best)} (+{statistics.median(self.seconds) / self.best - 1:.0%})"


def interleaved(
    repetitions: int, prepare: Callable[[], object] = lambda: None, **things: Callable[[], Any]
) -> list[Timing]:
    """Time things in turns, so that what disturbs the machine disturbs all of them; each once before, to warm up.

    Between them is a rest, and each runs once untimed, so that what it finds in caches and memory is its own.
    `prepare` is called, untimed, before each run.
    """

    def prepared(thing: Callable[[], Any]) -> Any:
        prepare()
        return thing()

    results = {name: prepared(thing) for name, thing in things.items()}
    seconds: dict[str, list[float]] = {name: [] for name in things}
    for _ in range(repetitions):
        for name, thing in things.items():
            time.sleep(REST)
            prepared(thing)
            prepare()
            start = time.perf_counter()
            thing()
            seconds[name].append(time.perf_counter() - start)
    return [Timing(tuple(seconds[name]), results[name]) for name in things]


def shown(seconds: float) -> str:
    """Write a time in milliseconds, or in seconds from one on.

    Examples
    --------
    >>> shown(0.0482), shown(1.5)
    ('48.2 ms', '1.50 s')
    """
    return f"{seconds:.2f} s" if seconds >= 1 else f"{1000 * seconds:.1f} ms"


def largest_difference(ours: Mapping[str, Any], theirs: Mapping[str, Any]) -> tuple[float, str]:
    """Return the largest relative difference of numbers of the same name, and that name; NaN equals NaN.

    Raises
    ------
    ValueError
        Other names, or shapes.
    """
    if ours.keys() != theirs.keys():
        raise ValueError(f"only one side has {sorted(ours.keys() ^ theirs.keys())}")
    return max((_difference(ours[name], theirs[name]), name) for name in ours)


def _difference(ours: Any, theirs: Any) -> float:
    left, right = np.asarray(ours, float), np.asarray(theirs, float)
    if left.shape != right.shape:
        raise ValueError(f"{left.shape} is not {right.shape}")
    same = (left == right) | (np.isnan(left) & np.isnan(right))
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.abs(left - right) / np.maximum(np.abs(left), np.abs(right))
    return float(np.max(np.where(same, 0.0, np.where(np.isnan(relative), np.inf, relative)), initial=0.0))


def peak_memory() -> int:
    """Return the most memory in bytes that this process has had in RAM since it started its program.

    Linux lets a process inherit `ru_maxrss` from the one that started it, but not `VmHWM`.
    """
    if STATUS.is_file() and (found := re.search(r"^VmHWM:\s+(\d+) kB", STATUS.read_text(), re.MULTILINE)):
        return 1024 * int(found[1])
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else 1024 * peak


def in_process(task: str, *arguments: Any, **environment: str) -> dict[str, Any]:
    """Run a task of `worker` in a process of its own, with more environment variables; return what it reports."""
    command = [sys.executable, str(Path(__file__).with_name("worker.py")), task, *map(str, arguments)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True, env=os.environ | environment)
    report: dict[str, Any] = json.loads(done.stdout)
    return report
