"""Frames: matrices and histograms that a slider moves through, and how one of them is drawn.

The page's script draws every other frame from the same numbers, in the same way (`templates/frames.js`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Sequence

    # The lower triangle of a symmetric matrix with its diagonal: row i has i + 1 values; NaN is left out.
    Triangle: TypeAlias = tuple[tuple[float, ...], ...]

LEVELS = 10
# Sizes of a histogram in its own units: a bin is so wide, the highest one so high.
BIN, PEAK = 5, 100
TICKS = 6


@dataclass(frozen=True)
class MatrixPanel:
    """A matrix per frame, and a sentence that says what each of them shows."""

    title: str
    frames: tuple[Triangle, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Matrices:
    """Symmetric matrices under one slider; the scale of colours ends at -1 and 1.

    Parameters
    ----------
    name, caption
        Anchor and caption.
    steps
        What the slider stops at, such as ``"epoch 12"``; the last one is shown at first.
    thing, labels
        What a row or column is, such as ``"class"``, and which one, such as ``"3"``.
    panels
        Each with as many frames as there are steps; one with a single frame stays as it is.
    """

    kind: ClassVar[str] = "matrices"
    name: str
    caption: str
    steps: tuple[str, ...]
    thing: str
    labels: tuple[str, ...]
    panels: tuple[MatrixPanel, ...]


@dataclass(frozen=True)
class HistogramFrame:
    """Counts by bin for each series, and where marks stand on the axis."""

    counts: tuple[tuple[int, ...], ...]
    marks: tuple[float, ...]


@dataclass(frozen=True)
class HistogramPanel:
    """A histogram per frame, and a sentence that says what each of them shows."""

    title: str
    frames: tuple[HistogramFrame, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True)
class Histograms:
    """Histograms of two series under one slider, with common bins; each series is scaled to its highest bin.

    Parameters
    ----------
    name, caption, steps
        As in `Matrices`.
    axis
        What is counted.
    series, marks
        Names of the two series, the first of which is drawn in front, and of the marks.
    edges
        Of the bins: evenly spaced, one more than bins.
    panels
        Each with as many frames as there are steps.
    """

    kind: ClassVar[str] = "histograms"
    name: str
    caption: str
    steps: tuple[str, ...]
    axis: str
    series: tuple[str, str]
    marks: str
    edges: tuple[float, ...]
    panels: tuple[HistogramPanel, ...]


def matrix_paths(values: Triangle) -> list[str]:
    """Draw a matrix in squares of size 1: an SVG path for each level of colour, from -1 to 1 in steps of 0.1."""
    paths = [""] * (2 * LEVELS + 1)
    for row in range(len(values)):
        for column in range(len(values)):
            value = values[max(row, column)][min(row, column)]
            if not math.isnan(value):
                level = max(-LEVELS, min(LEVELS, math.floor(LEVELS * value + 0.5)))
                paths[level + LEVELS] += f"M{column} {row}h1v1h-1z"
    return paths


def histogram_path(counts: Sequence[int]) -> str:
    """Draw counts as steps above a line, scaled to the highest bin."""
    highest = max(*counts, 1)
    steps = "".join(f"V{PEAK - PEAK * count // highest}h{BIN}" for count in counts)
    return f"M0 {PEAK}{steps}V{PEAK}z"


def marks_path(marks: Sequence[float], edges: Sequence[float]) -> str:
    """Draw marks as strokes from the axis upwards; those outside the axis are left out."""
    width = edges[1] - edges[0]
    places = [math.floor(10 * BIN * (mark - edges[0]) / width) / 10 for mark in marks if edges[0] <= mark <= edges[-1]]
    return "".join(f"M{place:g} {PEAK}v-{PEAK}" for place in places)


def ticks(edges: Sequence[float]) -> list[tuple[float, str]]:
    """Choose round values on the axis of a histogram: the place and label of each.

    Examples
    --------
    >>> ticks([-10, -5, 0, 5, 10, 15])
    [(0.0, '\N{MINUS SIGN}10'), (5.0, '\N{MINUS SIGN}5'), (10.0, '0'), (15.0, '5'), (20.0, '10'), (25.0, '15')]
    """
    low, high = edges[0], edges[-1]
    rough = (high - low) / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * digit for digit in (1, 2, 5, 10) if power * digit >= rough)
    values = [at * step for at in range(math.ceil(low / step), math.floor(high / step) + 1)]
    scale = BIN * (len(edges) - 1) / (high - low)
    return [(round(scale * (value - low), 1), f"{value:g}".replace("-", "\N{MINUS SIGN}")) for value in values]
