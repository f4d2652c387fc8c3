"""Means and spreads of values of samples, so that equal values have no spread by rounding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.metrics.base import ByClass

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.snapshot import Snapshot


def per_sample_of_class(snapshot: Snapshot, sums: NDArray[Any]) -> NDArray[np.float64]:
    """Divide sums over classes by their samples, (K,) -> (K,); NaN for a class without a sample."""
    counts = np.where(snapshot.present, snapshot.class_counts, 1)
    return np.where(snapshot.present, sums / counts, np.nan)


def centred(values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Return the mean of some values and their deviations from it, (n,); equal values are exactly their mean.

    Examples
    --------
    >>> centred(np.full(3, 0.1))
    (0.1, array([0., 0., 0.]))
    """
    apart = values - values[0]
    step = apart.mean()
    return float(values[0] + step), apart - step


def root_mean_square(values: NDArray[np.float64]) -> float:
    """Return the root of the mean square of some values, (n,)."""
    return float(np.sqrt(values @ values / len(values)))


def mean_and_std(snapshot: Snapshot, values: NDArray[np.float64]) -> tuple[ByClass, ByClass]:
    """Return mean and population standard deviation of a value per sample, (N,), over all samples and by class."""
    some, target = np.zeros(snapshot.classes), snapshot.target
    some[target] = values
    apart = values - some[target]
    steps = per_sample_of_class(snapshot, np.bincount(target, apart, snapshot.classes))
    squares = np.bincount(target, np.square(apart - steps[target]), snapshot.classes)
    mean, deviations = centred(values)
    spread = ByClass(root_mean_square(deviations), np.sqrt(per_sample_of_class(snapshot, squares)))
    return ByClass(mean, some + steps), spread
