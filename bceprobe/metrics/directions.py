"""Sums of unit vectors and norms of the features of each class, from one walk: in O(N d), never over pairs of samples.

The mean cosine over all pairs of samples of two classes is the inner product of their mean unit vectors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bceprobe.metrics.averages import per_sample_of_class
from bceprobe.metrics.base import ByClass
from bceprobe.snapshot import buffer, groups_of, once, tiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.snapshot import Block, Snapshot

# Part of a squared norm below which the difference of two of them has lost its digits.
NEAR = 1e-4


class Directions(NamedTuple):
    """Of the present classes, the sum of the unit vectors of their samples, (K', d).

    With it the number of their samples, (K',), and of those that have a direction, (K',).
    """

    sums: NDArray[np.float64]
    samples: NDArray[np.int64]
    directed: NDArray[np.int64]

    @property
    def means(self) -> NDArray[np.float64]:
        """m_k, (K', d)."""
        means: NDArray[np.float64] = self.sums / self.samples[:, None]
        return means


@tiled
def unit_sums(block: Block) -> tuple[NDArray[Any], ...]:
    """Sum over each class the features divided by their norm, centred and uncentred, (2, K, d), and norms, (2, K).

    With them the number of features that have such a direction, (2, K). The norms are relative to that of a first
    sample of the class: their differences, and the squares of these.
    """
    snapshot, count = block.snapshot, len(block.target)
    sums, around = np.zeros((2, *snapshot.weight.shape)), float(snapshot.centre @ snapshot.centre)
    inverses, squares = buffer("inverses", (2, count)), buffer("squares", (count,))
    for rows, features in block.tiles():
        np.einsum("ij,ij->i", features, features, out=squares[rows])
        inverse = inverses[:, rows] = _inverse_norms(features, squares[rows], snapshot, around)
        for label, own in groups_of(block.target[rows]):
            sums[:, label] += inverse[:, own] @ features[own]
    sums[0] -= np.multiply.outer(block.by_class(inverses[0]), snapshot.centre)
    apart = np.sqrt(squares) - np.linalg.norm(snapshot.moments.first, axis=1)[block.target]
    norms = block.by_class(np.stack([apart, np.square(apart)], axis=1)).T
    return sums, norms, block.by_class(inverses.T > 0).T


@once
def centred_directions(snapshot: Snapshot) -> Directions:
    """Sum unit vectors around the global mean."""
    return _directions(snapshot, 0)


@once
def uncentred_directions(snapshot: Snapshot) -> Directions:
    """Sum unit vectors around the origin."""
    return _directions(snapshot, 1)


@once
def norm_moments(snapshot: Snapshot) -> tuple[ByClass, ByClass]:
    """Return mean and population standard deviation of the feature norms, over all samples and within each class."""
    counts, filled = snapshot.class_counts, snapshot.present
    apart, squares = (per_sample_of_class(snapshot, sums) for sums in snapshot[unit_sums][1])
    means = np.linalg.norm(snapshot.moments.first, axis=1) + apart
    variances = np.maximum(squares - apart**2, 0.0)
    mean = np.average(means[filled], weights=counts[filled])
    variance = np.average(variances[filled] + np.square(means[filled] - mean), weights=counts[filled])
    return ByClass(mean, means), ByClass(np.sqrt(variance), np.sqrt(variances))


def _directions(snapshot: Snapshot, which: int) -> Directions:
    (sums, _, directed), present = snapshot[unit_sums], snapshot.present
    return Directions(sums[which][present], snapshot.class_counts[present], directed[which][present])


def _inverse_norms(
    features: NDArray[np.float64], own: NDArray[np.float64], snapshot: Snapshot, around: float
) -> NDArray[np.float64]:
    """Return 1 / ||h - centre|| and 1 / ||h||, (2, B); 0 for a feature without direction.

    The first comes from the second, whose squares are `own`, (B,), and from the square of the centre, `around`; where
    they cancel, from the difference itself.
    """
    both = own + around
    apart = both - 2 * np.dot(features, snapshot.centre)
    near = np.flatnonzero(apart < NEAR * both)
    if near.size:
        apart[near] = np.square(features[near] - snapshot.centre).sum(axis=1)
    squares, rounding = np.array([apart, own]), snapshot.mean_rounding**2 / snapshot.samples
    inverse: NDArray[np.float64] = np.zeros_like(squares)
    np.divide(1.0, np.sqrt(np.maximum(squares, 0)), out=inverse, where=squares > [[rounding], [0.0]])
    return inverse
