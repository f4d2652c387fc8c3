"""Quantiles of many numbers that need not be in memory at once, exactly those that numpy.quantile gives."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from numpy.typing import NDArray

    Chunks = Callable[[], Iterable[NDArray[np.float64]]]
    Rising = Callable[[NDArray[np.float64]], NDArray[np.float64]]

PERCENTS = (1, 5, 25, 50, 75, 95, 99)
BINS = 4096
NEARER = 0.5
# Numbers that are simply held together; marks among increasing ones, if chunks are longer on average than so many.
FEW, MARKS, LONG = 2**20, 1024, 2**13


class Extent(NamedTuple):
    """How many numbers there are, and their range."""

    number: int
    low: float
    high: float


def quantiles(ordered: NDArray[np.float64], percents: Sequence[int] = PERCENTS) -> NDArray[np.float64]:
    """Return quantiles of increasing values by linear interpolation, (n,) -> (7,); NaN of none."""
    if not len(ordered):
        return np.full(len(percents), np.nan)
    places = _places(len(ordered), percents)
    return _interpolated(ordered, np.floor(places).astype(np.intp), places % 1)


def quantiles_of(values: NDArray[np.float64], percents: Sequence[int] = PERCENTS) -> NDArray[np.float64]:
    """Return quantiles of values in any order, (n,) -> (7,); numpy sorts several times as fast as it partitions."""
    return quantiles(np.sort(values), percents)


def pooled_quantiles(chunks: Chunks) -> NDArray[np.float64]:
    """Return the quantiles at `PERCENTS` of all numbers of some chunks together, (7,).

    Parameters
    ----------
    chunks
        Called for each of a few walks over the chunks, each a finite (n,) array.
    """
    held = _held(chunks())
    return _binned_quantiles(chunks) if held is None else quantiles_of(held)


def merged_quantiles(chunks: Sequence[NDArray[np.float64]], rising: Rising | None = None) -> NDArray[np.float64]:
    """Return the quantiles at `PERCENTS` of all numbers of some increasing chunks together, (7,), hardly sorting any.

    Some numbers of each chunk are marks; how many numbers are below each mark tells between which two a rank lies.

    Parameters
    ----------
    chunks
        Finite numbers, each increasing.
    rising
        A function that does not fall, if quantiles are wanted of what it makes of these numbers.
    """
    number = sum(map(len, chunks))
    if not chunks or number <= LONG * len(chunks):
        ordered = np.sort(np.concatenate([np.empty(0), *chunks]))
        return quantiles(ordered if rising is None else rising(ordered))
    places = _places(number, PERCENTS)
    ranks, stride = _ranks(places), -(-number // MARKS)
    marks = np.append(np.unique(np.concatenate([chunk[::stride] for chunk in chunks])), np.inf)
    below = np.sum([np.searchsorted(chunk, marks) for chunk in chunks], axis=0)
    starts = np.searchsorted(below, ranks, side="right") - 1
    found = [_between(chunks, marks[at : at + 2])[rank - below[at]] for at, rank in zip(starts, ranks, strict=True)]
    values = np.array(found) if rising is None else rising(np.array(found))
    return _interpolated(values, np.searchsorted(ranks, np.floor(places)), places % 1)


def _between(chunks: Iterable[NDArray[np.float64]], marks: NDArray[np.float64]) -> NDArray[np.float64]:
    """Collect and sort the numbers of increasing chunks from a mark up to the next one."""
    return np.sort(np.concatenate([chunk[slice(*np.searchsorted(chunk, marks))] for chunk in chunks]))


def _held(chunks: Iterable[NDArray[np.float64]]) -> NDArray[np.float64] | None:
    """Collect all numbers, unless they are many."""
    kept, number = [np.empty(0)], 0
    for chunk in chunks:
        number += len(chunk)
        if number > FEW:
            return None
        kept.append(chunk)
    return np.concatenate(kept)


def _binned_quantiles(chunks: Chunks) -> NDArray[np.float64]:
    """Find the quantiles among the numbers of the bins that they fall into; the others are only counted."""
    extent = _extent(chunks())
    if extent.number == 0:
        return np.full(len(PERCENTS), np.nan)
    edges = np.linspace(extent.low, extent.high, BINS + 1)
    counts = sum(np.bincount(_bin(chunk, edges), minlength=BINS) for chunk in chunks())
    ends = np.cumsum(counts)
    places = _places(extent.number, PERCENTS)
    ranks = _ranks(places)
    wanted = np.unique(np.searchsorted(ends, ranks, side="right"))
    values, held = _members(chunks, edges, wanted, ends)
    # Between two ranks next to each other no value is missing, so that places among those held do as well.
    return _interpolated(values, np.searchsorted(held, np.floor(places)), places % 1)


def names(prefix: str) -> Sequence[str]:
    """Return the metric names of the quantiles: ``prefix_q01`` and so on."""
    return [f"{prefix}_q{percent:02d}" for percent in PERCENTS]


def _extent(chunks: Iterable[NDArray[np.float64]]) -> Extent:
    found = [(len(chunk), chunk.min(), chunk.max()) for chunk in chunks if len(chunk)]
    if not found:
        return Extent(0, np.nan, np.nan)
    counts, lows, highs = zip(*found, strict=True)
    return Extent(sum(counts), float(min(lows)), float(max(highs)))


def _bin(values: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.intp]:
    """Find the bins of some values: larger values never have lower bins, however the edges are rounded."""
    low, width = edges[0], (edges[-1] - edges[0]) / BINS
    if not width > 0:
        return np.zeros(len(values), np.intp)
    bins: NDArray[np.intp] = np.minimum((values - low) / width, BINS - 1).astype(np.intp)
    return bins


def _places(number: int, percents: Sequence[int]) -> NDArray[np.float64]:
    """Return the ranks, from 0, of quantiles among some numbers; they may lie between two ranks."""
    places: NDArray[np.float64] = np.array(percents) / 100 * (number - 1)
    return places


def _ranks(places: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the ranks on either side of places between ranks, each once, increasing."""
    return np.unique(np.concatenate([np.floor(places), np.ceil(places)])).astype(np.intp)


def _interpolated(
    ordered: NDArray[np.float64], below: NDArray[np.intp], share: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Interpolate increasing values a share of the way from a rank to the next, from the nearer one as numpy does."""
    lower, upper = ordered[below], ordered[np.minimum(below + 1, len(ordered) - 1)]
    step = upper - lower
    return np.where(share < NEARER, lower + share * step, upper - (1 - share) * step)


def _members(
    chunks: Chunks, edges: NDArray[np.float64], wanted: NDArray[np.intp], ends: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """Collect and sort the numbers of some bins, and give the rank of each among all."""
    chosen = np.zeros(BINS, dtype=bool)
    chosen[wanted] = True
    values = np.sort(np.concatenate([chunk[chosen[_bin(chunk, edges)]] for chunk in chunks()]))
    starts = np.concatenate([[0], ends])
    ranks = np.concatenate([np.arange(starts[at], starts[at + 1]) for at in wanted])
    return values, ranks
