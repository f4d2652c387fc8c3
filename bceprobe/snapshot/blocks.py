"""Blocks: some consecutive samples of a snapshot, grouped by class, with what metrics need of them."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bceprobe.snapshot.memo import lazy
from bceprobe.snapshot.screening import screened
from bceprobe.snapshot.threads import buffer
from bceprobe.snapshot.tiles import multiply, tiles

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
        Decision scores without bias, (B, K), a class after the other in memory; nothing unless they were wanted.
    residuals
        Features minus their class mean along the directions of the mean space, (r, B).
    scatter
        Sum of squared distances to the origin of the projection, or to zero where it has none, (K,), if it was wanted.
    """

    scores: NDArray[np.float64] | None
    residuals: NDArray[np.float64]
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
    scored
        Whether their scores are wanted in any case, so that one product makes them with everything else.
    projecting
        Whether `projected` is wanted in any case, so that whoever goes through the tiles first makes the products.
    scattering
        Whether its scatter is wanted.

    Attributes
    ----------
    stored
        Features as stored, (B, d), labels increasing.
    target
        (B,), increasing.
    rows
        The place of each sample in the snapshot.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        part: Part,
        *,
        scored: bool = False,
        projecting: bool = False,
        scattering: bool = False,
    ) -> None:
        self.snapshot, self.scored, self.projecting, self.scattering = snapshot, scored, projecting, scattering
        self.stored, self.target = part.features, snapshot.target[part.rows]
        self.rows: slice | NDArray[np.intp] = part.rows
        if np.any(self.target[1:] < self.target[:-1]):
            order = np.argsort(self.target, kind="stable")
            self.stored, self.target, self.rows = self.stored[order], self.target[order], order + part.rows.start
        groups = groups_of(self.target)
        self.labels, self.starts = np.array([(label, own.start) for label, own in groups], dtype=np.intp).T
        self._made: _Products | None = None

    def groups(self) -> Iterator[tuple[int, slice]]:
        """Yield every label of the block with the slice of its samples."""
        yield from groups_of(self.target)

    def by_class(self, values: NDArray[Any]) -> NDArray[Any]:
        """Sum values of the samples over each class, (B, ...) -> (K, ...)."""
        sums = np.zeros((self.snapshot.classes, *values.shape[1:]), dtype=np.result_type(values, np.int64))
        sums[self.labels] = np.add.reduceat(values, self.starts, axis=0, dtype=sums.dtype)
        return sums

    @property
    def origin(self) -> NDArray[np.float64] | None:
        """What features are taken relative to before a product, (K, d), if they are."""
        return self.snapshot.projection.origin if self.snapshot.knows_means else None

    @property
    def features(self) -> NDArray[np.float64]:
        """Features in float64, (B, d)."""
        return self.stored.astype(np.float64)

    def tiles(self) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """Yield some samples at a time and their features in float64, which are to be left as they are."""
        projection = _Products(self, self._factor) if self.projecting else None
        for rows, features in tiles(self.stored, self._factor.shape[1]):
            yield rows, features
            if projection:
                projection.enter(rows, features)
        if projection:
            self._made = projection

    @lazy
    def projected(self) -> Projected:
        """Everything that takes a matrix product with the features; of a statistic that is summed.

        Where a class has collapsed, features are taken relative to a first sample of theirs. That loses no digits then,
        and none of small integers.
        """
        shared, classes = self.snapshot.projection, self.snapshot.classes * self.scored
        products, scatter = self._products(self._factor) if self._made is None else self._made.found
        scores, residuals = products[:classes], products[classes : classes + shared.directions.shape[1]]
        for label, own in self.groups():
            residuals[:, own] -= shared.steps[label][:, None]
            if self.scored and shared.origin is not None:
                scores[:, own] += shared.scores[label][:, None]
        return Projected(scores.T if self.scored else None, residuals, scatter)

    @lazy
    def scores(self) -> NDArray[np.float64]:
        """Decision scores without bias, (B, K), a class after the other in memory."""
        made = self.projected.scores if self.scored and self.snapshot.knows_means else None
        return self.scores_of(range(self.snapshot.classes)) if made is None else made

    @lazy
    def logits(self) -> NDArray[np.float64]:
        """Scores minus the threshold, (B, K)."""
        logits: NDArray[np.float64] = buffer("logits", self.scores.shape[::-1])
        np.subtract(self.scores.T, self.snapshot.threshold[:, None], out=logits)
        return logits.T

    def leads(self, labels: NDArray[np.intp]) -> NDArray[np.bool_]:
        """Tell whether the class with the largest logit, the first of equals, is a given one, (B,) -> (B,)."""
        if self.scored:
            largest: NDArray[np.bool_] = np.argmax(self.logits, axis=1) == labels
            return largest
        leading, doubtful = screened(self, labels)
        if doubtful.size:
            leading[doubtful] = np.argmax(self._logits_of(doubtful), axis=1) == labels[doubtful]
        return leading

    def scores_of(self, labels: range) -> NDArray[np.float64]:
        """Compute the scores of some classes alone, (B, len(labels)), a class after the other in memory."""
        columns = slice(labels.start, labels.stop)
        scores, _ = self._products(np.ascontiguousarray(self.snapshot.weight64[columns].T), "scores")
        if self.origin is not None:
            scores += self.snapshot.projection.scores[self.target, columns].T
        return scores.T

    def _logits_of(self, rows: NDArray[np.intp]) -> NDArray[np.float64]:
        """Compute the logits of some samples of the block as `logits` does, (n,) -> (n, K)."""
        features, shift = self.stored[rows].astype(np.float64), 0.0 - self.snapshot.threshold
        if self.origin is not None:
            own = self.target[rows]
            features -= self.origin[own]
            shift = shift + self.snapshot.projection.scores[own]
        logits: NDArray[np.float64] = features @ self.snapshot.weight64.T + shift
        return logits

    @property
    def _factor(self) -> NDArray[np.float64]:
        shared = self.snapshot.projection
        return shared.factor if self.scored else shared.directions

    def _products(
        self, factor: NDArray[np.float64], name: str = "products"
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Make `_Products` of all tiles."""
        products = _Products(self, factor, name)
        for rows, features in tiles(self.stored, factor.shape[1]):
            products.enter(rows, features)
        return products.found


class _Products:
    """The features of a block, relative to the origin if there is one, times a factor, (d, m) -> (m, B).

    With it the sum of their squares over each class, (K,), if the block is scattering.
    """

    def __init__(self, block: Block, factor: NDArray[np.float64], name: str = "products") -> None:
        self._target, self._factor = block.target, factor
        self._origin, self._scattering = block.origin, block.scattering
        self.found = buffer(name, (factor.shape[1], len(block.target))), np.zeros(block.snapshot.classes)

    def enter(self, rows: slice, features: NDArray[np.float64]) -> None:
        """Multiply a tile; it may be changed."""
        products, scatter = self.found
        own = self._target[rows]
        if self._origin is not None:
            np.subtract(features, self._origin[own[0] if own[0] == own[-1] else own], out=features)
        if self._scattering:
            scatter += _squares_by_class(features, own, len(scatter))
        multiply(features, self._factor, products[:, rows])


def groups_of(target: NDArray[np.int64]) -> list[tuple[int, slice]]:
    """List every label of increasing ones with the slice of its samples."""
    if target[0] == target[-1]:
        return [(int(target[0]), slice(0, len(target)))]
    starts = [0, *(np.flatnonzero(np.diff(target)) + 1).tolist(), len(target)]
    return [(int(target[start]), slice(start, stop)) for start, stop in itertools.pairwise(starts)]


def _squares_by_class(features: NDArray[np.float64], target: NDArray[np.int64], classes: int) -> NDArray[np.float64]:
    """Sum the squares of features of increasing labels over each class, (K,)."""
    sums = np.zeros(classes)
    if target[0] == target[-1]:
        sums[target[0]] = np.vdot(features, features)
        return sums
    return np.bincount(target, np.einsum("ij,ij->i", features, features), classes).astype(np.float64, copy=False)
