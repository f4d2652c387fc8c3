"""Reading the snapshots of a split one after the other: the next one from disk while one is measured.

What is in memory is bounded: two snapshots and about 300 MB, or less where a bound is given; half of that where other
processes measure beside this one. A snapshot that does not fit is read in blocks, anew for every walk.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.metrics.base import looked_back_at
from bceprobe.store.direct import read_into

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future

    from numpy.typing import NDArray

    from bceprobe.analysis.context import Context
    from bceprobe.snapshot import GlobalMean, Snapshot
    from bceprobe.store.arrays import StoredArray
    from bceprobe.store.split import StoredSplit

WORKSPACE = 300 * 10**6
SCORES = 100 * 10**6


class Held:
    """Features of an epoch: in memory while they are measured, on disk afterwards."""

    def __init__(self, stored: StoredArray, memory: NDArray[Any]) -> None:
        self.stored, self.shape, self._memory = stored, stored.shape, memory
        self._held = True

    def __getitem__(self, rows: slice, /) -> NDArray[Any]:
        return self._memory[rows] if self._held else self.stored[rows]

    def release(self) -> None:
        """Leave the memory to another epoch."""
        self._held, self._memory = False, np.empty((0, 0))


def half_of_memory() -> int:
    """Return the bound where none is given: half of what the machine has."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2
    except (AttributeError, OSError, ValueError):
        return 4 * 10**9


def snapshot_bytes(split: StoredSplit) -> int:
    """Return the bytes of the features of one epoch."""
    first = split.features(split.epochs[0])
    return int(np.prod(first.shape)) * first.dtype.itemsize


class Reader:
    """Opens the snapshots of some epochs of a split, each with the one captured before it.

    Parameters
    ----------
    split, context
        What is read, and how it was trained.
    global_mean
        For the snapshots.
    memory
        Bytes that may be taken; half of the machine's memory if left out.
    ahead
        Whether the next snapshot is read while one is measured: not where other processes use the cores.
    """

    def __init__(
        self,
        split: StoredSplit,
        context: Context,
        global_mean: GlobalMean,
        memory: int | None = None,
        *,
        ahead: bool = True,
    ) -> None:
        self.split, self.context, self.global_mean = split, context, global_mean
        bound = half_of_memory() if memory is None else memory
        size, most = snapshot_bytes(split), 1 + ahead
        self.buffers = max(0, min(most, (bound - most * WORKSPACE // 2) // size))
        spare = (bound - self.buffers * size) // 8
        self.scores = max(1, min(spare, SCORES) if memory is None else spare)

    def snapshots(self, epochs: Sequence[int], *, change: Sequence[str]) -> Iterator[tuple[int, Snapshot]]:
        """Yield some epochs in order; each knows its previous snapshot, if there is one, where topics are about change.

        A snapshot is to be measured before the next one is taken: then its features may leave memory.
        """
        before = {epoch: self.split.before(epoch) if change else None for epoch in epochs}
        passed = {epoch for epoch in before.values() if epoch is not None} - before.keys()
        known: dict[int | None, Snapshot] = {}
        for epoch, features in self._features(sorted({*epochs, *passed})):
            snapshot = self._open(epoch, features, known.get(before.get(epoch)))
            known = {epoch: snapshot}
            if epoch in passed:
                snapshot.be_previous(statistic for topic in change for statistic in looked_back_at(topic))
                continue
            yield epoch, snapshot
            # A chain of all previous snapshots would stay in memory.
            object.__setattr__(snapshot, "previous", None)

    def _open(self, epoch: int, features: Held | None, previous: Snapshot | None) -> Snapshot:
        training = self.context.at(epoch, self.split.before(epoch) if previous else None)
        options: dict[str, Any] = {"global_mean": self.global_mean, "memory": self.scores}
        return self.split.snapshot(epoch, features, training=training, previous=previous, **options)

    def _features(self, epochs: Sequence[int]) -> Iterator[tuple[int, Held | None]]:
        """Yield epochs with their features in memory, or with None where they do not fit."""
        if not (self.buffers and epochs):
            yield from ((epoch, None) for epoch in epochs)
            return
        first = self.split.features(epochs[0])
        free = [np.empty(first.shape, first.dtype) for _ in range(min(self.buffers, len(epochs)))]
        with ThreadPoolExecutor(1, thread_name_prefix="bceprobe-read") as pool:
            yield from self._ahead(pool, list(epochs), free)

    def _ahead(
        self, pool: ThreadPoolExecutor, epochs: list[int], free: list[NDArray[Any]]
    ) -> Iterator[tuple[int, Held]]:
        """Read as many epochs ahead as there is memory for."""
        waiting: list[tuple[int, NDArray[Any], Future[None]]] = []
        while epochs or waiting:
            while epochs and free:
                epoch, memory = epochs.pop(0), free.pop()
                waiting.append((epoch, memory, pool.submit(read_into, self.split.features(epoch), memory)))
            epoch, memory, reading = waiting.pop(0)
            reading.result()
            held = Held(self.split.features(epoch), memory)
            yield epoch, held
            held.release()
            free.append(memory)
