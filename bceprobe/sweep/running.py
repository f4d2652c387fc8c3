"""Running points on this machine, some at a time."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from queue import SimpleQueue
from typing import TYPE_CHECKING

from bceprobe.errors import BceProbeError, StoreError
from bceprobe.store.manifest import read_manifest
from bceprobe.sweep.orders import FAILED, KEPT, order_of
from bceprobe.sweep.workers import pool, visible_gpus

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from bceprobe.sweep.points import Point
    from bceprobe.sweep.workers import Worker

POLL = 0.5


@dataclass(frozen=True)
class Outcome:
    """What became of a point: "finished", "kept" (it was before), "failed", "interrupted" or "in use", and why."""

    point: Point
    status: str
    reason: str = ""


def run_local(
    points: Sequence[Point], jobs: int = 0, *, data_dir: Path | None = None, download: bool = False
) -> Iterator[Outcome | None]:
    """Train points that are not finished, so many at a time, and yield what became of each, in the order they end.

    Between these, about twice a second, None is yielded, for a display. With GPUs each process sees one of them, in
    turn; without, the processes share the cores. Closing the iterator stops them at their next batch.

    Parameters
    ----------
    points
        Those of a grid.
    jobs
        Processes; 0: one, or one for each GPU.
    data_dir, download
        As for training.
    """
    known = [(point, waiting(point)) for point in points]
    yield from (outcome for _, outcome in known if outcome)
    if todo := [point for point, outcome in known if not outcome]:
        yield from _trained(todo, jobs or max(1, len(visible_gpus())), data_dir, download=download)


def waiting(point: Point) -> Outcome | None:
    """Return what became of a point that needs no training: it is finished, or its folder holds something else."""
    from bceprobe.train.folder import CONFIG, check_same  # noqa: PLC0415 - torch takes seconds

    if not (point.folder / CONFIG).exists():
        return None
    try:
        check_same(point.folder, point.settings)
        done = read_manifest(str(point.folder)).get("status") == "finished"
    except StoreError:
        return None
    except BceProbeError as error:
        return Outcome(point, FAILED, str(error))
    return Outcome(point, KEPT) if done else None


def _trained(points: Sequence[Point], jobs: int, data_dir: Path | None, *, download: bool) -> Iterator[Outcome | None]:
    workers = pool(jobs)
    free: SimpleQueue[Worker] = SimpleQueue()
    for worker in workers:
        free.put(worker)

    def train_point(point: Point) -> Outcome:
        worker = free.get()
        try:
            return Outcome(point, *worker.run(order_of(point, data_dir, download=download)))
        finally:
            free.put(worker)

    with ThreadPoolExecutor(jobs, thread_name_prefix="bceprobe-sweep") as threads:
        try:
            yield from _ended([threads.submit(train_point, point) for point in points])
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
            for worker in workers:
                worker.leave()
            threads.shutdown()
            for worker in workers:
                worker.close()


def _ended(futures: Sequence[Future[Outcome]]) -> Iterator[Outcome | None]:
    """Yield results as they come, and None while there are none."""
    pending = set(futures)
    while pending:
        done, pending = wait(pending, timeout=POLL, return_when=FIRST_COMPLETED)
        yield from [future.result() for future in futures if future in done]
        yield None
