"""Tiles: features in float64, as many at a time as stay in cache."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.snapshot.threads import buffer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

# Features in float64 that are worked on at once: they stay in cache, and threads seldom wait.
TILE_BYTES = 4 * 2**20


def tiles(stored: NDArray[Any], columns: int = 1) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """Yield features in float64, with their rows, in memory that the next tile of this thread uses again.

    Parameters
    ----------
    stored
        Features of any type, (B, d).
    columns
        Of what they are to be multiplied with: tiles are longer where these are many.
    """
    rows, length = stored.shape
    size = max(TILE_BYTES // (8 * length), 2 * columns, 1)
    for start in range(0, rows, size):
        own = slice(start, min(start + size, rows))
        yield own, _tile(stored[own])


def _tile(stored: NDArray[Any]) -> NDArray[np.float64]:
    features = buffer("tile", stored.shape)
    np.copyto(features, stored)
    return features
