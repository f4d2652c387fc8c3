"""Running points on an existing Dask cluster, whose workers share the folders of the runs.

A worker trains a point in a process of its own, which ends with the worker: Dask then gives the point to another one,
which goes on from its last complete epoch.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from bceprobe.cluster import POLL, connect, error_of
from bceprobe.sweep.orders import FAILED, IN_USE, Order, order_of
from bceprobe.sweep.queue import Outcome, Queue
from bceprobe.sweep.running import waiting
from bceprobe.sweep.workers import Worker

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from bceprobe.sweep.points import Point

GPU = "GPU"
# Seconds in which the process of a worker that died has saved its epoch and left the folder.
PATIENCE = 120


def run_on_cluster(
    points: Sequence[Point], address: str, *, data_dir: Path | None = None, download: bool = False
) -> Generator[Outcome | None, None, None]:
    """Train points that are not finished on a cluster; yields as `bceprobe.sweep.run_local` does.

    Workers that declare the resource ``GPU`` are asked for one for each point, if there are any. Closing the iterator
    takes back what has not begun; what runs goes on to its end.

    Raises
    ------
    UsageError
        No scheduler answers at that address, or dask.distributed is not installed.
    """
    client = connect(address)
    try:
        known = [outcome for outcome in map(waiting, points) if outcome]
        yield from known
        queue, rank = Queue(points, known), {point.folder: -at for at, point in enumerate(points)}
        options = {"resources": {GPU: 1} if _has_gpus(client) else None, "pure": False}
        pending: dict[Any, Point] = {}
        while queue or pending:
            yield from queue.given_up()
            for point in queue.ready():
                order = order_of(queue.take(point), data_dir, download=download)
                key = f"bceprobe-{order.folder}"
                pending[client.submit(train_order, order, key=key, priority=rank[point.folder], **options)] = point
            yield from [queue.note(_outcome(one, pending.pop(one))) for one in list(pending) if one.done()]
            yield None
            time.sleep(POLL)
    finally:
        client.close()


def train_order(order: Order) -> tuple[str, str]:
    """Train a point on a worker; a process that a dead worker left has a while to leave the folder."""
    begun, worker = time.monotonic(), Worker()
    try:
        while True:
            status, reason = worker.run(order)
            if status != IN_USE or time.monotonic() - begun > PATIENCE:
                return status, reason
            time.sleep(1)
    finally:
        worker.close()


def _has_gpus(client: Any) -> bool:
    workers = client.scheduler_info(n_workers=-1)["workers"].values()
    return any(worker["resources"].get(GPU, 0) >= 1 for worker in workers)


def _outcome(future: Any, point: Point) -> Outcome:
    """Read what became of a point; the worker may have died too often, or have another version of bceprobe."""
    if error := error_of(future):
        return Outcome(point, FAILED, f"{type(error).__name__}: {error}")
    return Outcome(point, *future.result())
