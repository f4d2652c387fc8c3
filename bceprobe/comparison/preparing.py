"""Computing what figures take: metrics over the epochs of runs, and something of each run, with progress."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.analysis import analyze, unique_labels
from bceprobe.analysis.context import Context
from bceprobe.metrics import METRICS
from bceprobe.snapshot import one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import xarray as xr

    from bceprobe.comparison.arms import Arm
    from bceprobe.figures.base import About
    from bceprobe.snapshot import Snapshot
    from bceprobe.store import Run

    Progress = Callable[[int, int], None]
    Data = Sequence[Mapping[str, xr.Dataset]]
    OfRun = Callable[[Run], xr.Dataset]


def metrics(
    arms: Sequence[Arm], names: Sequence[str], split: str, epochs: Sequence[int], progress: Progress | None
) -> Data:
    """Analyse the topics of some metrics at some epochs, and give each run its part."""
    topics = list(dict.fromkeys(METRICS[name].topic for name in names))
    runs = [run for arm in arms for run in arm.runs]
    chosen = ",".join(map(str, epochs))
    found = analyze(runs, topics, splits=split, epochs=chosen, progress=progress).sel(split=split)
    wanted = [name for name in found.data_vars if str(name).removesuffix("_by_class") in names]
    parts = iter([found[wanted].isel(run=at) for at in range(len(runs))])
    return [{str(part["run"].item()): part for part in (next(parts) for _ in arm.runs)} for arm in arms]


def each(arms: Sequence[Arm], function: OfRun, progress: Progress | None) -> Data:
    """Make a Dataset of every run."""
    runs = [run for arm in arms for run in arm.runs]
    names, done, found = dict(zip(runs, unique_labels(runs), strict=True)), 0, []
    for arm in arms:
        own = {}
        for run in arm.runs:
            with one_blas_thread():
                own[names[run]] = function(run)
            done += 1
            if progress:
                progress(done, len(runs))
        found.append(own)
    return found


def snapshot(run: Run, about: About, epoch: int | None = None) -> Snapshot:
    """Open the epoch that is drawn, or another one, with what is known of its training."""
    number = epoch if epoch is not None else about.epoch
    if number is None:
        raise ValueError("no epoch is chosen")
    return run.split(about.split).snapshot(number, training=Context(run).at(number, None))
