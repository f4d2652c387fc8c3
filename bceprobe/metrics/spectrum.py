"""The effective rank of a matrix: how many directions its singular values spread over."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bceprobe.snapshot import EPS

if TYPE_CHECKING:
    from numpy.typing import NDArray


def effective_rank(rows: NDArray[np.float64]) -> float:
    """Return the effective rank of a matrix, from the smaller of its two Gram matrices; NaN if it is zero."""
    gram = rows @ rows.T if rows.shape[0] < rows.shape[1] else rows.T @ rows
    squares = np.linalg.eigvalsh(gram)
    rounding = 8 * EPS * len(squares) * squares.max(initial=0.0)
    return effective_rank_of(np.sqrt(squares[squares > rounding]))


def effective_rank_of(singular: NDArray[np.float64]) -> float:
    """Return exp of the entropy of normalised singular values, (r,) (Roy and Vetterli 2007); NaN if all are zero.

    Examples
    --------
    >>> round(effective_rank_of(np.array([2.0, 2.0, 0.0])), 12)
    2.0
    """
    if not singular.any():
        return np.nan
    shares = singular[singular > 0] / singular.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))
