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
# Columns of a product up to which it is made a row after the other; the multiplications that OpenBLAS does without
# copying the factors first, which takes as long as a narrow product itself; and rows that it does at once.
NARROW, SMALL, ROWS = 32, 10**6, 64
# Rows below which there is nothing to gain.
LANES = 8


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
    for start in range(0, rows, size):
        yield slice(start, min(start + size, rows))


def multiply(features: NDArray[Any], factor: NDArray[Any], out: NDArray[Any]) -> None:
    """Multiply a tile with a factor, (B, d) times (d, m), into the transpose of the product, (m, B).

    BLAS fills a long product quickest in that order; a narrow one in the other, some rows at a time.
    """
    columns, at_once = factor.shape[1], _rows_at_once(*factor.shape)
    if columns > NARROW or not at_once:
        np.matmul(factor.T, features.T, out=out)
        return
    narrow = buffer(f"narrow {out.dtype}", out.shape[::-1], out.dtype)
    even = len(features) - len(features) % at_once
    np.matmul(_cut(features[:even], at_once), factor, out=_cut(narrow[:even], at_once))
    np.matmul(features[even:], factor, out=narrow[even:])
    np.copyto(out, narrow.T)


def _rows_at_once(length: int, columns: int) -> int:
    """Count the rows of a narrow product that OpenBLAS makes without copying: a power of two, or 0 if these are few.

    Examples
    --------
    >>> _rows_at_once(512, 20), _rows_at_once(2048, 20), _rows_at_once(8192, 32)
    (64, 16, 0)
    """
    most = min(ROWS, SMALL // (length * columns))
    return 1 << most.bit_length() - 1 if most >= LANES else 0


def _cut(rows: NDArray[Any], size: int) -> NDArray[Any]:
    """Cut rows into a stack of matrices, whose products numpy makes in one call."""
    return rows.reshape(-1, size, rows.shape[1])


def _tile(stored: NDArray[Any]) -> NDArray[np.float64]:
    features = buffer("tile", stored.shape)
    np.copyto(features, stored)
    return features
