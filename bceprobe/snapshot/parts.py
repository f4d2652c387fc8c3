"""Parts: consecutive samples of a snapshot as they are stored, and how they are read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from bceprobe.errors import SnapshotError
from bceprobe.snapshot.checks import usable, what_is_wrong

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bceprobe.snapshot.model import Snapshot

# Samples of a block: fewer where features are long or classes many.
BLOCK_ROWS = 4096
BLOCK_BYTES = 16 * 2**20
# Features that are read at once where they are not in memory: one chunk of a store.
READ_BYTES = 8 * 2**20


class FeatureArray(Protocol):
    """What the features of a snapshot can be: a numpy array, or anything that reads rows on demand."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Samples and feature length."""

    def __getitem__(self, rows: slice, /) -> Any:
        """Return the rows of a slice as a numpy array."""


class Part(NamedTuple):
    """Consecutive samples as they are stored."""

    features: NDArray[Any]
    rows: slice


def parts(snapshot: Snapshot) -> Iterator[Part]:
    """Cut the samples into parts for blocks; features that are not in memory are read a chunk at a time."""
    longest = max(4 * snapshot.weight.shape[1], 16 * snapshot.classes)
    size = max(1, min(BLOCK_ROWS, BLOCK_BYTES // longest))
    for read in _reads(snapshot):
        first = read.rows.start
        for start in range(first, read.rows.stop, size):
            stop = min(start + size, read.rows.stop)
            yield Part(read.features[start - first : stop - first], slice(start, stop))


def refuse_unusable(part: Part) -> None:
    """Refuse features that are NaN, inf or too large.

    Raises
    ------
    SnapshotError
        Unless all can be used.
    """
    good = usable(part.features)
    if not good.all():
        first = int(np.argmin(good.all(axis=1)))
        wrong, row = what_is_wrong(part.features[first]), part.rows.start + first
        raise SnapshotError(f"features contain {wrong}, first in row {row}", "Train or export that epoch again")


def read_rows(snapshot: Snapshot, rows: NDArray[np.intp]) -> NDArray[Any]:
    """Read some rows, increasing, as stored, (n,) -> (n, d); those of the same chunk in one piece."""
    runs = np.split(rows, np.flatnonzero(np.diff(rows // _read_size(snapshot))) + 1)
    return np.concatenate([_read(snapshot, slice(run[0], run[-1] + 1)).features[run - run[0]] for run in runs])


def _reads(snapshot: Snapshot) -> Iterator[Part]:
    size = _read_size(snapshot)
    for start in range(0, snapshot.samples, size):
        yield _read(snapshot, slice(start, min(start + size, snapshot.samples)))


def _read_size(snapshot: Snapshot) -> int:
    """Count the samples that are read at once: all of them where they are in memory."""
    if isinstance(snapshot.features, np.ndarray):
        return snapshot.samples
    return min(snapshot.samples, max(1, READ_BYTES // (4 * snapshot.features.shape[1])))


def _read(snapshot: Snapshot, rows: slice) -> Part:
    """Read consecutive samples; a snapshot that is as small as one read is read once and held."""
    if _read_size(snapshot) == snapshot.samples:
        return Part(snapshot.small_features[rows], rows)
    return Part(np.asarray(snapshot.features[rows]), rows)
