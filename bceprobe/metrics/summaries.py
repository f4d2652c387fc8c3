"""Mean, spread and quantiles of many values, of each class and last of all, and metrics made of these."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bceprobe.metrics.averages import centred
from bceprobe.metrics.base import METRICS, ByClass, Metric
from bceprobe.metrics.quantiles import PERCENTS, names, quantiles, quantiles_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bceprobe.snapshot import Snapshot


class Spread(NamedTuple):
    """Of each class, and last of all together: number, mean and population standard deviation, each (K + 1,)."""

    number: NDArray[np.float64]
    mean: NDArray[np.float64]
    std: NDArray[np.float64]


def described(ordered: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return number, mean, sum of squared deviations, quantiles of increasing values, (n,) -> (10,); NaN of none."""
    mean, deviations = centred(ordered) if len(ordered) else (np.nan, ordered)
    return np.array([len(ordered), mean, deviations @ deviations, *quantiles(ordered)])


def pooled(rows: NDArray[np.float64]) -> Spread:
    """Pool what `described` returned of each class, (K, 3 or more), to mean and spread of each class and of all."""
    number, mean, scatter = rows[:, :3].T
    filled, total = number > 0, number.sum()
    first = mean[filled][0]
    centre = first + number[filled] @ (mean[filled] - first) / total
    squares = scatter[filled].sum() + number[filled] @ np.square(mean[filled] - centre)
    within = np.sqrt(np.divide(scatter, number, out=np.full_like(scatter, np.nan), where=filled))
    return Spread(np.append(number, total), np.append(mean, centre), np.append(within, np.sqrt(squares / total)))


def quantiles_by_class(snapshot: Snapshot, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the quantiles of a value per sample, of each class and last of all, (N,) -> (K + 1, 7)."""
    own = [quantiles_of(values[snapshot.target == label]) for label in range(snapshot.classes)]
    return np.vstack([*own, quantiles_of(values)])


def last_of(values: NDArray[np.float64]) -> ByClass:
    """Divide values of each class and, last, of all."""
    return ByClass(float(values[-1]), values[:-1])


def register_quantiles(
    topic: str, prefix: str, label: str, function: Callable[[Snapshot], NDArray[np.float64]], **description: Any
) -> None:
    """Register a metric per quantile; `function` returns them all, of each class and last of all, (K + 1, 7)."""
    for at, (name, percent) in enumerate(zip(names(prefix), PERCENTS, strict=True)):
        chosen = partial(_chosen, function=function, at=at)
        chosen.__doc__ = f"{percent} % quantile of {label}, by linear interpolation, over all and by class."
        entry = Metric(name, topic, chosen, long_name=f"{label}, {percent} %", by_class=True, **description)
        METRICS.add(name, entry)


def _chosen(snapshot: Snapshot, *, function: Callable[[Snapshot], NDArray[np.float64]], at: int) -> ByClass:
    return last_of(function(snapshot)[:, at])
