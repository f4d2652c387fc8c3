"""Class means, from one walk, and the space that they span."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bceprobe.snapshot.blocks import Block
from bceprobe.snapshot.checks import LARGEST, SHORT
from bceprobe.snapshot.parts import parts, refuse_unusable
from bceprobe.snapshot.threads import ordered_map
from bceprobe.snapshot.tiles import tiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.snapshot.model import Snapshot
    from bceprobe.snapshot.parts import Part

EPS = float(np.finfo(np.float64).eps)
# Share of the squares of a class that is around its mean, below which sums around zero would cost too many digits.
COLLAPSED = 1e-2
# Columns that BLAS works on together: a product with 20 of them takes less time than one with 19.
LANES = 4
# Sums of squares whose terms neither overflow float32 nor, but for what is far too little to matter, fall below it.
SMALLEST_SUM, LARGEST_SUM = 1e-20, 1e30


class Moments(NamedTuple):
    """Per class: samples (K,), mean (K, d), a first sample (K, d), and about the sum of squared norms (K,).

    The sum is added up in the type of the features, enough to tell sizes by.
    """

    counts: NDArray[np.int64]
    means: NDArray[np.float64]
    first: NDArray[np.float64]
    squares: NDArray[np.float64]


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


class Projection(NamedTuple):
    """What all blocks are multiplied with, and what takes the products to where they belong.

    Parameters
    ----------
    directions
        Of the mean space, (d, r).
    factor
        Weight rows, then directions of the mean space, as columns, then zeros up to a multiple of `LANES`.
    origin
        What features are taken relative to before they are multiplied: a first sample of each class, (K, d), where a
        class has collapsed, else nothing.
    scores
        Scores of the origin, (K, K).
    steps
        From the origin to the class means, along the directions, (K, r).
    means
        Centred class means along the directions, (K, r).
    """

    directions: NDArray[np.float64]
    factor: NDArray[np.float64]
    origin: NDArray[np.float64] | None
    scores: NDArray[np.float64]
    steps: NDArray[np.float64]
    means: NDArray[np.float64]


def class_moments(snapshot: Snapshot) -> Moments:
    """Walk the features once. The mean of equal features is exactly their value."""
    classes, length = snapshot.weight.shape
    means, first = np.zeros((2, classes, length))
    total = Moments(np.zeros(classes, np.int64), means, first, np.zeros(classes))
    for labels, part in ordered_map(lambda part: _of_part(snapshot, part), parts(snapshot)):
        _merge(total, labels, part)
    total.means[total.counts == 0] = np.nan
    return total


def mean_space(snapshot: Snapshot) -> MeanSpace:
    """Decompose the centred class means: by way of a triangle, as LAPACK takes a third longer for a wide matrix."""
    means = snapshot.centred_means
    basis, triangle = np.linalg.qr(means.T)
    left, singular, right = np.linalg.svd(triangle.T, full_matrices=False)
    possible = min(len(means) - 1, means.shape[1])
    rank = int(np.count_nonzero(singular[:possible] > snapshot.mean_rounding))
    return MeanSpace(singular[:rank], left[:, :rank] * singular[:rank], basis @ right[:rank].T)


def projection(snapshot: Snapshot) -> Projection:
    """Prepare the products of the blocks."""
    space, origin = snapshot.mean_space, snapshot.moments.first if _collapsed(snapshot.moments) else None
    around = snapshot.class_means - (0.0 if origin is None else origin)
    steps = np.nan_to_num(around) @ space.directions
    means = np.zeros_like(steps)
    means[snapshot.present] = space.coordinates
    weight = snapshot.weight64.T
    scores = np.zeros((len(around), len(around))) if origin is None else origin @ weight
    spare = np.zeros((len(weight), -(weight.shape[1] + steps.shape[1]) % LANES))
    factor = np.hstack([weight, space.directions, spare])
    return Projection(space.directions, factor, origin, scores, steps, means)


def _collapsed(moments: Moments) -> bool:
    """Tell whether the features of a class are so near to each other that their differences need all digits."""
    filled = moments.counts > 0
    squares, counts = moments.squares[filled], moments.counts[filled]
    around = squares - counts * np.square(moments.means[filled]).sum(axis=1)
    return bool((around < COLLAPSED * squares).any())


def _of_part(snapshot: Snapshot, part: Part) -> tuple[NDArray[np.intp], Moments]:
    """Compute the moments of the classes of a part."""
    block = Block(snapshot, part)
    with np.errstate(invalid="ignore", over="ignore"):
        found = [_of_class(block.stored[samples]) for _, samples in block.groups()]
    means, first, squares = (np.array(column) for column in zip(*found, strict=True))
    if not (squares <= LARGEST).all():
        refuse_unusable(part)
    counts = np.diff(np.append(block.starts, len(block.target)))
    return block.labels, Moments(counts, means, first, squares)


def _of_class(stored: NDArray[Any]) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Compute mean, first and sum of squares of some samples, so that equal ones are not rounded.

    float32 needs nothing for that: half a billion of the same number add up exactly in float64. Longer numbers are
    taken relative to the first.
    """
    first = stored[0].astype(np.float64)
    if stored.dtype == np.float32 and (known := _short_squares(stored)):
        return np.add.reduce(stored, axis=0, dtype=np.float64) / len(stored), first, known
    origin = first if stored.dtype.itemsize > SHORT else None
    total, squares = np.zeros(len(first)), 0.0
    for _, features in tiles(stored):
        flat = features.ravel()
        squares += float(np.vdot(flat, flat))
        if origin is not None:
            np.subtract(features, origin, out=features)
        total += _ones(len(features)) @ features
    mean = total / len(stored)
    return mean if origin is None else origin + mean, first, squares


def _short_squares(stored: NDArray[np.float32]) -> float:
    """Sum the squares of some samples in float32, which is all that `squares` are for; 0 where it could be far off."""
    flat = stored.reshape(-1)
    squares = float(np.vdot(flat, flat))
    return squares if SMALLEST_SUM < squares < LARGEST_SUM else 0.0


@cache
def _ones(count: int) -> NDArray[np.float64]:
    """Make the factor that sums that many rows."""
    return np.ones(count)


def _merge(total: Moments, labels: NDArray[np.intp], part: Moments) -> None:
    """Add the moments of some classes (Chan, Golub and LeVeque 1983, doi:10.1080/00031305.1983.10483115)."""
    before = total.counts[labels]
    total.first[labels[before == 0]] = part.first[before == 0]
    counts = before + part.counts
    total.means[labels] += (part.means - total.means[labels]) * (part.counts / counts)[:, None]
    total.counts[labels] = counts
    total.squares[labels] += part.squares
