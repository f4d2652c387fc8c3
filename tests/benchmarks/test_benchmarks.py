"""The benchmarks run, and what they compare gives equal numbers. How fast they are is not tested."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from benchmarks import analyze_all, beyond_memory, nc_in_memory, resampling, scaling, streaming
from benchmarks.data import Size, draw, store
from benchmarks.harness import interleaved, largest_difference

from bceprobe.metrics import METRICS

if TYPE_CHECKING:
    from benchmarks.tables import Result

SMALL = Size(1200, 32, 4)


def cells(result: Result, column: str) -> list[str]:
    """The cells of one column of a table."""
    return [row[result.columns.index(column)] for row in result.rows]


def test_baseline_computes_what_we_compute() -> None:
    """The streaming baseline agrees with our nc1 to nc4 as well as float32 allows, batches not filled included."""
    assert nc_in_memory.compared(draw(SMALL)) < 1e-5


def test_baseline_is_not_trivial() -> None:
    """The snapshot that both are measured on has no value of 0, so that agreement says something."""
    assert min(streaming.measure(draw(SMALL)).values()) > 0


def test_nc_in_memory_reports_its_cases(tmp_path: Path) -> None:
    """Every case gets a column, which ends with the difference of the numbers."""
    result = nc_in_memory.run(tmp_path, [nc_in_memory.Case(SMALL, 6, 1)])
    assert result.columns[1:] == ("N=1,200, d=32, K=4",)
    assert float(result.rows[-1][1].split()[0]) < 1e-5


def test_analyze_all_is_measured(tmp_path: Path) -> None:
    """Time and memory of analysis and of plain reading are reported; what both see is the same store."""
    result = analyze_all.run(tmp_path, Size(600, 16, 4, epochs=2), repetitions=1)
    assert cells(result, "quantity") == [
        "time",
        "time, in one process",
        "time, analyze nc",
        "time, our reading",
        "peak memory, MB",
    ]


def test_a_bounded_snapshot_gives_the_same_numbers(tmp_path: Path) -> None:
    """A snapshot of three chunks gives the same numbers to 1e-12 within a bound of little more than one."""
    result = beyond_memory.run(tmp_path, Size(3000, 2048, 4), bound=10_000_000)
    assert float(cells(result, "difference")[0].split()[0]) <= 1e-12


def test_scaling_measures_every_metric(tmp_path: Path) -> None:
    """Each metric has a column with a time for N, 2 N and 4 N."""
    result = scaling.run(tmp_path, Size(200, 8, 3), repetitions=1)
    assert result.columns[1:] == tuple(scaling.COSTS)
    assert cells(result, "samples") == ["200", "400", "800", "growth", "cost"]


def test_resamples_by_counts_are_those_gathered(tmp_path: Path) -> None:
    """Both ways to resample give equal numbers."""
    result = resampling.run(tmp_path, Size(300, 16, 4), resamples=3, repetitions=1)
    differences = cells(result, "largest relative difference")
    assert max(float(cell.split()[0]) for cell in differences) < 1e-11


def test_a_drawn_store_holds_the_sizes(tmp_path: Path) -> None:
    """The store has the epochs, samples, length and classes asked for, in class order."""
    from bceprobe.store import Run

    run = Run(str(store(tmp_path, Size(100, 8, 3, epochs=2))))
    snapshot = run.snapshot(2)
    assert (run.epochs(), snapshot.samples, snapshot.classes) == ([1, 2], 100, 3)
    assert np.all(np.diff(snapshot.target) >= 0)


def test_things_are_timed_in_turns() -> None:
    """Each thing runs once to warm up, then in turns, twice each; the result is that of the warm-up."""
    calls: list[str] = []

    def thing(name: str) -> str:
        calls.append(name)
        return name

    timings = interleaved(2, a=lambda: thing("a"), b=lambda: thing("b"))
    assert calls == ["a", "b", *["a", "a", "b", "b"] * 2]
    assert [(len(timing.seconds), timing.result) for timing in timings] == [(2, "a"), (2, "b")]


def test_largest_difference_is_relative_and_names_the_value() -> None:
    """The largest relative difference is found in arrays too; NaN equals NaN and nothing else."""
    ours, theirs = {"x": [1.0, np.nan], "y": 200.0}, {"x": [1.0, np.nan], "y": 100.0}
    assert largest_difference(ours, theirs) == (0.5, "y")
    assert largest_difference({"x": np.nan}, {"x": 1.0}) == (np.inf, "x")
    with pytest.raises(ValueError, match="only one side has"):
        largest_difference({"x": 1.0}, {})


def test_memory_is_that_of_the_worker(tmp_path: Path) -> None:
    """A worker does not inherit the peak of the process that starts it."""
    held = np.ones(60_000_000)
    path = store(tmp_path, Size(100, 8, 3))
    worker = Path(scaling.__file__).with_name("worker.py")
    done = subprocess.run([sys.executable, worker, "read", path], capture_output=True, text=True, check=True)
    report = json.loads(done.stdout)
    assert held.nbytes > report["peak"] - report["before"]


@pytest.mark.parametrize("name", nc_in_memory.NAMES)
def test_measured_metrics_exist(name: str) -> None:
    """What is measured under a name is the metric of that name."""
    assert METRICS[name].name == name
