"""Quantities of a test set in which samples count any number of times, for many resamples at once.

Each function takes what a model says of N samples and returns a `Quantities`: given how often each of R resamples holds
each sample, (R, N), it returns the value of every quantity in each, by name, (R,). Counts of one give the quantity
itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.stats.calibration import BINS, calibration

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

Quantities = Callable[["NDArray[np.float64]"], "dict[str, NDArray[np.float64]]"]
# Share of the mean squared norm below which a feature is at the centre up to rounding, and has no direction.
NOWHERE = 1e-24


def decision_quantities(positive: ArrayLike, negative: ArrayLike) -> Quantities:
    """Weigh `uniform_accuracy` and `margin`, the mean of positive score less largest negative one.

    Uniform accuracy is the exact maximum over thresholds (FORMULAS.md, "Classification"): each sample adds its count
    where its interval [negative, positive) starts and takes it where it ends, and the largest sum counts. One sort for
    all resamples.

    Parameters
    ----------
    positive, negative
        Of every sample the score of its own class and the largest of the others, (N,).

    Raises
    ------
    ValueError
        They differ in length or are not finite.
    """
    high, low = np.asarray(positive, float), np.asarray(negative, float)
    if high.shape != low.shape or high.ndim != 1 or not np.isfinite([high, low]).all():
        raise ValueError(f"finite scores of the same samples are needed, not {high.shape} and {low.shape}")
    fitted, margin = np.flatnonzero(high > low), high - low
    sample, sign = np.tile(fitted, 2), np.repeat([1.0, -1.0], fitted.size)
    # Where values tie, ends come first: at its end an interval has no threshold any more.
    order = np.lexsort([sign, np.concatenate([low[fitted], high[fitted]])])
    sample, sign = sample[order], sign[order]

    def weigh(counts: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        open_intervals = np.cumsum(counts[:, sample] * sign, axis=1)
        samples = counts.sum(axis=1)
        return {
            "uniform_accuracy": open_intervals.max(axis=1, initial=0) / samples,
            "margin": counts @ margin / samples,
        }

    return weigh


def geometry_quantities(features: ArrayLike, target: ArrayLike) -> Quantities:
    r"""Weigh `compactness` and `distinctiveness`, this project's own definitions (FORMULAS.md, "Feature geometry").

    Features are taken around the mean of the resample, not of the whole: with :math:`x` around the latter and
    :math:`\delta` the former's shift, :math:`\|x - \delta\|^2 = \|x\|^2 - 2 x \cdot \delta + \|\delta\|^2`, so a
    resample costs three products with the features, O(N d), and no copy of them. Over the classes that it holds.

    Parameters
    ----------
    features, target
        (N, d) and (N,), labels from 0.

    Raises
    ------
    ValueError
        Other shapes, or features that are not finite.
    """
    values, labels = np.asarray(features, float), np.asarray(target)
    if values.ndim != 2 or labels.shape != values.shape[:1] or not np.isfinite(values).all():  # noqa: PLR2004 - N and d
        raise ValueError(f"finite features (N, d) and targets (N,) are needed, not {values.shape} and {labels.shape}")
    order = np.argsort(labels, kind="stable")
    apart = values[order] - values.mean(axis=0)
    squares = np.einsum("ij,ij->i", apart, apart)
    starts = np.flatnonzero(np.diff(labels[order], prepend=-1))

    def weigh(counts: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        weights = counts[:, order]
        shift = weights @ apart / weights.sum(axis=1, keepdims=True)
        distances = squares - 2 * shift @ apart.T + np.square(shift).sum(axis=1, keepdims=True)
        directed = distances > NOWHERE * squares.mean()
        inverse = np.divide(weights, np.sqrt(distances.clip(0)), out=np.zeros_like(weights), where=directed)
        own, classes = np.zeros((2, len(counts)))
        total = np.zeros_like(shift)
        for part, held, rows in _by_class(inverse, weights, apart, starts):
            samples = held.sum(axis=1)
            sums = part @ rows - part.sum(axis=1, keepdims=True) * shift
            mean = sums / np.maximum(samples, 1)[:, None]
            own += np.square(mean).sum(axis=1)
            total += mean
            classes += samples > 0
        pairs = np.where(classes > 1, classes * (classes - 1), np.nan)
        between = (np.square(total).sum(axis=1) - own) / pairs
        return {"compactness": own / classes, "distinctiveness": 1 - between}

    return weigh


def calibration_quantities(probability: ArrayLike, target: ArrayLike) -> Quantities:
    """Weigh `ece` and `brier`, as `bceprobe.stats.calibration` defines them.

    Parameters
    ----------
    probability, target
        (N, K) and (N,).
    """
    found = calibration(probability, target)
    by_bin = np.zeros((found.bins.size, BINS))
    by_bin[np.arange(found.bins.size), found.bins] = found.excess

    def weigh(counts: NDArray[np.float64]) -> dict[str, NDArray[np.float64]]:
        samples = counts.sum(axis=1)
        return {
            "ece": np.abs(counts @ by_bin).sum(axis=1) / samples,
            "brier": counts @ found.squared_error / samples,
        }

    return weigh


def _by_class(
    inverse: NDArray[np.float64], weights: NDArray[np.float64], values: NDArray[np.float64], starts: NDArray[np.int64]
) -> Any:
    """Cut weights, (R, N), and values, (N, d), into those of each class."""
    columns = (np.split(part, starts[1:], axis=1) for part in (inverse, weights))
    return zip(*columns, np.split(values, starts[1:]), strict=True)
