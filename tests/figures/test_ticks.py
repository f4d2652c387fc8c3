"""Ticks of logarithmic axes: some are labelled whatever is in view, and no label lies on another."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from bceprobe.figures.style import styled
from bceprobe.figures.ticks import TIMES, mark_powers, mark_signed_powers, power_label

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.text import Text

# Inches of the narrowest panels of the figures.
SIZE = (3.4, 2.9)


def axes_of(low: float, high: float) -> Axes:
    """Logarithmic axes with a line from one value to another in both directions."""
    with styled():
        figure = Figure(figsize=SIZE, layout="constrained")
        axes = figure.add_subplot()
        axes.loglog([low, high], [low, high])
        mark_powers(axes.xaxis)
        mark_powers(axes.yaxis)
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
    return axes


def shown(axes: Axes, name: str) -> list[Text]:
    """The labels of the ticks in view, from low to high."""
    low, high = sorted(axes.get_xlim() if name == "x" else axes.get_ylim())
    axis = axes.xaxis if name == "x" else axes.yaxis
    return [tick.label1 for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]


VIEWS = [(start, start * factor) for factor in np.geomspace(1.05, 1e9, 30) for start in (0.78, 3.3e-6, 2.9e3, 1.2e-4)]


@pytest.mark.parametrize(("low", "high"), VIEWS)
def test_labels_are_several_and_apart(low: float, high: float) -> None:
    """Ranges of five percent to nine decades, where decimals are short and where they are not."""
    axes = axes_of(low, high)
    for name, edges in (("x", ("x0", "x1")), ("y", ("y0", "y1"))):
        labels = shown(axes, name)
        texts = [label.get_text() for label in labels]
        assert len(texts) >= 2
        assert len(set(texts)) == len(texts)
        boxes = [label.get_window_extent() for label in labels]
        assert all(getattr(one, edges[1]) < getattr(other, edges[0]) for one, other in pairwise(boxes)), texts


def test_places_are_labelled_if_they_are_few() -> None:
    """Batch sizes are written, not the powers between them; of very many places none could be read."""
    axes = axes_of(16, 256)
    mark_powers(axes.xaxis, [16, 64, 256, 64])
    assert axes.get_xticks().tolist() == [16, 64, 256]
    mark_powers(axes.xaxis, range(1, 100))
    assert len(shown(axes, "x")) < 9


def test_few_powers_are_labelled_around_zero() -> None:
    """Of the decades on both sides of zero some are labelled, and zero."""
    figure = Figure(figsize=SIZE, layout="constrained")
    axes = figure.add_subplot()
    axes.set_xscale("symlog", linthresh=1e-6)
    axes.plot([0, 100], [0, 1])
    mark_signed_powers(axes.xaxis, 1e-6)
    assert 3 <= len(shown(axes, "x")) <= 7
    assert 0 in axes.get_xticks()


def test_a_view_of_one_value_has_a_label() -> None:
    """Two equal published numbers are a range of nothing, which matplotlib widens."""
    assert shown(axes_of(0.5, 0.5), "y")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1e-3, "0.001"),
        (9.99e-4, f"9.99{TIMES}10⁻⁴"),
        (1e4, "10⁴"),
        (12500, f"1.25{TIMES}10⁴"),
        (1e-12, "10⁻¹²"),
        (0, "0"),
    ],
)
def test_labels_keep_their_digits(value: float, text: str) -> None:
    """Powers of ten are written where decimals are long, and ticks that differ are told apart."""
    assert power_label(value) == text
