"""One epoch of one split on its way to the store: batches in, whole chunks out. Runs on the Recorder's thread.

Where several processes share a split, each writes its own part. The first one makes the epoch count when all have
theirs on disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bceprobe.capture.team import Team
    from bceprobe.store import StoreWriter


class Assembly:
    """Collects the batches of a split until a chunk is full, and writes it.

    Parameters
    ----------
    writer, split, epoch
        Where the features go.
    samples
        N, the number of samples that must arrive.
    targets
        The target of each split that was stored before, (N,); every later epoch must bring the same. The first one
        is added.
    team
        The processes that share the split.
    """

    def __init__(
        self,
        writer: StoreWriter,
        split: str,
        epoch: int,
        samples: int,
        targets: dict[str, NDArray[np.int64]],
        *,
        team: Team,
    ) -> None:
        self.writer, self.split, self.epoch = writer, split, epoch
        self.targets, self.team = targets, team
        self.target = np.zeros(samples, np.int64)
        self.received, self.stop = writer.own_rows(split)
        rows = min(self.stop - self.received, writer.rows_per_write(split))
        self._slab = np.empty((rows, writer.sizes["feature"]), writer.dtype)
        self._filled = 0

    def add(self, features: NDArray[Any], target: NDArray[np.int64]) -> None:
        """Take the next batch: features (B, d) and target (B,)."""
        stop = self.received + len(target)
        if len(features) != len(target) or stop > self.stop:
            raise UsageError(f"split {self.split!r} brings more samples or other batches than its first {stop} targets")
        self.target[self.received : stop] = target
        known = self.targets.get(self.split, self.target)
        if not np.array_equal(known[self.received : stop], target):
            hint = "Give a loader with a fixed order (shuffle=False)"
            raise UsageError(f"split {self.split!r} brings its samples in another order in epoch {self.epoch}", hint)
        while len(features):
            features = self._take(features)

    def finish(self, index: Sequence[int] | None) -> None:
        """Write the rest and make the epoch count."""
        if self.received != self.stop:
            missing = self.stop - self.received
            raise UsageError(f"split {self.split!r} lacks {missing} samples in epoch {self.epoch}")
        self._write()
        known = self.split in self.targets
        if self.team.size > 1:
            self.writer.sync()
        target = self.team.sum_written(np.zeros(1, np.int64) if known else self.target)
        if not known:
            self.targets[self.split] = target
        if self.team.rank == 0:
            self._make_count(target, index, known=known)

    def _make_count(self, target: NDArray[np.int64], index: Sequence[int] | None, *, known: bool) -> None:
        if not known:
            place = np.arange(len(target)) if index is None else np.asarray(index, np.int64)
            self.writer.write_samples(self.split, target, place)
        self.writer.commit(self.split, self.epoch)

    def _take(self, features: NDArray[Any]) -> NDArray[Any]:
        """Copy as many rows as the slab has room for; return the others."""
        count = min(len(features), len(self._slab) - self._filled)
        with np.errstate(over="ignore"):
            self._slab[self._filled : self._filled + count] = features[:count]
        self._filled += count
        self.received += count
        if self._filled == len(self._slab):
            self._write()
        return features[count:]

    def _write(self) -> None:
        if self._filled:
            start = self.received - self._filled
            self.writer.write_features(self.split, self.epoch, start, self._slab[: self._filled])
            self._filled = 0
