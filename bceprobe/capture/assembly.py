"""One epoch of one split on its way to the store: batches in, whole chunks out. Runs on the Recorder's thread."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

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
    """

    def __init__(
        self, writer: StoreWriter, split: str, epoch: int, samples: int, targets: dict[str, NDArray[np.int64]]
    ) -> None:
        self.writer, self.split, self.epoch = writer, split, epoch
        self.targets = targets
        self.target = np.empty(samples, np.int64)
        self.received = 0
        rows = min(samples, writer.rows_per_write(split))
        self._slab = np.empty((rows, writer.sizes["feature"]), writer.dtype)
        self._filled = 0

    def add(self, features: NDArray[Any], target: NDArray[np.int64]) -> None:
        """Take the next batch: features (B, d) and target (B,)."""
        stop = self.received + len(target)
        if len(features) != len(target) or stop > len(self.target):
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
        if self.received != len(self.target):
            missing = len(self.target) - self.received
            raise UsageError(f"split {self.split!r} lacks {missing} samples in epoch {self.epoch}")
        self._write()
        if self.split not in self.targets:
            place = np.arange(len(self.target)) if index is None else np.asarray(index, np.int64)
            self.writer.write_samples(self.split, self.target, place)
            self.targets[self.split] = self.target
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
