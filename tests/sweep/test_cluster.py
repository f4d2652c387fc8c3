"""Points on a Dask cluster: a real scheduler and workers, each a process of its own, one of which is killed."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from typing import TYPE_CHECKING

import pytest
from builders import make_run
from sweep_cases import ended, wait_for_an_epoch
from train_cases import history, stored_bytes

from bceprobe.analysis import analyze
from bceprobe.errors import UsageError
from bceprobe.sweep import run_local
from bceprobe.sweep.cluster import run_on_cluster

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from dask_cases import Workers

    from bceprobe.sweep import Point

    Make = Callable[..., list[Point]]


def test_a_point_whose_worker_dies_goes_on_elsewhere(points: Make, workers: Workers) -> None:
    """Two points train on two workers; one is killed; both points end as without a cluster, no epoch twice or lost."""
    levels: dict[str, dict[str, object]] = {"ce": {"loss.name": "ce"}, "bce": {"loss.name": "bce"}}
    grid = points(levels, optim__epochs=60, capture__epochs="1,last")
    alone = points(levels, folder="alone", optim__epochs=60, capture__epochs="1,last")
    running = run_on_cluster(grid, workers[0])
    next(running)
    for point in grid:
        wait_for_an_epoch(point)
    os.kill(workers[1][0].pid, signal.SIGKILL)
    assert ended(running) == {point.label: ("finished", "") for point in grid}
    assert ended(run_local(alone, 1)) == {point.label: ("finished", "") for point in alone}
    for point, same in zip(grid, alone, strict=True):
        assert stored_bytes(point.folder) == stored_bytes(same.folder)
        assert history(point.folder) == history(same.folder)
    check_analysis([point.folder for point in grid], workers)


def check_analysis(runs: list[Path], workers: Workers) -> None:
    """The worker that is left measures what is measured here, to the bit, cached beside the runs, and counts it."""
    counted: list[tuple[int, int]] = []
    found = analyze(runs, scheduler=workers[0], progress=lambda *now: counted.append(now))
    cached = [run / "metrics.zarr" for run in runs]
    assert all((folder / "train" / "nc-sample").is_dir() for folder in cached)
    for folder in cached:
        shutil.rmtree(folder)
    assert found.identical(analyze(runs))
    assert counted[-1] == (8, 8)


def test_no_scheduler_is_told() -> None:
    """An address where nothing answers is an error in one line."""
    with pytest.raises(UsageError, match="no Dask scheduler answers"):
        next(run_on_cluster([], "tcp://127.0.0.1:9"))


def test_dask_that_is_not_installed_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra an analysis on a cluster says what to install, as a sweep does."""
    monkeypatch.setitem(sys.modules, "distributed", None)
    run = make_run(tmp_path / "run", epochs=[1], per_class={"train": 5})
    with pytest.raises(UsageError, match=r"bceprobe\[cluster\]"):
        analyze(run, scheduler="tcp://127.0.0.1:9")
