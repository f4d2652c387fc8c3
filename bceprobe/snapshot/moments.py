"""Class means and scatter, from one walk, and the space that the class means span."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bceprobe.snapshot.blocks import Block, parts, refuse_not_finite
from bceprobe.snapshot.threads import ordered_map

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.snapshot.blocks import Part
    from bceprobe.snapshot.model import Snapshot

EPS = float(np.finfo(np.float64).eps)


class Moments(NamedTuple):
    """Per class: samples (K,), means (K, d), and the sum of squared distances to the mean (K,)."""

    counts: NDArray[np.int64]
    means: NDArray[np.float64]
    scatter: NDArray[np.float64]


class MeanSpace(NamedTuple):
    """The thin singular value decomposition M = U S V^T of the centred class means, of rank r.

    Parameters
    ----------
    singular
        S, (r,), decreasing; without those that rounding makes of equal means.
    coordinates
        U S, (K', r): the class means along the directions.
    directions
        V, (d, r).
    """

    singular: NDArray[np.float64]
    coordinates: NDArray[np.float64]
    directions: NDArray[np.float64]


def class_moments(snapshot: Snapshot) -> Moments:
    """Walk the features once. Equal features have exactly their value as mean, and no scatter."""
    classes, length = snapshot.weight.shape
    total = Moments(np.zeros(classes, np.int64), np.zeros((classes, length)), np.zeros(classes))
    for labels, part in ordered_map(lambda part: _of_part(snapshot, part), parts(snapshot)):
        _merge(total, labels, part)
    total.means[total.counts == 0] = np.nan
    return total


def mean_space(snapshot: Snapshot) -> MeanSpace:
    """Decompose the centred class means."""
    means = snapshot.centred_means
    left, singular, right = np.linalg.svd(means, full_matrices=False)
    possible = min(len(means) - 1, means.shape[1])
    rank = int(np.count_nonzero(singular[:possible] > snapshot.mean_rounding))
    return MeanSpace(singular[:rank], left[:, :rank] * singular[:rank], right[:rank].T)


def _of_part(snapshot: Snapshot, part: Part) -> tuple[NDArray[np.intp], Moments]:
    """Compute the moments of the classes of a part, relative to their first sample."""
    block = Block(snapshot, part)
    means, scatter = np.empty((len(block.labels), block.features.shape[1])), np.empty(len(block.labels))
    with np.errstate(invalid="ignore", over="ignore"):
        for at, (_, samples) in enumerate(block.groups()):
            means[at], scatter[at] = _moments(block.features[samples])
    if not (np.isfinite(means).all() and np.isfinite(scatter).all()):
        refuse_not_finite(part)
    counts = np.diff(np.append(block.starts, len(block.target)))
    return block.labels, Moments(counts, means, scatter)


def _moments(features: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
    """Return mean and scatter of some samples; `features` is used up."""
    first = features[0].copy()
    features -= first
    mean = np.ones(len(features)) @ features / len(features)
    flat = features.ravel()
    return first + mean, max(float(flat @ flat - len(features) * (mean @ mean)), 0.0)


def _merge(total: Moments, labels: NDArray[np.intp], part: Moments) -> None:
    """Add the moments of some classes (Chan, Golub and LeVeque 1983, doi:10.1080/00031305.1983.10483115)."""
    before, counts = total.counts[labels], total.counts[labels] + part.counts
    steps = part.means - total.means[labels]
    squares: NDArray[Any] = np.vecdot(steps, steps)
    total.scatter[labels] += part.scatter + squares * (before * part.counts / counts)
    total.means[labels] += steps * (part.counts / counts)[:, None]
    total.counts[labels] = counts
