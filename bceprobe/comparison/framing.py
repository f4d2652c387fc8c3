"""The section of a report with sliders: Gram matrices and histograms of scores, epoch by epoch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bceprobe.comparison.wording import joined
from bceprobe.report import HistogramFrame, HistogramPanel, Histograms, Matrices, MatrixPanel, Text
from bceprobe.report.numbers import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bceprobe.comparison.frames import ArmFrames, Frame, Frames, Gram
    from bceprobe.report.model import Block

INTRODUCTION = (
    "One run of each arm, the one with its first seed: {runs}. The train split at {count} of the epochs that all runs "
    "have, evenly spaced on a logarithmic scale. None of this is tested."
)
GRAM = (
    "Inner products of the {classes} centred class means (left of each pair) and of the centred rows of the weight, "
    "scaled (own) so that those of a simplex ETF are 1 on the diagonal and {rest} elsewhere. Distance: of the matrices "
    "scaled to Frobenius norm 1; that of the weight is NC2 (paper eq. 33)."
)
SCORES = (
    "Scores without bias of {samples} samples: positive ones for the own class, negative ones for the others, each "
    "scaled to its highest bin. Lines: the thresholds b = -(PyTorch's bias) of the classes."
)
SERIES, MARKS = ("positive scores", "negative scores"), "thresholds"


def frame_blocks(frames: Frames) -> Iterator[Block]:
    """Lay out what the sliders move over."""
    runs = [one.run if one.run.startswith(one.arm) else f"{one.run} ({one.arm})" for one in frames.arms]
    yield Text(INTRODUCTION.format(runs=joined(runs), count=len(frames.epochs)))
    steps = tuple(f"epoch {epoch}" for epoch in frames.epochs)
    if frames.target:
        panels = (*(panel for one in frames.arms for panel in _matrices(one)), _target(frames))
        labels = tuple(map(str, frames.labels))
        yield Matrices("gram", _gram_caption(frames), steps, "class", labels, panels)
    panels_of_scores = tuple(_histogram(one) for one in frames.arms)
    caption = SCORES.format(samples=frames.samples)
    yield Histograms("scores", caption, steps, "score", SERIES, MARKS, frames.edges, panels_of_scores)


def _gram_caption(frames: Frames) -> str:
    caption = GRAM.format(classes=frames.classes, rest=number(-1 / (frames.classes - 1)))
    shown = len(frames.labels)
    return caption if shown == frames.classes else f"{caption} Shown are {shown} classes, evenly spaced."


def _matrices(one: ArmFrames) -> Iterator[MatrixPanel]:
    for what, grams in (
        ("class means", [frame.means for frame in one.frames]),
        ("weight", [frame.weight for frame in one.frames]),
    ):
        values = tuple(gram.values for gram in grams)
        yield MatrixPanel(f"{one.arm}, {what}", values, tuple(map(_describe_gram, grams)))


def _target(frames: Frames) -> MatrixPanel:
    return MatrixPanel("Target: simplex ETF", (frames.target,), (_ranges(frames.target),))


def _describe_gram(gram: Gram) -> str:
    if math.isnan(gram.distance):
        return "All are equal, so that there is nothing to scale."
    return f"{_ranges(gram.values)}; distance {number(gram.distance)}"


def _ranges(values: tuple[tuple[float, ...], ...]) -> str:
    """Say where the values on and off the diagonal lie."""
    diagonal, rest = [row[-1] for row in values], [value for row in values for value in row[:-1]]
    return f"Diagonal {_range(diagonal)}, rest {_range(rest)}"


def _range(values: list[float]) -> str:
    low, high = f"{min(values):.2f}", f"{max(values):.2f}"
    return (low if low == high else f"{low} to {high}").replace("-", "\N{MINUS SIGN}")


def _histogram(one: ArmFrames) -> HistogramPanel:
    drawn = tuple(HistogramFrame((frame.positive, frame.negative), frame.threshold) for frame in one.frames)
    return HistogramPanel(one.arm, drawn, tuple(map(_describe_scores, one.frames)))


def _describe_scores(frame: Frame) -> str:
    (low, high), thresholds = frame.extremes, np.asarray(frame.threshold)
    between = "above" if low > high else "not above"
    return (
        f"Smallest positive score {number(low)}, {between} the largest negative one {number(high)}; "
        f"thresholds {number(thresholds.min())} to {number(thresholds.max())}"
    )
