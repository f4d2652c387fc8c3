"""Analysis: runs and a topic in, one labelled Dataset out, cached beside each store.

An epoch is computed again only if the checksums of its chunks or the version of a metric have changed; the cache may
be deleted at any time.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from bceprobe.analysis.computing import Task
from bceprobe.analysis.context import Context
from bceprobe.analysis.distributing import work_on_cluster
from bceprobe.analysis.dividing import work_side_by_side
from bceprobe.analysis.labelled import labelled, records
from bceprobe.analysis.naming import path_parts, shared_labels, unique_labels
from bceprobe.analysis.notes import notes
from bceprobe.errors import UsageError
from bceprobe.metrics import chosen_topics
from bceprobe.settings import select_epochs
from bceprobe.snapshot import GlobalMean
from bceprobe.store import Run, find_runs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import xarray as xr

    from bceprobe.analysis.labelled import Rows
    from bceprobe.store.split import StoredSplit

__all__ = ["SCHEMA_VERSION", "GlobalMean", "analyze", "records", "selected_epoch", "shared_labels", "unique_labels"]

SCHEMA_VERSION = 1


def analyze(
    runs: str | Path | Run | Sequence[str | Path | Run],
    topic: str | Sequence[str] = "nc",
    *,
    splits: str | Sequence[str] | None = None,
    epochs: str = "all",
    global_mean: GlobalMean = "sample",
    memory: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    scheduler: str | None = None,
    jobs: int = 1,
) -> xr.Dataset:
    """Compute every metric of a topic for stored epochs of runs.

    Parameters
    ----------
    runs
        Runs, or locations of runs or of folders that hold runs.
    topic
        ``"nc"``, ``"accuracy"``, or another one that ``bceprobe list metrics`` shows, or several; ``"all"`` for all of
        them. They are computed in one pass over the store.
    splits
        Of ``("train", "test")``; all that a run has, if left out.
    epochs
        Which of the written epochs, such as ``"1-20,50,last"`` (see `bceprobe.settings.select_epochs`); ``"selected"``
        is the one that each run's setting `select` chose (`bceprobe.store.Run.selection`).
    global_mean
        ``"sample"`` (the paper) or ``"class"`` (mean of class means).
    memory
        Bytes that may be taken; half of the machine's memory if left out. Two snapshots and 300 MB are used at most, or
        a snapshot and 150 MB for each process; one that does not fit is walked in blocks, with the same results. On a
        cluster, what each worker thread may take.
    progress
        Called after each snapshot with the number of snapshots done and their total.
    scheduler
        Address of a Dask scheduler, such as ``"tcp://127.0.0.1:8786"``, whose workers see the same folders: they
        measure the runs, with the same results, and what a dead one was at is measured by another.
    jobs
        Processes of this machine to measure in, 0 for one per core, with the same results; on Linux, for runs on its
        disks, and as many as have a snapshot and 150 MB each within `memory`. With one, its threads share the work.

    Returns
    -------
    xarray.Dataset
        Dimensions (run, split, epoch). A float64 variable per metric, and for many one more named ``..._by_class``
        with the dimension label, with ``long_name``, ``definition``, ``units``,
        ``references``, ``scale``, ``version`` and, if it has a direction, ``higher_is_better`` (0 or 1) as
        attributes; NaN where a run lacks an epoch or split, or where a metric is undefined. The boolean variable
        ``captured`` tells these two apart. Attributes ``topic``, ``global_mean``, and ``notes``: lines that say what
        of which run is undefined and why.

    Raises
    ------
    StoreError
        A run cannot be read.
    UsageError
        Unknown topic, epochs that a run does not have, a split that no run has, nothing captured yet, or no scheduler.
    """
    topics = [name for one in ([topic] if isinstance(topic, str) else topic) for name in chosen_topics(one)]
    opened = _opened(runs)
    labels = dict(zip(opened, unique_labels(opened), strict=True))
    chosen = _chosen(opened, splits, epochs)
    contexts = {run: Context(run) for run in opened}
    tasks = {
        (labels[run], split.name): Task(split, contexts[run], topics, numbers, global_mean)
        for (run, split), numbers in chosen.items()
    }
    measured = _work([*tasks.values()], scheduler, jobs, memory, progress)
    result = labelled(dict(zip(tasks, measured, strict=True)), topics)
    known = {labels[run]: contexts[run] for run in opened}
    about = {"topic": topic if isinstance(topic, str) else ",".join(topics), "global_mean": global_mean}
    chosen_by = [f"{labels[run]}: {what}" for run in opened for what in _selections(run, epochs)]
    return result.assign_attrs(**about, notes=[*chosen_by, *notes(result, topics, known)])


def _work(
    tasks: Sequence[Task],
    scheduler: str | None,
    jobs: int,
    memory: int | None,
    progress: Callable[[int, int], None] | None,
) -> list[Rows]:
    """Do the tasks, on a cluster if there is one, and return the rows of each."""
    if scheduler:
        return work_on_cluster(tasks, scheduler, memory, progress)
    total, done = sum(len(task.epochs) for task in tasks), 0
    with closing(work_side_by_side(tasks, jobs, memory)) as finished:
        for count in finished:
            done += count
            if progress and count:
                progress(done, total)
    return [task.merged() for task in tasks]


def _opened(runs: str | Path | Run | Sequence[str | Path | Run]) -> list[Run]:
    """Open all runs, each once however often and by whichever path it is given."""
    listed = [runs] if isinstance(runs, (str, Path, Run)) else list(runs)
    found = [run for entry in listed for run in ([entry] if isinstance(entry, Run) else find_runs(entry))]
    return list({path_parts(run): run for run in found}.values())


def _chosen(
    runs: Sequence[Run], splits: str | Sequence[str] | None, epochs: str
) -> dict[tuple[Run, StoredSplit], list[int]]:
    """Choose the epochs of every run and split that there is."""
    wanted = [splits] if isinstance(splits, str) else splits
    held = list(dict.fromkeys(split for run in runs for split in run.splits))
    missing = [split for split in wanted or [] if split not in held]
    if missing:
        raise UsageError(f"no split {missing[0]!r} in any run", f"They hold: {', '.join(held) or 'none yet'}")
    names = list(dict.fromkeys(wanted or held))
    opened = [(run, run.split(name)) for run in runs for name in names if name in run.splits]
    chosen = {(run, split): _select(split, epochs) for run, split in opened}
    if not any(chosen.values()):
        raise UsageError("no run has a written epoch", "Train first, or look with: bceprobe store info")
    return chosen


def _select(split: StoredSplit, epochs: str) -> list[int]:
    try:
        return select_epochs(epochs, split.epochs, selected_epoch(split) if "selected" in epochs else None)
    except UsageError as error:
        raise UsageError(f"{split.run.location}, {split.name} split: {error.what}", error.hint) from error


def selected_epoch(split: StoredSplit) -> int | None:
    """Return the epoch of a split that the run's setting `select` chose; None before anything was captured.

    Raises
    ------
    UsageError
        That epoch was not captured.
    """
    found = split.run.selection
    if found and split.epochs and found.epoch not in split.epochs:
        hint = "Train with --capture-epochs selected or all, or look at --epochs last"
        raise UsageError(f"the selected epoch ({found}) was not captured", hint)
    return found.epoch if found else None


def _selections(run: Run, epochs: str) -> Iterator[str]:
    """Say by what an epoch was selected, where that makes its numbers optimistic."""
    found = run.selection if "selected" in epochs else None
    if found and found.remark:
        yield f"selected {found}: {found.remark}"
