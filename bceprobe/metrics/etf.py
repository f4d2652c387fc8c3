"""The simplex equiangular tight frame, and how far a classifier is from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bceprobe.snapshot import EPS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.snapshot import Snapshot


def simplex_etf(classes: int) -> NDArray[np.float64]:
    """Return E = (I - 11^T/K) / sqrt(K - 1), (K, K), of Frobenius norm 1.

    Examples
    --------
    >>> bool(np.isclose(np.linalg.norm(simplex_etf(7)), 1.0))
    True
    """
    etf: NDArray[np.float64] = (np.eye(classes) - 1 / classes) / np.sqrt(classes - 1)
    return etf


def centred_weight(snapshot: Snapshot, labels: NDArray[np.bool_] | slice = slice(None)) -> NDArray[np.float64]:
    """Return W~: weight rows of some classes minus their mean; exactly zero where all are equal up to rounding.

    Subtracted twice: the second time takes away what rounding left of the mean where the rows are nearly equal.
    """
    weight = snapshot.weight64[labels]
    centred: NDArray[np.float64] = weight - weight.mean(axis=0)
    centred -= centred.mean(axis=0)
    rounding = EPS * len(weight) * np.linalg.norm(weight)
    return centred if np.linalg.norm(centred) > rounding else np.zeros_like(centred)


def distance_to_etf(left: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    """Return || LR^T / ||LR^T||_F - E ||_F; NaN if LR^T is no more than the rounding of sums over d products."""
    product = left @ right.T
    norm = np.linalg.norm(product)
    rounding = EPS * left.shape[1] * np.linalg.norm(left) * np.linalg.norm(right)
    if norm <= rounding:
        return np.nan
    return float(np.linalg.norm(product / norm - simplex_etf(len(product))))
