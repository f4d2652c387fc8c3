"""Analysing on an existing Dask cluster: each split of a run by one worker, which keeps the cache beside the run.

What a worker that died was at is measured by another one; epochs that were cached are not measured again.
"""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from bceprobe.analysis.computing import Task
from bceprobe.analysis.context import Context
from bceprobe.cluster import POLL, connect, error_of
from bceprobe.errors import BceProbeError
from bceprobe.store import open_run
from bceprobe.store.location import local_path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bceprobe.analysis.labelled import Rows
    from bceprobe.snapshot import GlobalMean

WORKERS_HINT = "Its workers need this version of bceprobe and the same folders; their logs say more"


@dataclass(frozen=True)
class Job:
    """A `Task` as it is sent to a worker; `reports` is the Dask topic that it counts its snapshots on, by `number`."""

    location: str
    split: str
    topics: tuple[str, ...]
    epochs: tuple[int, ...]
    global_mean: GlobalMean
    memory: int | None
    reports: str
    number: int


def work_on_cluster(
    tasks: Sequence[Task], address: str, memory: int | None, progress: Callable[[int, int], None] | None
) -> list[Rows]:
    """Do the tasks on a cluster and return the rows of each; an error of one of them ends all.

    Raises
    ------
    UsageError
        No scheduler answers at that address, or dask.distributed is not installed.
    BceProbeError
        A task failed, with the error that it would have here, or the cluster could not carry it out.
    """
    client, reports = connect(address), f"bceprobe-{uuid4()}"
    try:
        counts = dict.fromkeys(range(len(tasks)), 0)
        client.subscribe_topic(reports, lambda event: counts.update([event[1]]))
        jobs = [_job(task, memory, reports, number) for number, task in enumerate(tasks)]
        futures = [client.submit(measure_split, job, pure=False) for job in jobs]
        _wait(jobs, futures, counts, progress)
        return [future.result() for future in futures]
    finally:
        client.close()


def measure_split(job: Job) -> Rows:
    """Measure a split of a run on a worker."""
    from distributed import get_worker  # noqa: PLC0415 - an extra, which a worker has

    worker, run = get_worker(), open_run(job.location)
    task = Task(run.split(job.split), Context(run), job.topics, job.epochs, job.global_mean)
    with closing(task.run(job.memory)) as finished:
        for done, _ in enumerate(finished, 1):
            worker.log_event(job.reports, (job.number, done))
    return task.merged()


def _job(task: Task, memory: int | None, reports: str, number: int) -> Job:
    """Write down a task with an absolute path."""
    location = task.split.run.location
    path = local_path(location)
    chosen = (tuple(task.topics), tuple(task.epochs), task.global_mean)
    return Job(str(path.resolve()) if path else location, task.split.name, *chosen, memory, reports, number)


def _wait(
    jobs: Sequence[Job], futures: Sequence[Any], counts: dict[int, int], progress: Callable[[int, int], None] | None
) -> None:
    """Wait for all jobs, or for the first that fails, and count finished snapshots."""
    total, shown = sum(len(job.epochs) for job in jobs), 0
    waiting = dict(zip(jobs, futures, strict=True))
    while waiting:
        for job in [job for job, future in waiting.items() if future.done()]:
            _check(job, waiting.pop(job))
            counts[job.number] = len(job.epochs)
        if progress and (done := sum(counts.values())) > shown:
            progress(shown := done, total)
        if waiting:
            time.sleep(POLL)


def _check(job: Job, future: Any) -> None:
    """Raise why a job failed."""
    error = error_of(future)
    if isinstance(error, BceProbeError):
        raise error
    if error:
        what = f"the cluster could not analyse {job.location}, {job.split} split ({type(error).__name__}: {error})"
        raise BceProbeError(what, WORKERS_HINT) from error
