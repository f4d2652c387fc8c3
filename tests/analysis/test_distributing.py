"""Analyses on a Dask cluster whose worker dies, and analyses of the same runs at the same time."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest
from builders import make_run

from bceprobe.analysis import analyze
from bceprobe.analysis.cache import Cache
from bceprobe.metrics import topics
from bceprobe.store import open_run

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr
    from dask_cases import Workers

SPLITS = ("test", "train")
EPOCHS = 8


@pytest.fixture
def runs(tmp_path: Path) -> list[Path]:
    """Four runs of a train and a test split."""
    return [make_run(tmp_path / "runs" / f"seed-{seed}", seed=seed, epochs=range(1, EPOCHS + 1)) for seed in range(4)]


@pytest.fixture
def expected(runs: list[Path], tmp_path: Path) -> xr.Dataset:
    """All values of a copy of the runs, by one process, as they are for the runs themselves."""
    shutil.copytree(runs[0].parent, tmp_path / "alone")
    return analyze(tmp_path / "alone", "all")


def check_caches(runs: list[Path], computed: list[str], expected: xr.Dataset) -> None:
    """The cache of every run holds each epoch of each topic, its values are right, and nothing else lies beside."""
    for run in runs:
        for split in SPLITS:
            groups = sorted(path.name for path in (run / "metrics.zarr" / split).iterdir())
            assert groups == sorted(f"{topic}-sample" for topic in topics())
            for topic in topics():
                assert sorted(Cache(open_run(run), split, topic, "sample").read()) == list(range(1, EPOCHS + 1))
    computed.clear()
    assert analyze(runs, "all").identical(expected)
    assert computed == []


@pytest.mark.parametrize("held", [True, False], ids=["before-it-begins", "at-work"])
def test_what_a_killed_worker_was_at_is_measured_by_another(
    runs: list[Path], expected: xr.Dataset, computed: list[str], workers: Workers, *, held: bool
) -> None:
    """A worker that holds tasks, or is at one, is killed: all values are those of a local analysis, nothing is lost."""
    address, processes = workers
    seen: list[tuple[int, int]] = []

    def kill_at_first_report(done: int, total: int) -> None:
        if not seen:
            os.kill(processes[0].pid, signal.SIGKILL)
        seen.append((done, total))

    if held:
        os.kill(processes[0].pid, signal.SIGSTOP)
    assert analyze(runs, "all", scheduler=address, progress=kill_at_first_report).identical(expected)
    total = len(runs) * len(SPLITS) * EPOCHS
    assert processes[0].wait() == -signal.SIGKILL
    assert 0 < seen[0][0] <= total
    assert seen[-1] == (total, total)
    check_caches(runs, computed, expected)


def test_a_cluster_and_this_process_analyse_the_same_runs(
    runs: list[Path], expected: xr.Dataset, computed: list[str], workers: Workers
) -> None:
    """While a cluster measures runs, they are analysed here: both find the same values, and the cache is whole."""
    here: list[xr.Dataset] = []

    def analyse_here(_done: int, _total: int) -> None:
        if not here:
            here.append(analyze(runs, "all"))

    assert analyze(runs, "all", scheduler=workers[0], progress=analyse_here).identical(expected)
    assert here[0].identical(expected)
    check_caches(runs, computed, expected)


def test_two_processes_analyse_the_same_runs(runs: list[Path], expected: xr.Dataset, computed: list[str]) -> None:
    """Both start at the same moment and print what a third prints afterwards, no warning; the cache is whole."""
    command = [sys.executable, "-m", "bceprobe", "analyze", "all", *map(str, runs), "--json"]
    pipes: dict[str, Any] = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    both = [subprocess.Popen(command, **pipes, start_new_session=True) for _ in range(2)]
    printed = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0]
    alone = subprocess.run(command, capture_output=True, text=True, check=True)
    assert printed == [(alone.stdout, alone.stderr)] * 2
    assert "Warning" not in alone.stderr
    check_caches(runs, computed, expected)


def test_what_another_analysis_cached_meanwhile_stays(runs: list[Path], computed: list[str]) -> None:
    """Two analyses of different epochs overlap; neither takes from the cache what the other one added."""

    def analyse_others(done: int, _total: int) -> None:
        if done == 1:
            analyze(runs[0], epochs="5-8")

    analyze(runs[0], epochs="1-4", progress=analyse_others)
    computed.clear()
    analyze(runs[0], epochs="1-8")
    assert computed == []


def test_a_cache_that_is_just_replaced_costs_no_warning(
    runs: list[Path], computed: list[str], recwarn: pytest.WarningsRecorder
) -> None:
    """An array that is half removed, as one sees it while another process replaces the group, is computed, silently."""
    found = analyze(runs[0])
    cached = runs[0] / "metrics.zarr" / "train" / "nc-sample"
    (cached / "digest" / "zarr.json").unlink()
    computed.clear()
    assert analyze(runs[0]).identical(found)
    assert computed == ["nc"] * EPOCHS
    assert recwarn.list == []


def test_what_a_killed_writer_left_is_removed(runs: list[Path]) -> None:
    """A folder that was given up two hours ago goes with the next writing; one that is being written stays."""
    place = runs[0] / "metrics.zarr" / "train"
    old, young = place / ".nc-sample.old", place / ".nc-sample.young"
    for folder in (old, young):
        folder.mkdir(parents=True)
    os.utime(old, (time.time() - 7200,) * 2)
    analyze(runs[0])
    assert sorted(path.name for path in place.iterdir()) == [".nc-sample.young", "nc-sample"]
