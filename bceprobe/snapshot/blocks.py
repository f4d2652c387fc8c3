"""Blocks: some consecutive samples of a snapshot, grouped by class, with what metrics need of them."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from bceprobe.errors import SnapshotError
from bceprobe.snapshot.threads import buffer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bceprobe.snapshot.model import Snapshot

# Features or scores of a block as float64: they stay in the cache of a core and its neighbours.
BLOCK_BYTES = 4 * 2**20
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


class Block:
    """Consecutive samples, grouped by class.

    Parameters
    ----------
    snapshot
        Whose samples they are.
    part
        Their features as stored.

    Attributes
    ----------
    features
        (B, d) in float64, labels increasing. They live in memory that the next block of this thread takes over.
    target
        (B,), increasing.
    rows
        The place of each sample in the snapshot.
    """

    def __init__(self, snapshot: Snapshot, part: Part) -> None:
        self.snapshot = snapshot
        stored, target = part.features, snapshot.target[part.rows]
        self.rows: slice | NDArray[np.intp] = part.rows
        if np.any(target[1:] < target[:-1]):
            order = np.argsort(target, kind="stable")
            stored, target, self.rows = stored[order], target[order], order + part.rows.start
        self.target = target
        self.labels, self.starts = np.unique(target, return_index=True)
        self.features = buffer("features", stored.shape)
        np.copyto(self.features, stored)

    def groups(self) -> Iterator[tuple[int, slice]]:
        """Yield every label of the block with the slice of its samples."""
        stops = [*self.starts[1:].tolist(), len(self.target)]
        for label, start, stop in zip(self.labels.tolist(), self.starts.tolist(), stops, strict=True):
            yield label, slice(start, stop)

    def by_class(self, values: NDArray[Any]) -> NDArray[Any]:
        """Sum values of the samples over each class, (B, ...) -> (K, ...)."""
        sums = np.zeros((self.snapshot.classes, *values.shape[1:]), dtype=np.result_type(values, np.int64))
        sums[self.labels] = np.add.reduceat(values, self.starts, axis=0, dtype=sums.dtype)
        return sums

    @cached_property
    def residuals(self) -> NDArray[np.float64]:
        """Features minus the mean of their class, (B, d)."""
        residuals, means = buffer("residuals", self.features.shape), self.snapshot.class_means
        for label, samples in self.groups():
            np.subtract(self.features[samples], means[label], out=residuals[samples])
        return residuals

    @cached_property
    def coordinates(self) -> NDArray[np.float64]:
        """The residuals along the directions of the mean space, (B, r)."""
        return self.residuals @ self.snapshot.mean_space.directions

    @cached_property
    def own_means(self) -> NDArray[np.float64]:
        """The centred mean of each sample's class along the directions of the mean space, (B, r)."""
        place = np.cumsum(self.snapshot.present) - 1
        return self.snapshot.mean_space.coordinates[place[self.target]]

    @cached_property
    def scores(self) -> NDArray[np.float64]:
        """Decision scores without bias, (B, K)."""
        return self.features @ self.snapshot.weight64.T

    @cached_property
    def logits(self) -> NDArray[np.float64]:
        """Scores minus the threshold, (B, K)."""
        return self.scores - self.snapshot.threshold


def parts(snapshot: Snapshot) -> Iterator[Part]:
    """Cut the samples into parts for blocks; features that are not in memory are read a chunk at a time."""
    size = max(1, BLOCK_BYTES // (8 * max(snapshot.weight.shape)))
    for read in _reads(snapshot):
        first = read.rows.start
        for start in range(first, read.rows.stop, size):
            stop = min(start + size, read.rows.stop)
            yield Part(read.features[start - first : stop - first], slice(start, stop))


def refuse_not_finite(part: Part) -> None:
    """Refuse features that are NaN or inf.

    Raises
    ------
    SnapshotError
        Always, unless all are finite.
    """
    finite = np.isfinite(part.features)
    if not finite.all():
        first = part.rows.start + int(np.argmin(finite.all(axis=1)))
        raise SnapshotError(f"features contain NaN or inf, first in row {first}", "Train or export that epoch again")


def _reads(snapshot: Snapshot) -> Iterator[Part]:
    samples, length = snapshot.samples, snapshot.weight.shape[1]
    rows = samples if isinstance(snapshot.features, np.ndarray) else max(1, READ_BYTES // (4 * length))
    if rows >= samples:
        yield Part(snapshot.small_features, slice(0, samples))
        return
    for start in range(0, samples, rows):
        wanted = slice(start, min(start + rows, samples))
        yield Part(np.asarray(snapshot.features[wanted]), wanted)
