"""How two quantities of the same samples go together: ranks, spread within bins, and moments that can be pooled."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bceprobe.metrics.averages import centred
from bceprobe.metrics.quantiles import quantiles, quantiles_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

BINS = 20
# 97.5 % quantile of the normal distribution.
NORMAL = 1.959963984540054
BONETT = "doi:10.1007/BF02294183"


class Interval(NamedTuple):
    """A correlation and its 95 % confidence interval."""

    value: float
    low: float
    high: float


class Paired(NamedTuple):
    """Of some (x, y): the number of pairs, means, and sums of their squared and mixed deviations from the means."""

    pairs: float
    x: float
    y: float
    xx: float
    yy: float
    xy: float


UNKNOWN = Paired(*[np.nan] * 6)


class Relation(NamedTuple):
    """How y spreads along x: x increasing (n,), Spearman's correlation, and within bins of x the spread of y.

    Parameters
    ----------
    ordered
        x, increasing.
    rank
        Spearman's rank correlation of x and y; NaN for fewer than two pairs or where either does not vary.
    inside
        Sum of squared deviations of y from the mean of its bin.
    quartile_range
        Mean interquartile range of y in a bin; NaN without pairs.
    """

    ordered: NDArray[np.float64]
    rank: float
    inside: float
    quartile_range: float


def relation(x: NDArray[np.float64], y: NDArray[np.float64]) -> Relation:
    """Relate some x, (n,), to y, (n,), which is increasing.

    Bins hold equally many pairs by x (the first ones one more), 20 of them; of equal x the smaller y come first.
    """
    steps = np.diff(x)
    if (steps > 0).all() or (steps < 0).all():
        direction = 1 if steps.sum() > 0 else -1
        return Relation(x[::direction], _monotone(y, direction), *_within_bins(y[::direction], direction))
    order = np.argsort(x, kind="stable")
    along, ranks = x[order], np.empty(len(x))
    ranks[order] = tied_ranks(along)
    return Relation(along, correlation(paired(ranks, tied_ranks(y))), *_within_bins(y[order]))


def tied_ranks(ordered: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rank increasing values from 1, equal ones by the mean of their ranks, (n,) -> (n,).

    Examples
    --------
    >>> tied_ranks(np.array([0.1, 0.3, 0.3])).tolist()
    [1.0, 2.5, 2.5]
    """
    starts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]]))
    counts = np.diff(np.append(starts, len(ordered)))
    return np.repeat(starts + (counts + 1) / 2, counts)


def spearman_interval(value: float, count: float) -> Interval:
    """Return the 95 % interval of a rank correlation by Fisher's z with the variance of Bonett and Wright (2000)."""
    if not count > 3 or np.isnan(value):  # noqa: PLR2004 - z has n - 3 degrees of freedom
        return Interval(value, np.nan, np.nan)
    return _back(value, NORMAL * np.sqrt((1 + value**2 / 2) / (count - 3)))


def pooled_spearman(values: NDArray[np.float64], counts: NDArray[np.float64]) -> Interval:
    """Pool the rank correlations of groups by Fisher's z, weighted by n - 3, with a 95 % interval.

    Groups of three or fewer, or without variation, are left out. Where all are 1 or all are -1 so is the whole.
    """
    used = (counts > 3) & np.isfinite(values)  # noqa: PLR2004 - z has n - 3 degrees of freedom
    if not used.any():
        return Interval(np.nan, np.nan, np.nan)
    values, weights = values[used], counts[used] - 3
    if np.all(np.abs(values) == 1):
        value = float(values[0]) if np.ptp(values) == 0 else np.nan
        return Interval(value, value, value)
    z = np.arctanh(np.clip(values, -1 + 1e-16, 1 - 1e-16))
    variance = weights**2 @ ((1 + values**2 / 2) / weights) / weights.sum() ** 2
    return _back(float(np.tanh(np.average(z, weights=weights))), NORMAL * np.sqrt(variance))


def paired(x: NDArray[np.float64], y: NDArray[np.float64]) -> Paired:
    """Compute the moments of some pairs; NaN means of none."""
    if not len(x):
        return Paired(0.0, np.nan, np.nan, 0.0, 0.0, 0.0)
    (mean_x, dx), (mean_y, dy) = centred(x), centred(y)
    return Paired(float(len(x)), mean_x, mean_y, float(dx @ dx), float(dy @ dy), float(dx @ dy))


def pool(groups: NDArray[np.float64]) -> Paired:
    """Pool the moments of groups of pairs, rows of `Paired`, (K, 6); NaN if there are none."""
    if not (groups[:, 0] > 0).any():
        return UNKNOWN
    pairs, x, y, *within = groups[groups[:, 0] > 0].T
    total = pairs.sum()
    mean_x, mean_y = (side[0] + pairs @ (side - side[0]) / total for side in (x, y))
    dx, dy = x - mean_x, y - mean_y
    between = [pairs @ (dx * dx), pairs @ (dy * dy), pairs @ (dx * dy)]
    return Paired(total, mean_x, mean_y, *(sum(own) + more for own, more in zip(within, between, strict=True)))


def correlation(found: Paired) -> float:
    """Pearson's correlation; NaN where either side does not vary."""
    scale = np.sqrt(found.xx) * np.sqrt(found.yy)
    return float(np.clip(found.xy / scale, -1, 1)) if scale > 0 else np.nan


def slope(found: Paired) -> float:
    """Least-squares slope of y on x; NaN where x does not vary."""
    return found.xy / found.xx if found.xx > 0 else np.nan


def _back(value: float, half: float) -> Interval:
    """Turn an interval of z around a correlation into one of correlations."""
    if abs(value) == 1:
        return Interval(value, value, value)
    z = np.arctanh(value)
    return Interval(value, float(np.tanh(z - half)), float(np.tanh(z + half)))


def _monotone(y: NDArray[np.float64], direction: int) -> float:
    """Return the rank correlation of increasing y with an x that strictly rises (1) or falls (-1) along it."""
    if len(y) > 1 and np.diff(y).all():
        return float(direction)
    return correlation(paired(direction * np.arange(len(y), dtype=float), tied_ranks(y)))


def _within_bins(values: NDArray[np.float64], direction: int = 0) -> tuple[float, float]:
    """Sum squared deviations from the mean within consecutive bins, and average their interquartile ranges.

    The direction tells values that rise (1) or fall (-1) all along, which need no sort, from others (0).
    """
    bins = [part for part in np.array_split(values, BINS) if len(part)]
    squares = sum(float(np.square(centred(part)[1]).sum()) for part in bins)
    quartiles = [quantiles(part[::direction], (25, 75)) if direction else quantiles_of(part, (25, 75)) for part in bins]
    return squares, float(np.mean([high - low for low, high in quartiles])) if bins else np.nan
