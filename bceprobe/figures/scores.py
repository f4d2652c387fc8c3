"""Scores as counts: how many positive and negative scores lie in each bin of a lattice that all runs share.

The width of a bin is a power of two and a bin starts at a multiple of it, so that bins of one run are whole parts of
those of another, and counts of several runs can be added.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import xarray as xr

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from bceprobe.figures.base import About, Arm
    from bceprobe.snapshot import Snapshot

# A range of scores has more than half as many bins as this, and no more.
BINS = 512
SIDES = ("positive", "negative")
SCORE = {"long_name": "Lower edge of a bin of scores, without bias", "units": "score"}


class Counts(NamedTuple):
    """Lower edges of bins, (B,), their width, and how many values are in each, (B,)."""

    low: NDArray[np.float64]
    width: float
    number: NDArray[np.int64]


def score_counts(snapshot: Snapshot, about: About | None = None) -> xr.Dataset:
    """Count the positive and the negative scores of a snapshot, without bias.

    Returns
    -------
    xarray.Dataset
        ``positive`` and ``negative`` over ``score``, the lower edges of the bins; ``threshold`` over label. Attribute
        ``width`` of a bin. Each side has attributes ``mean``, ``low`` and ``high``, of the scores themselves.
    """
    _ = about
    ends = [_ends(values) for values in _sides(snapshot)]
    low, high = min(end[0] for end in ends), max(end[1] for end in ends)
    width = lattice(low, high)
    first, last = int(np.floor(low / width)), int(np.floor(high / width))
    columns = {}
    for name, (lowest, highest, mean), parts in zip(SIDES, ends, _sides(snapshot), strict=True):
        count = sum(
            np.bincount(np.floor(part / width).astype(np.int64) - first, minlength=last - first + 1) for part in parts
        )
        columns[name] = ("score", count, {"units": "1", "mean": mean, "low": lowest, "high": highest})
    edges = ("score", width * np.arange(first, last + 1), SCORE)
    threshold = ("label", snapshot.threshold, {"units": "score"})
    return xr.Dataset({**columns, "threshold": threshold}, {"score": edges}, {"width": width})


def lattice(low: float, high: float, most: int = BINS) -> float:
    """Choose the power of two that divides a range into no more than about so many bins; of no range, around its value.

    Examples
    --------
    >>> lattice(0.0, 10.0, 64)
    0.25
    """
    span = high - low or max(1.0, abs(high))
    return float(2.0 ** np.ceil(np.log2(span / most)))


def together(runs: Sequence[xr.Dataset], side: str, width: float) -> Counts:
    """Add the counts of some runs in bins of a width that is at least that of each of them."""
    places, counts = zip(*(_coarser(run, side, width) for run in runs), strict=True)
    first, last = min(place.min() for place in places), max(place.max() for place in places)
    total = np.zeros(last - first + 1, np.int64)
    for place, count in zip(places, counts, strict=True):
        np.add.at(total, place - first, count)
    return Counts(width * np.arange(first, last + 1), width, total)


def widest(arms: Sequence[Arm]) -> float:
    """Return the widest bin of all runs."""
    return max(float(run.attrs["width"]) for arm in arms for run in arm.data.values())


def _coarser(run: xr.Dataset, side: str, width: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    return np.floor(run["score"].values / width).astype(np.int64), run[side].values


def _sides(snapshot: Snapshot) -> tuple[Iterator[NDArray[np.float64]], Iterator[NDArray[np.float64]]]:
    """Walk the positive scores, and the negative ones class by class."""
    negatives = (column.negatives for column in snapshot.columns())
    return iter([snapshot.decisions.positive]), (values for values in negatives if values.size)


def _ends(parts: Iterator[NDArray[np.float64]]) -> tuple[float, float, float]:
    """Return the smallest, the largest and the mean of values that come in parts."""
    found = [(part.min(), part.max(), part.sum(), part.size) for part in parts]
    low, high, total, size = zip(*found, strict=True)
    return float(min(low)), float(max(high)), float(sum(total) / sum(size))
