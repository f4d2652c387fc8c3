"""Frames: class means, weight and scores of one run of each arm at some epochs, for the sliders of the report.

Everything is bounded, whatever the runs: the epochs, the classes that are shown, the samples whose scores are counted.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bceprobe.analysis import unique_labels
from bceprobe.figures.scores import lattice
from bceprobe.figures.tidy import evenly
from bceprobe.metrics.etf import centred_weight, distance_to_etf, simplex_etf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bceprobe.comparison.arms import Arm
    from bceprobe.snapshot import Snapshot

    Matrix = tuple[tuple[float, ...], ...]

TRAIN = "train"
EPOCHS, CLASSES, SAMPLES = 20, 24, 2000
# Fewer epochs are taken where those would be more numbers in the page, or more bytes to read.
VALUES, BYTES = 150_000, 2 * 10**9
# Bins of a histogram; while the range of all scores is not known yet, each is counted in this many.
BINS, FINE = 96, 4096


@dataclass(frozen=True)
class Gram:
    """Inner products of the classes, scaled so that those of a simplex ETF are 1 and -1/(K - 1).

    Parameters
    ----------
    values
        Lower triangle with the diagonal, for the classes that are shown, to two decimals; NaN if all are equal.
    distance
        Frobenius distance to the ETF when both are scaled to norm 1, over all classes.
    """

    values: Matrix
    distance: float


@dataclass(frozen=True)
class Frame:
    """One epoch of a run.

    Parameters
    ----------
    means, weight
        Gram matrices of the centred class means and of the centred rows of the weight.
    positive, negative
        Counts of scores by bin.
    extremes
        The smallest positive and the largest negative score of those that were counted.
    threshold
        Of every class.
    """

    means: Gram
    weight: Gram
    positive: tuple[int, ...]
    negative: tuple[int, ...]
    extremes: tuple[float, float]
    threshold: tuple[float, ...]


@dataclass(frozen=True)
class ArmFrames:
    """The frames of the run with the first seed of an arm."""

    arm: str
    run: str
    frames: tuple[Frame, ...]


@dataclass(frozen=True)
class Frames:
    """What the sliders move over.

    Parameters
    ----------
    epochs
        Of the frames, increasing.
    classes, labels
        How many classes have samples, and which of them are shown.
    samples
        How many samples the scores are those of.
    target
        The Gram matrix of a simplex ETF, as in `Gram`.
    edges
        Of the bins of the histograms, one more than bins; the same for all arms and epochs.
    arms
        In the order of the comparison.
    """

    epochs: tuple[int, ...]
    classes: int
    labels: tuple[int, ...]
    samples: int
    target: Matrix
    edges: tuple[float, ...]
    arms: tuple[ArmFrames, ...]


class _Counts(NamedTuple):
    """How many values are in each bin ``[i width, (i + 1) width)``; the width is a power of two, so that bins nest."""

    width: float
    bins: NDArray[np.int64]
    counts: NDArray[np.int64]


class _Seen(NamedTuple):
    """A frame before the bins of the histograms are known."""

    means: Gram
    weight: Gram
    positive: _Counts
    negative: _Counts
    extremes: tuple[float, float]
    threshold: tuple[float, ...]


def gather_frames(arms: Sequence[Arm], epochs: Sequence[int]) -> Frames:
    """Look at the first run of each arm, on the train split.

    Parameters
    ----------
    arms
        Of the same classes and samples per class.
    epochs
        That all have, increasing; about 20 of them are taken, evenly spaced on a logarithmic scale.
    """
    labels = dict(zip([run for arm in arms for run in arm.runs], _run_labels(arms), strict=True))
    last = arms[0].runs[0].snapshot(epochs[-1], TRAIN)
    present = np.flatnonzero(last.present)
    shown = evenly(len(present), CLASSES)
    taken = tuple(epochs[at] for at in _log_spaced(len(epochs), _most(last, len(arms), len(shown))))
    places = evenly(last.samples, SAMPLES)
    seen = [[_see(arm.runs[0].snapshot(epoch, TRAIN), shown, places) for epoch in taken] for arm in arms]
    edges = _edges([one for frames in seen for frame in frames for one in (frame.positive, frame.negative)])
    found = [
        ArmFrames(arm.label, labels[arm.runs[0]], tuple(_framed(frame, edges) for frame in frames))
        for arm, frames in zip(arms, seen, strict=True)
    ]
    target = _shown(_scaled(simplex_etf(len(present))), shown) if len(present) > 1 else ()
    shown_labels = tuple(map(int, present[shown]))
    return Frames(taken, len(present), shown_labels, len(places), target, tuple(map(float, edges)), tuple(found))


def _run_labels(arms: Sequence[Arm]) -> list[str]:
    return unique_labels([run for arm in arms for run in arm.runs])


def _most(snapshot: Snapshot, arms: int, shown: int) -> int:
    """Return how many epochs may be taken: at least two."""
    values = arms * (shown * (shown + 1) + snapshot.classes)
    size = 4 * arms * snapshot.samples * int(snapshot.weight.shape[1])
    return max(2, min(EPOCHS, VALUES // values, BYTES // size))


def _log_spaced(count: int, most: int) -> list[int]:
    """Choose up to `most` of `count` positions, evenly spaced on a logarithmic scale; the first and the last are in.

    Examples
    --------
    >>> _log_spaced(100, 8), _log_spaced(3, 8)
    ([0, 1, 3, 6, 13, 26, 51, 99], [0, 1, 2])
    """
    if count <= most:
        return list(range(count))
    wanted = np.geomspace(1, count, most).round().astype(int) - 1
    # Where the scale is denser than the epochs, it goes on with the next one.
    for at in range(1, most):
        wanted[at] = max(wanted[at], wanted[at - 1] + 1)
    return [int(position) for position in wanted]


def _see(snapshot: Snapshot, shown: NDArray[np.int64], places: NDArray[np.int64]) -> _Seen:
    scores = snapshot.rows(places).astype(np.float64) @ snapshot.weight64.T
    own = np.zeros(scores.shape, dtype=bool)
    own[np.arange(len(places)), snapshot.target[places]] = True
    threshold = tuple(float(f"{value:.4g}") for value in snapshot.threshold)
    means, weight = snapshot.centred_means, centred_weight(snapshot, snapshot.present)
    positive, negative = scores[own], scores[~own]
    counts, extremes = (_count(positive), _count(negative)), (float(positive.min()), float(negative.max()))
    return _Seen(_gram(means, shown), _gram(weight, shown), *counts, extremes, threshold)


def _gram(rows: NDArray[np.float64], shown: NDArray[np.int64]) -> Gram:
    product = rows @ rows.T
    distance = distance_to_etf(rows, rows) if len(rows) > 1 else math.nan
    scaled = _scaled(product / np.linalg.norm(product)) if math.isfinite(distance) else np.full_like(product, np.nan)
    return Gram(_shown(scaled, shown), distance)


def _scaled(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Scale a matrix of Frobenius norm 1 to that of an ETF whose diagonal is 1."""
    classes = len(matrix)
    return matrix * classes / math.sqrt(classes - 1)


def _shown(matrix: NDArray[np.float64], shown: NDArray[np.int64]) -> Matrix:
    """Round the lower triangle for the classes that are shown; adding 0 makes a zero of a negative zero."""
    part = matrix[np.ix_(shown, shown)].round(2) + 0.0
    return tuple(tuple(map(float, row[: at + 1])) for at, row in enumerate(part))


def _count(values: NDArray[np.float64]) -> _Counts:
    width = lattice(values.min(), values.max(), FINE)
    bins, counts = np.unique(np.floor(values / width).astype(np.int64), return_counts=True)
    return _Counts(width, bins, counts)


def _edges(counted: Sequence[_Counts]) -> NDArray[np.float64]:
    """Find bins that all have in common."""
    low, high = min(one.bins[0] * one.width for one in counted), max((one.bins[-1] + 1) * one.width for one in counted)
    width = max(lattice(low, high, BINS), *(one.width for one in counted))
    return width * np.arange(math.floor(low / width), math.ceil(high / width) + 1)


def _framed(seen: _Seen, edges: NDArray[np.float64]) -> Frame:
    positive, negative = (_merged(counts, edges) for counts in (seen.positive, seen.negative))
    return Frame(seen.means, seen.weight, positive, negative, seen.extremes, seen.threshold)


def _merged(counted: _Counts, edges: NDArray[np.float64]) -> tuple[int, ...]:
    """Add up the bins that lie in the same wider one."""
    width = edges[1] - edges[0]
    at = np.floor(counted.bins * counted.width / width).astype(np.int64) - round(edges[0] / width)
    return tuple(np.bincount(at, counted.counts, len(edges) - 1).astype(int).tolist())
