"""Screening: which class has the largest logit, told in float32 wherever that provably suffices.

A product in float32 takes half the time of one in float64, and float32 features need no conversion. Rounding can have
changed a logit by no more than a bound; only samples with a rival within twice that are looked at again, in float64.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.snapshot.threads import buffer
from bceprobe.snapshot.tiles import tile_rows

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.snapshot.blocks import Block

# Unit roundoff and smallest normal number of float32; what the roundings of norms and the terms of second order add.
ROUNDOFF, TINY, SPARE = 2.0**-24, 2.0**-126, 1.05
# Longer features would need more to spare.
LONGEST = 2**17


def screened(block: Block, labels: NDArray[np.intp]) -> tuple[NDArray[np.bool_], NDArray[np.intp]]:
    """Tell whether the logit of a class exceeds all others, (B,) -> (B,), and which samples that is doubtful for, (n,).

    Parameters
    ----------
    block
        Any samples; infinite and NaN values in float32 only make them doubtful.
    labels
        A class of each.
    """
    if block.stored.shape[1] > LONGEST:
        return np.zeros(len(labels), dtype=bool), np.arange(len(labels))
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        logits, squares = _short_logits(block)
        places = np.arange(len(labels))
        own = logits[places, labels].astype(np.float64)
        logits[places, labels] = -np.inf
        lead = own - logits.max(axis=1)
        certain = np.abs(lead) > 2 * _bound(block, squares)
    return lead > 0, np.flatnonzero(~certain)


def _short_logits(block: Block) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Compute logits, (B, K), and squared norms, (B,), in float32."""
    snapshot, count = block.snapshot, len(block.target)
    factor = snapshot.weight64.T.astype(np.float32, order="C")
    logits = buffer("short logits", (count, snapshot.classes), np.float32)
    squares = buffer("short squares", (count,), np.float32)
    for rows in tile_rows(block.stored.shape, snapshot.classes):
        features = _short(block.stored[rows])
        np.matmul(features, factor, out=logits[rows])
        np.einsum("ij,ij->i", features, features, out=squares[rows])
    logits -= snapshot.threshold.astype(np.float32)
    return logits, squares


def _short(stored: NDArray[Any]) -> NDArray[np.float32]:
    """Return features in float32: as they are if they are stored so."""
    if stored.dtype == np.float32:
        return stored
    features = buffer("short tile", stored.shape, np.float32)
    np.copyto(features, stored, casting="same_kind")
    return features


def _bound(block: Block, squares: NDArray[np.float32]) -> NDArray[np.float64]:
    """Bound what rounding can have made of any logit of a sample, in float32 and in float64 together, (B,).

    A sum of d products, in any order, is off by at most d u / (1 - d u) ||h|| ||w|| (Higham 2002, Accuracy and
    Stability of Numerical Algorithms, section 3.1); 3 u more come from the conversions of both and from the threshold,
    and what is left of 8 u is far more than a product in float64 is off by, around an origin if there is one. Numbers
    below the smallest normal one may be taken for zero at every step.
    """
    snapshot, length = block.snapshot, block.stored.shape[1]
    shift = snapshot.projection.origin
    longest = 0.0 if shift is None else float(np.linalg.norm(shift, axis=1).max())
    norms = np.sqrt(squares.astype(np.float64) + length * TINY) + 2.0**-20 * longest
    weight = float(np.linalg.norm(snapshot.weight64, axis=1).max()) + 2.0**-100
    threshold = float(np.abs(snapshot.threshold).max())
    bound: NDArray[np.float64] = SPARE * ROUNDOFF * ((length + 8) * weight * norms + 4 * threshold)
    bound += 4 * length * TINY
    return bound
