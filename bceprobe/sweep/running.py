"""Running points on this machine, some at a time."""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import TYPE_CHECKING

from bceprobe.cluster import POLL
from bceprobe.errors import BceProbeError, StoreError
from bceprobe.store.manifest import CONFIG, read_manifest
from bceprobe.sweep.orders import FAILED, KEPT, order_of
from bceprobe.sweep.queue import Outcome, Queue
from bceprobe.sweep.workers import pool, visible_gpus

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence
    from pathlib import Path

    from bceprobe.sweep.points import Point
    from bceprobe.sweep.workers import Worker


def run_local(
    points: Sequence[Point], jobs: int = 0, *, data_dir: Path | None = None, download: bool = False
) -> Generator[Outcome | None, None, None]:
    """Train points that are not finished, so many at a time, and yield what became of each, in the order they end.

    A point that starts from another waits for it. Between outcomes, about twice a second, None is yielded, for a
    display. With GPUs each process sees one of them, in turn; without, the processes share the cores. Closing the
    iterator stops them at their next batch.

    Parameters
    ----------
    points
        Those of a grid.
    jobs
        Processes; 0: one, or one for each GPU.
    data_dir, download
        As for training.
    """
    known = [outcome for outcome in map(waiting, points) if outcome]
    yield from known
    if queue := Queue(points, known):
        yield from _trained(queue, jobs or max(1, len(visible_gpus())), data_dir, download=download)


def waiting(point: Point) -> Outcome | None:
    """Return what became of a point that needs no training: it is finished, or its folder holds something else."""
    from bceprobe.train.folder import check_same  # noqa: PLC0415 - torch takes seconds

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


def _trained(queue: Queue, jobs: int, data_dir: Path | None, *, download: bool) -> Iterator[Outcome | None]:
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
            yield from _ended(queue, jobs, lambda point: threads.submit(train_point, point))
        finally:
            threads.shutdown(wait=False, cancel_futures=True)
            for worker in workers:
                worker.leave()
            threads.shutdown()
            for worker in workers:
                worker.close()


def _ended(queue: Queue, jobs: int, start: Callable[[Point], Future[Outcome]]) -> Iterator[Outcome | None]:
    """Start points as there are jobs for them; yield what became of each, and None in between."""
    running: set[Future[Outcome]] = set()
    while queue or running:
        yield from queue.given_up()
        running |= {start(queue.take(point)) for point in queue.ready()[: jobs - len(running)]}
        done, running = wait(running, timeout=POLL, return_when=FIRST_COMPLETED)
        yield from [queue.note(future.result()) for future in done]
        yield None
