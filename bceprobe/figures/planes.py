"""Planes in which features are looked at: through the means of a few classes, or along the largest spread of means."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bceprobe.snapshot import Snapshot

MOST_IN_PLANE = 3


class Plane(NamedTuple):
    """A point of the plane, (d,), two orthonormal directions in it, (2, d), and what counts as length 1."""

    origin: NDArray[np.float64]
    directions: NDArray[np.float64]
    unit: float

    def of(self, features: NDArray[np.floating]) -> NDArray[np.float64]:
        """Project features orthogonally, (n, d) -> (n, 2)."""
        projected: NDArray[np.float64] = (features - self.origin) @ self.directions.T / self.unit
        return projected

    def directions_of(self, rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Project rows relative to their own mean, at a root mean square length of 1, (n, d) -> (n, 2)."""
        found: NDArray[np.float64] = (rows - rows.mean(axis=0)) @ self.directions.T
        found /= root_mean_square(found) or 1.0
        return found


def simplex(count: int) -> NDArray[np.float64]:
    """Return the corners of a simplex around the origin at distance 1: two or three, the first one on top or right.

    Examples
    --------
    >>> simplex(3).round(3).tolist()
    [[0.0, 1.0], [-0.866, -0.5], [0.866, -0.5]]
    """
    angle = np.pi * np.array([0.0, 1.0] if count < MOST_IN_PLANE else [1 / 2, 7 / 6, 11 / 6])
    return np.stack([np.cos(angle), np.sin(angle)], axis=1)


def through_means(means: NDArray[np.float64], samples: NDArray[np.float64]) -> Plane:
    """Lay a plane through the means of three classes, turned so that they come close to the corners of the simplex.

    Parameters
    ----------
    means
        Of three classes, (3, d), or of two, (2, d): then the plane also holds the direction in which samples spread
        most beside the line through both.
    samples
        Features, (n, d), for that direction.

    Returns
    -------
    Plane
        Lengths are those in the feature space over the root mean square distance of the means from their centre.
    """
    origin = means.mean(axis=0)
    spread = means - origin
    _, _, found = np.linalg.svd(spread, full_matrices=False)
    directions = found[:2] if len(means) == MOST_IN_PLANE else np.stack([found[0], _beside(found[0], samples - origin)])
    placed = spread @ directions.T
    left, _, right = np.linalg.svd(placed.T @ simplex(len(means)))
    turned = (left @ right).T @ directions
    return Plane(origin, turned, root_mean_square(placed) or 1.0)


def along_means(snapshot: Snapshot, labels: Sequence[int]) -> Plane:
    """Lay a plane along the two principal directions of the means of some classes, (PCA of these means).

    Signs are such that the largest entry of each direction is positive.
    """
    means = snapshot.class_means[list(labels)]
    origin = means.mean(axis=0)
    _, _, found = np.linalg.svd(means - origin, full_matrices=True)
    directions = found[:2] if len(found) > 1 else np.vstack([found, np.zeros_like(found)])
    largest = np.take_along_axis(directions, np.abs(directions).argmax(axis=1, keepdims=True), axis=1)
    return Plane(origin, directions * np.where(largest < 0, -1.0, 1.0), 1.0)


def root_mean_square(rows: NDArray[np.float64]) -> float:
    """Return the root of the mean squared length of rows, (n, m)."""
    return float(np.sqrt(np.square(rows).sum(axis=1).mean()))


def _beside(direction: NDArray[np.float64], samples: NDArray[np.float64]) -> NDArray[np.float64]:
    """Find the direction of largest spread that is orthogonal to another one."""
    rest = samples - np.outer(samples @ direction, direction)
    _, singular, found = np.linalg.svd(rest - rest.mean(axis=0), full_matrices=False)
    across: NDArray[np.float64] = found[0]
    if not singular[0] > 0:
        axis = np.eye(len(direction))[np.abs(direction).argmin()]
        across = axis - (axis @ direction) * direction
        across /= np.linalg.norm(across) or 1.0
    return across
