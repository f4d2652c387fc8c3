"""Tiles: features in float64, as many at a time as stay in cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.snapshot.threads import buffer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

# Features in float64 that are worked on at once: they stay in the second cache, where they cost half.
TILE_BYTES = 2**20
# Columns of a product up to which it is made a row after the other, and the multiplications that OpenBLAS does without
# copying the factors first, which takes as long as a narrow product itself.
NARROW, SMALL = 16, 10**6


def tiles(stored: NDArray[Any], columns: int = 1) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Yield features in float64, with their rows, in memory that the next tile of this thread uses again.

    Parameters
    ----------
    stored
        Features of any type, (B, d).
    columns
        Of what they are to be multiplied with: tiles are longer where these are many.
    """
    for own in tile_rows(stored.shape, columns):
        yield own, _tile(stored[own])


def tile_rows(shape: tuple[int, ...], columns: int = 1) -> Iterator[slice]:
    """Yield the rows of the tiles of features of some shape, (B, d)."""
    rows, length = shape
    size = max(TILE_BYTES // (8 * length), 2 * columns, 1)
    if 1 < columns <= NARROW:
        size = max(min(size, SMALL // (length * columns)), 1)
    for start in range(0, rows, size):
        yield slice(start, min(start + size, rows))


def multiply(features: NDArray[Any], factor: NDArray[Any], out: NDArray[Any]) -> None:
    """Multiply a tile with a factor, (B, d) times (d, m), into the transpose of the product, (m, B).

    BLAS fills a long product quickest in that order, a narrow one in the other.
    """
    if factor.shape[1] > NARROW:
        np.matmul(factor.T, features.T, out=out)
        return
    narrow = buffer(f"narrow {out.dtype}", out.shape[::-1], out.dtype)
    np.copyto(out, np.matmul(features, factor, out=narrow).T)


def _tile(stored: NDArray[Any]) -> NDArray[np.float64]:
    features = buffer("tile", stored.shape)
    np.copyto(features, stored)
    return features
