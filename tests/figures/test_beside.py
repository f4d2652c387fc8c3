"""Measured beside published: markers stand at their numbers, hollow ones where something is published."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from bceprobe.figures import inline_svg, line_styles
from bceprobe.figures.beside import Series, draw_over, draw_rows
from bceprobe.figures.style import OF_LOSS

NAN = math.nan
DECAYS = [5e-6, 5e-4, 0.5]
VALUES = {"CE": [9.8, 4.0, 0.1], "BCE": [7.4, 5.0, 0.0]}
PUBLISHED = {"CE": [9.9, NAN, 0.0], "BCE": [NAN, NAN, NAN]}


def series(places: list[float] | None = None, panel: str = "sgd", **values: list[float]) -> list[Series]:
    """A series for each loss; `values` replace those of one."""
    looks = dict(zip(VALUES, line_styles(list(VALUES)), strict=True))
    return [
        Series(name, look, panel, places or DECAYS, values.get(name, VALUES[name]), [0.5] * 3, PUBLISHED[name])
        for name, look in looks.items()
    ]


def bars_of(axes: Any) -> list[Any]:
    """The measured values with their bars, as matplotlib keeps them."""
    return list(axes.containers)


def points(line: Any) -> list[tuple[float, float]]:
    """The finite points of a line."""
    found = [(float(x), float(y)) for x, y in zip(*line.get_data(), strict=True)]
    return [one for one in found if np.isfinite(one).all()]


def test_measured_lines_and_published_markers_go_through_their_numbers() -> None:
    """Means are filled markers on a line with one standard deviation; published numbers are hollow, in the same hue."""
    drawing = draw_over(series(), "penalty.lambda_b", "Threshold")
    (axes,) = drawing.figure.axes
    filled = [container.lines[0] for container in bars_of(axes)]
    assert [points(line) for line in filled] == [list(zip(DECAYS, VALUES[name], strict=True)) for name in VALUES]
    assert [line.get_color() for line in filled] == [OF_LOSS["ce"].color, OF_LOSS["bce"].color]
    bars = [segment[:, 1].tolist() for segment in bars_of(axes)[0].lines[2][0].get_segments()]
    assert bars == [[value - 0.5, value + 0.5] for value in VALUES["CE"]]
    hollow = [line for line in axes.lines if line.get_markerfacecolor() == "none"]
    assert [points(line) for line in hollow] == [[(5e-6, 9.9), (0.5, 0.0)], []]
    assert axes.get_xscale() == "log"
    assert [key.get_text() for key in drawing.figure.legends[0].get_texts()] == ["CE", "BCE", "published"]


@pytest.mark.parametrize(
    ("places", "scale"), [([0, 3, 10], "linear"), ([10, 50, 100], "linear"), ([16, 64, 256], "log"), (DECAYS, "log")]
)
def test_places_over_orders_of_magnitude_have_a_logarithmic_axis(places: list[float], scale: str) -> None:
    """Initial means start at 0 and are shown as they are; on a logarithmic axis the places are marked."""
    axes = draw_over(series(places), "x", "y").figure.axes[0]
    assert axes.get_xscale() == scale
    assert scale == "linear" or axes.get_xticks().tolist() == places


def test_values_that_decay_have_a_logarithmic_axis_unless_one_is_zero() -> None:
    """NC of 0, as it may be published, cannot be drawn on one."""
    positive = [1.0, 0.1, 0.01]
    assert draw_over(series(CE=positive, BCE=positive)[1:], "x", "y", scale="log").figure.axes[0].get_yscale() == "log"
    assert draw_over(series(), "x", "y", scale="log").figure.axes[0].get_yscale() == "linear"


def test_each_group_has_a_panel() -> None:
    """Two optimizers are two panels with one y axis."""
    figure = draw_over([*series(), *series(panel="adamw")], "x", "y").figure
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["sgd", "adamw"]
    assert figure.axes[0].get_ylim() == figure.axes[1].get_ylim()


def test_rows_are_named_and_in_order() -> None:
    """Without a number to draw over every setting is a row, the first on top, losses beside each other in it."""
    drawing = draw_rows(series([0, 1, 2]), ["first", "second", "third"], "Accuracy")
    (axes,) = drawing.figure.axes
    assert [text.get_text() for text in axes.get_yticklabels()] == ["first", "second", "third"]
    assert axes.yaxis_inverted()
    ce, bce = (container.lines[0] for container in bars_of(axes))
    assert list(ce.get_xdata()) == VALUES["CE"]
    for at, (own, other) in enumerate(zip(ce.get_ydata(), bce.get_ydata(), strict=True)):
        assert at - 0.3 < own < at < other < at + 0.3


def test_numbers_are_those_given() -> None:
    """The table has a row for every loss and place."""
    rows = draw_over(series(), "penalty.lambda_b", "y").rows
    assert len(rows) == 6
    assert dict(rows[0]) == {"loss": "CE", "panel": "sgd", "penalty.lambda_b": 5e-6, "mean": 9.8, "std": 0.5,
                             "published": 9.9}  # fmt: skip


def test_the_same_figure_has_the_same_bytes_and_a_hundred_rows_are_drawn() -> None:
    """Beyond forty rows names are left out; the SVG does not change from one drawing to the next."""
    many = Series("CE", OF_LOSS["ce"], "", list(range(100)), [1.0] * 100, [NAN] * 100, [NAN] * 100)
    pages = {inline_svg(draw_rows([many], ["x"] * 100, "y").figure, "name", "what") for _ in range(2)}
    assert len(pages) == 1
