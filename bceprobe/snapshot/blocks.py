"""Blocks: some consecutive samples of a snapshot, grouped by class, with what metrics need of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from bceprobe.errors import SnapshotError
from bceprobe.snapshot.memo import lazy
from bceprobe.snapshot.threads import buffer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bceprobe.snapshot.model import Snapshot

# Samples of a block: fewer where features are long or classes many.
BLOCK_ROWS = 4096
BLOCK_BYTES = 16 * 2**20
# Features in float64 that are worked on at once: they stay in cache, and threads seldom wait.
TILE_BYTES = 4 * 2**20
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


class Projected(NamedTuple):
    """What a walk makes of the features of a block.

    Parameters
    ----------
    scores
        Decision scores without bias, (B, K), a class after the other in memory.
    residuals, features
        Features minus their class mean, and minus the centre, along the directions of the mean space, (B, r).
    scatter
        Sum of squared distances to a first sample of each class, (K,).
    """

    scores: NDArray[np.float64]
    residuals: NDArray[np.float64]
    features: NDArray[np.float64]
    scatter: NDArray[np.float64]


class Block:
    """Consecutive samples, grouped by class.

    What it computes lives in memory that the next block of the same thread takes over.

    Parameters
    ----------
    snapshot
        Whose samples they are.
    part
        Their features as stored.

    Attributes
    ----------
    stored
        Features as stored, (B, d), labels increasing.
    target
        (B,), increasing.
    rows
        The place of each sample in the snapshot.
    """

    def __init__(self, snapshot: Snapshot, part: Part) -> None:
        self.snapshot = snapshot
        self.stored, self.target = part.features, snapshot.target[part.rows]
        self.rows: slice | NDArray[np.intp] = part.rows
        if np.any(self.target[1:] < self.target[:-1]):
            order = np.argsort(self.target, kind="stable")
            self.stored, self.target, self.rows = self.stored[order], self.target[order], order + part.rows.start
        self.labels, self.starts = np.unique(self.target, return_index=True)

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

    @property
    def features(self) -> NDArray[np.float64]:
        """Features in float64, (B, d)."""
        return self.stored.astype(np.float64)

    @lazy
    def projected(self) -> Projected:
        """Everything that takes a matrix product with the features; of a statistic that is summed.

        Features are taken relative to a first sample of their class. That loses no digits where a class has collapsed,
        and none of small integers.
        """
        shared, classes, count = self.snapshot.projection, self.snapshot.classes, len(self.target)
        scores = buffer("scores", (classes, count))
        residuals, features = buffer("around means", (2, count, shared.means.shape[1]))
        products, scatter = self._products(shared.factor)
        for label, own in self.groups():
            np.add(products[own, :classes].T, shared.scores[label][:, None], out=scores[:, own])
            np.subtract(products[own, classes:], shared.steps[label], out=residuals[own])
            np.add(residuals[own], shared.means[label], out=features[own])
        return Projected(scores.T, residuals, features, scatter)

    @lazy
    def scores(self) -> NDArray[np.float64]:
        """Decision scores without bias, (B, K), a class after the other in memory."""
        if "moments" in vars(self.snapshot):
            return self.projected.scores
        products = buffer("products", (len(self.target), self.snapshot.classes))
        for rows in tiles(*self.stored.shape, self.snapshot.classes):
            np.matmul(tile(self.stored[rows]), self.snapshot.weight64.T, out=products[rows])
        scores = buffer("scores", products.shape[::-1])
        np.copyto(scores, products.T)
        return scores.T

    @lazy
    def logits(self) -> NDArray[np.float64]:
        """Scores minus the threshold, (B, K)."""
        logits = buffer("logits", self.scores.shape[::-1])
        return np.subtract(self.scores.T, self.snapshot.threshold[:, None], out=logits).T

    def _products(self, factor: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Multiply the features, relative to a first sample of their class, with a factor, (d, m) -> (B, m).

        Returns with it the sum of their squares over each class, (K,).
        """
        products = buffer("products", (len(self.target), factor.shape[1]))
        first, scatter = self.snapshot.moments.first, np.zeros(self.snapshot.classes)
        for rows in tiles(*self.stored.shape, factor.shape[1]):
            own, features = self.target[rows], tile(self.stored[rows])
            features -= first[own[0] if own[0] == own[-1] else own]
            np.matmul(features, factor, out=products[rows])
            scatter += _squares_by_class(features, own, len(scatter))
        return products, scatter


def _squares_by_class(features: NDArray[np.float64], target: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Sum the squares of features of increasing labels over each class, (K,)."""
    sums = np.zeros(classes)
    if target[0] == target[-1]:
        flat = features.ravel()
        sums[target[0]] = flat @ flat
        return sums
    return np.bincount(target, np.einsum("ij,ij->i", features, features), classes)


def tiles(rows: int, length: int, columns: int = 1) -> Iterator[slice]:
    """Cut rows of some length so that they stay in cache; more of them where each has many columns to be multiplied."""
    size = max(TILE_BYTES // (8 * length), 2 * columns, 1)
    for start in range(0, rows, size):
        yield slice(start, min(start + size, rows))


def tile(stored: NDArray[Any]) -> NDArray[np.float64]:
    """Copy some features to float64, into memory that the next call in this thread uses again."""
    features = buffer("tile", stored.shape)
    np.copyto(features, stored)
    return features


def parts(snapshot: Snapshot) -> Iterator[Part]:
    """Cut the samples into parts for blocks; features that are not in memory are read a chunk at a time."""
    longest = max(4 * snapshot.weight.shape[1], 16 * snapshot.classes)
    size = max(1, min(BLOCK_ROWS, BLOCK_BYTES // longest))
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
