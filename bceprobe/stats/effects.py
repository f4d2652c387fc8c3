"""Effect sizes: how large a difference is, in units of the spread between seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.special import gammaln

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray


def hedges_g(a: ArrayLike, b: ArrayLike) -> float:
    r"""Hedges' g of b against a: the difference of means over the pooled standard deviation, bias-corrected.

    .. math:: g = J(m) \frac{\bar b - \bar a}{s_p}, \quad
       s_p^2 = \frac{(n_a - 1) s_a^2 + (n_b - 1) s_b^2}{m}, \quad m = n_a + n_b - 2

    with the exact small-sample factor :math:`J(m) = \Gamma(m/2) / (\sqrt{m/2}\, \Gamma((m-1)/2))`. This is the variant
    written g_s for independent arms and g_av for paired arms of equal size: pairing is ignored on purpose, so that
    the effects of paired and unpaired comparisons are in the same units (Lakens 2013, doi:10.3389/fpsyg.2013.00863).

    Parameters
    ----------
    a, b
        One value per seed, (n_a,) and (n_b,).

    Returns
    -------
    float
        NaN with fewer than four values in all, without any spread, or with an undefined value.

    References
    ----------
    Hedges 1981, doi:10.3102/10769986006002107, eq. 6e.

    Examples
    --------
    >>> round(hedges_g([1.0, 2.0, 3.0], [2.0, 3.0, 4.0]), 4)
    0.7979
    """
    first, second = np.asarray(a, float), np.asarray(b, float)
    if not (np.isfinite(first).all() and np.isfinite(second).all()):
        return float("nan")
    freedom = first.size + second.size - 2
    squares = _squares(first) + _squares(second) if min(first.size, second.size) else 0.0
    if freedom < 2 or not squares > 0:  # noqa: PLR2004 - J has a pole at one degree of freedom
        return float("nan")
    return float(_correction(freedom) * (second.mean() - first.mean()) / np.sqrt(squares / freedom))


def cliffs_delta(a: ArrayLike, b: ArrayLike) -> float:
    """Cliff's delta of b against a: the share of pairs (one seed of each arm) with b above a, less that with b below.

    1 where every seed of b is above every seed of a, 0 where neither tends to be, -1 the other way round. It ignores
    pairing and asks for no distribution.

    Parameters
    ----------
    a, b
        One value per seed, (n_a,) and (n_b,).

    Returns
    -------
    float
        NaN where an arm is empty or has an undefined value.

    References
    ----------
    Cliff 1993, doi:10.1037/0033-2909.114.3.494.

    Examples
    --------
    >>> cliffs_delta([1, 2, 3], [2, 3, 4])
    0.5555555555555556
    """
    first, second = np.asarray(a, float), np.asarray(b, float)
    if not (first.size and second.size and np.isfinite(first).all() and np.isfinite(second).all()):
        return float("nan")
    return float(np.sign(np.subtract.outer(second, first)).mean())


def _squares(values: NDArray[np.float64]) -> float:
    return float(np.square(values - values.mean()).sum())


def _correction(freedom: int) -> float:
    return float(np.exp(gammaln(freedom / 2) - gammaln((freedom - 1) / 2)) / np.sqrt(freedom / 2))
