"""Quantities of many bootstrap resamples by counts of samples, against gathering the samples of each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from benchmarks.data import Size, draw
from benchmarks.harness import SPREAD, interleaved, largest_difference
from benchmarks.tables import Result

from bceprobe.metrics.intervals import best_uniform
from bceprobe.snapshot import Decisions
from bceprobe.stats import decision_quantities, geometry_quantities

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

SIZE = Size(10_000, 512, 10)
RESAMPLES = 20
NOTE = (
    "By counts: `bceprobe.stats.weighted`, one sort for all resamples, three products with the features each. "
    "Gathered: the samples of each resample copied, sorted, or normalised around their mean."
)


def run(_folder: Path, size: Size = SIZE, resamples: int = RESAMPLES, repetitions: int = 3) -> Result:
    """Measure both ways, a row for each kind of quantity."""
    arrays = draw(size)
    decisions, features = arrays.snapshot().decisions, arrays.features.astype(np.float64)
    drawn = np.random.default_rng(0).integers(0, size.samples, (resamples, size.samples))
    counts = np.stack([np.bincount(rows, minlength=size.samples) for rows in drawn]).astype(float)
    uniform, geometry = decision_quantities(*decisions), geometry_quantities(features, arrays.target)
    kinds: dict[str, tuple[Callable[[], Any], Callable[[], Any]]] = {
        "uniform accuracy, margin": (lambda: uniform(counts), lambda: _gathered(drawn, _uniform, *decisions)),
        "compactness, distinctiveness": (
            lambda: geometry(counts),
            lambda: _gathered(drawn, _geometry, features, arrays.target),
        ),
    }
    rows = [_row(name, *ways, repetitions) for name, ways in kinds.items()]
    columns = ("quantities", "by counts", "gathered", "ratio", "largest relative difference")
    return Result(f"{resamples} resamples of a test set, {size}", columns, rows, (f"{SPREAD} {NOTE}",))


def _row(name: str, ours: Callable[[], Any], theirs: Callable[[], Any], repetitions: int) -> tuple[str, ...]:
    mine, other = interleaved(repetitions, mine=ours, other=theirs)
    difference, where = largest_difference(mine.result, other.result)
    return name, str(mine), str(other), f"{other.best / mine.best:.1f} times faster", f"{difference:.1e} ({where})"


def _gathered(
    drawn: NDArray[np.int64], measure: Callable[..., dict[str, float]], *parts: NDArray[Any]
) -> dict[str, list[float]]:
    found = [measure(*own) for own in _copies(drawn, parts)]
    return {name: [one[name] for one in found] for name in found[0]}


def _copies(drawn: NDArray[np.int64], parts: tuple[NDArray[Any], ...]) -> Iterator[list[NDArray[Any]]]:
    for rows in drawn:
        yield [part[rows] for part in parts]


def _uniform(positive: NDArray[np.float64], negative: NDArray[np.float64]) -> dict[str, float]:
    accuracy = best_uniform(Decisions(positive, negative)).accuracy
    return {"uniform_accuracy": accuracy, "margin": float((positive - negative).mean())}


def _geometry(features: NDArray[np.float64], target: NDArray[np.int64]) -> dict[str, float]:
    units = features - features.mean(axis=0)
    units /= np.linalg.norm(units, axis=1, keepdims=True)
    means = np.stack([units[target == label].mean(axis=0) for label in np.unique(target)])
    cosines = means @ means.T
    own, pairs = float(np.trace(cosines)), len(means) * (len(means) - 1)
    return {"compactness": own / len(means), "distinctiveness": 1 - (float(cosines.sum()) - own) / pairs}
