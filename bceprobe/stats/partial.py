"""Partial correlation: how y goes with x once what both share with other quantities is taken out."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri
from scipy.stats import t as student

from bceprobe.stats.correlation import CONFIDENCE, CONSTANT, ROUNDING, UNDEFINED

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

PARTIAL = "partial correlation"
TOO_FEW = "no more pairs than controlled quantities and two"
EXPLAINED = "no variation beyond the controlled quantities"


@dataclass(frozen=True)
class PartialCorrelation:
    """How y goes with x, given other quantities.

    Parameters
    ----------
    n, given
        Number of pairs, and of quantities that are held fixed.
    r, ci_low, ci_high, p_value
        Partial correlation (the effect size), its 95 % confidence interval, and the two-sided p-value; for normal data.
    note
        Why something is NaN; empty if nothing is.
    test
        Name of the test.
    """

    n: int
    given: int
    r: float = math.nan
    ci_low: float = math.nan
    ci_high: float = math.nan
    p_value: float = math.nan
    note: str = ""
    test: str = PARTIAL


def partial_correlation(x: ArrayLike, y: ArrayLike, covariates: ArrayLike) -> PartialCorrelation:
    r"""Correlate the residuals of x and y after least squares on k other quantities, with intercept.

    The p-value is that of Student's t with n - 2 - k degrees of freedom; the interval is
    :math:`\tanh(\operatorname{artanh} r \pm z_{0.975} / \sqrt{n - 3 - k})` (Fisher's z), and [r, r] where r is exactly
    1 or -1.

    Parameters
    ----------
    x, y
        One value per pair, (n,).
    covariates
        The other quantities, (k, n). Those that repeat each other count once.

    Returns
    -------
    PartialCorrelation
        All NaN for n <= k + 2, undefined values, or if x or y is constant or a linear function of the others; without
        interval for n = k + 3.

    Raises
    ------
    ValueError
        Values of other lengths.

    References
    ----------
    Fisher 1924, Metron 3, 329-332; Anderson 2003, An Introduction to Multivariate Statistical Analysis, section 4.3.
    """
    first, second, others = np.asarray(x, float), np.asarray(y, float), np.asarray(covariates, float)
    if first.ndim != 1 or others.ndim != 2 or not first.shape == second.shape == others.shape[1:]:  # noqa: PLR2004 - k and n
        raise ValueError(f"one value per pair is needed: {first.shape}, {second.shape} and {others.shape}")
    if not all(np.isfinite(values).all() for values in (first, second, others)):
        return PartialCorrelation(first.size, len(others), note=UNDEFINED)
    base = _basis(others)
    given = base.shape[1] - 1 if first.size else 0
    if (free := first.size - 2 - given) < 1:
        return PartialCorrelation(first.size, given, note=TOO_FEW)
    one, other = _residual(first, base), _residual(second, base)
    if one is None or other is None:
        return PartialCorrelation(first.size, given, note=EXPLAINED if given else CONSTANT)
    r = float(np.clip(one @ other, -1, 1))
    p_value = float(2 * student.sf(abs(r) * math.sqrt(free / (1 - r**2)), free)) if abs(r) < 1 else 0.0
    return PartialCorrelation(first.size, given, r, *_interval(r, free - 1), p_value)


def _basis(covariates: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return an orthonormal basis of the intercept and the covariates, (n, k' + 1)."""
    n = covariates.shape[1]
    centred = covariates - covariates.mean(axis=1, keepdims=True) if n else covariates
    sizes = np.linalg.norm(centred, axis=1, keepdims=True)
    vary = sizes[:, 0] > ROUNDING * np.abs(covariates).max(axis=1, initial=0) * math.sqrt(n)
    _, values, rows = np.linalg.svd(centred[vary] / sizes[vary], full_matrices=False)
    kept = rows[values > math.sqrt(ROUNDING)]
    return np.column_stack([np.full(n, 1 / math.sqrt(max(n, 1))), kept.T])


def _residual(values: NDArray[np.float64], base: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return what the base leaves, of norm one; None if that is rounding."""
    scaled = values / (np.abs(values).max() or 1.0)
    # Twice, as the first projection leaves rounding errors of the size of what it takes away.
    left = scaled - base @ (base.T @ scaled)
    left -= base @ (base.T @ left)
    norm = float(np.linalg.norm(left))
    return left / norm if norm > ROUNDING * math.sqrt(values.size) else None


def _interval(r: float, free: int) -> tuple[float, float]:
    if free < 1:
        return math.nan, math.nan
    if abs(r) == 1:
        return r, r
    half = ndtri((1 + CONFIDENCE) / 2) / math.sqrt(free)
    return math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half)
