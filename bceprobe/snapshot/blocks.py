"""Blocks: some consecutive samples of a snapshot, grouped by class, with what metrics need of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bceprobe.snapshot.memo import lazy
from bceprobe.snapshot.threads import buffer
from bceprobe.snapshot.tiles import tiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bceprobe.snapshot.model import Snapshot
    from bceprobe.snapshot.parts import Part


class Projected(NamedTuple):
    """What a walk makes of the features of a block.

    Parameters
    ----------
    scores
        Decision scores without bias, (B, K), a class after the other in memory.
    residuals, features
        Features minus their class mean, and minus the centre, along the directions of the mean space, (B, r).
    scatter
        Sum of squared distances to the origin of the projection, (K,); zeros where it has none.
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

        Where a class has collapsed, features are taken relative to a first sample of theirs. That loses no digits then,
        and none of small integers.
        """
        shared, classes, count = self.snapshot.projection, self.snapshot.classes, len(self.target)
        scores, rank = buffer("scores", (classes, count)), shared.means.shape[1]
        residuals, features = buffer("around means", (2, count, rank))
        products, scatter = self._products(shared.factor)
        for label, own in self.groups():
            np.add(products[own, :classes].T, shared.scores[label][:, None], out=scores[:, own])
            np.subtract(products[own, classes : classes + rank], shared.steps[label], out=residuals[own])
            np.add(residuals[own], shared.means[label], out=features[own])
        return Projected(scores.T, residuals, features, scatter)

    @lazy
    def scores(self) -> NDArray[np.float64]:
        """Decision scores without bias, (B, K), a class after the other in memory."""
        if self.snapshot.knows_means:
            return self.projected.scores
        products = buffer("products", (len(self.target), self.snapshot.classes))
        for rows, features in tiles(self.stored, self.snapshot.classes):
            np.matmul(features, self.snapshot.weight64.T, out=products[rows])
        scores = buffer("scores", products.shape[::-1])
        np.copyto(scores, products.T)
        return scores.T

    @lazy
    def logits(self) -> NDArray[np.float64]:
        """Scores minus the threshold, (B, K)."""
        logits = buffer("logits", self.scores.shape[::-1])
        return np.subtract(self.scores.T, self.snapshot.threshold[:, None], out=logits).T

    def scores_of(self, labels: range) -> NDArray[np.float64]:
        """Compute the scores of some classes alone, (B, len(labels))."""
        columns = slice(labels.start, labels.stop)
        weight = self.snapshot.weight64[columns].T
        if not self.snapshot.knows_means:
            return self.features @ weight
        products, _ = self._products(weight)
        return products + self.snapshot.projection.scores[self.target, columns]

    def _products(self, factor: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Multiply the features, relative to the origin if there is one, with a factor, (d, m) -> (B, m).

        Returns with it the sum of their squares over each class around the origin, (K,).
        """
        products = buffer("products", (len(self.target), factor.shape[1]))
        origin, scatter = self.snapshot.projection.origin, np.zeros(self.snapshot.classes)
        for rows, features in tiles(self.stored, factor.shape[1]):
            if origin is not None:
                own = self.target[rows]
                np.subtract(features, origin[own[0] if own[0] == own[-1] else own], out=features)
                scatter += _squares_by_class(features, own, len(scatter))
            np.matmul(features, factor, out=products[rows])
        return products, scatter


def _squares_by_class(features: NDArray[np.float64], target: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Sum the squares of features of increasing labels over each class, (K,)."""
    sums = np.zeros(classes)
    if target[0] == target[-1]:
        flat = features.ravel()
        sums[target[0]] = flat @ flat
        return sums
    return np.bincount(target, np.einsum("ij,ij->i", features, features), classes).astype(np.float64, copy=False)
