"""Curves: what is drawn is what was given."""

from __future__ import annotations

import subprocess
import sys
from itertools import combinations
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from bceprobe.figures import Curve, Panel, Reference, draw_curves, line_styles
from bceprobe.figures.style import INK, OF_LOSS, OTHERS

if TYPE_CHECKING:
    from numpy.typing import NDArray

EPOCH = [1, 2, 4]
MEAN = {"CE": [1.0, 0.5, 0.2], "BCE": [0.9, 0.1, 0.01]}
STD = {"CE": [0.1, 0.1, 0.05], "BCE": [0.1, 0.2, 0.002]}


def panel(scale: Any = "linear", **changed: Any) -> Panel:
    """A panel with both losses."""
    styles = dict(zip(MEAN, line_styles(list(MEAN)), strict=True))
    curves = [
        Curve(name, styles[name], EPOCH, changed.get("mean", MEAN)[name], changed.get("std", STD)[name])
        for name in MEAN
    ]
    return Panel("NC1", curves, scale)


def band(collection: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Lower and upper edge of a band at each epoch."""
    corners = collection.get_paths()[0].vertices
    edges = [corners[corners[:, 0] == epoch, 1] for epoch in EPOCH]
    return np.array([edge.min() for edge in edges]), np.array([edge.max() for edge in edges])


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_lines_are_the_means(scale: str) -> None:
    """Each line goes through the means of its arm, at their epochs, under its name."""
    (axes,) = draw_curves(panel(scale)).axes
    for line, name in zip(axes.lines, MEAN, strict=True):
        drawn = (line.get_label(), *(np.asarray(data).tolist() for data in line.get_data()))
        assert drawn == (name, EPOCH, MEAN[name])
    assert axes.get_yscale() == scale


def test_bands_are_one_standard_deviation_wide() -> None:
    """On a linear axis the bands go from mean - std to mean + std."""
    (axes,) = draw_curves(panel()).axes
    for collection, name in zip(axes.collections, MEAN, strict=True):
        low, high = band(collection)
        np.testing.assert_allclose(low, np.subtract(MEAN[name], STD[name]), rtol=1e-12)
        np.testing.assert_allclose(high, np.add(MEAN[name], STD[name]), rtol=1e-12)


def test_bands_stay_positive_on_a_log_axis() -> None:
    """Where mean - std is not positive the band ends at the lower edge of the axis; elsewhere nothing changes."""
    (axes,) = draw_curves(panel("log")).axes
    low, high = band(axes.collections[1])
    assert low[1] == pytest.approx(axes.get_ylim()[0], rel=1e-12)
    assert low[1] > 0
    assert low[[0, 2]] == pytest.approx([0.8, 0.008], rel=1e-12)
    assert high == pytest.approx([1.0, 0.3, 0.012], rel=1e-12)


def test_one_seed_has_no_band() -> None:
    """Without a standard deviation only the lines are drawn."""
    (axes,) = draw_curves(panel(std={name: [np.nan] * 3 for name in MEAN})).axes
    assert (len(axes.lines), len(axes.collections)) == (2, 0)


def test_values_without_logarithm_fall_back_to_a_linear_axis() -> None:
    """A log panel that has no positive value is drawn on a linear axis, so that the values are seen."""
    (axes,) = draw_curves(panel("log", mean={name: [0.0, 0.0, 0.0] for name in MEAN})).axes
    assert axes.get_yscale() == "linear"


def test_ce_is_a_blue_diamond_and_bce_a_red_circle() -> None:
    """The losses of the paper have their colours and markers whatever else is drawn, and in any order."""
    bce, _, ce = line_styles(["bce", "focal", "CE"])
    assert (ce.marker, bce.marker) == ("D", "o")
    red, green, blue = to_rgb(ce.color)
    assert blue > max(red, green)
    red, green, blue = to_rgb(bce.color)
    assert red > max(green, blue)


def test_two_arms_of_one_loss_look_different() -> None:
    """Arms with the same loss share neither colour nor marker, nor do they look like CE or BCE."""
    one, other = line_styles(["bce", "bce"])
    assert len({one.color, other.color, *(style.color for style in OF_LOSS.values())}) == 4
    assert one.marker != other.marker


@pytest.mark.parametrize("page", ["#ffffff", "#14171b"])
def test_colours_stand_out_from_light_and_dark_pages(page: str) -> None:
    """Every line has the contrast of 3 to 1 that WCAG 2 (1.4.11) asks of graphics."""
    for style in (*OF_LOSS.values(), *OTHERS):
        lighter, darker = sorted((_luminance(style.color), _luminance(page)), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 3


def test_markers_tell_all_arms_apart_without_colour() -> None:
    """No two looks share a marker."""
    styles = [*OF_LOSS.values(), *OTHERS]
    assert all(one.marker != other.marker and one.glyph != other.glyph for one, other in combinations(styles, 2))


def test_figures_ignore_the_settings_of_the_user() -> None:
    """Whatever rcParams say, a figure has the style of this package, and rcParams are as before afterwards."""
    with mpl.rc_context({"axes.grid": False, "lines.linewidth": 9.0}):
        (axes,) = draw_curves(panel()).axes
        assert mpl.rcParams["lines.linewidth"] == 9.0
    assert axes.lines[0].get_linewidth() < 3


def test_a_label_that_matplotlib_would_hide_is_shown() -> None:
    """A label with a leading underscore is in the legend, and a very long one is cut."""
    styles = line_styles(["a", "b"])
    curves = [Curve(name, style, [1], [1.0], [0.1]) for name, style in zip(["_x", "y" * 500], styles, strict=True)]
    (axes,) = draw_curves(Panel("NC1", curves)).axes
    legend = axes.get_legend()
    assert legend is not None
    first, second = (text.get_text() for text in legend.get_texts())
    assert first.endswith("_x")
    assert len(second) < 40


def test_references_are_drawn_over_the_curves() -> None:
    """A level crosses the whole axes, a reference with epochs is a curve; each has its colour and its kind of line."""
    references = [
        Reference("optimum", "#dd4f45", "dashed", [0.7]),
        Reference("forecast", INK, "dotted", [1, 2, 3], EPOCH),
    ]
    drawn = panel()
    (axes,) = draw_curves(Panel(drawn.title, drawn.curves, references=references)).axes
    level, curve = axes.lines[2:]
    assert (level.get_color(), level.get_linestyle(), curve.get_linestyle()) == ("#dd4f45", "--", ":")
    assert np.asarray(level.get_data()).tolist() == [[0, 1], [0.7, 0.7]]
    assert np.asarray(curve.get_data()).tolist() == [EPOCH, [1, 2, 3]]
    assert min(level.get_zorder(), curve.get_zorder()) > max(line.get_zorder() for line in axes.lines[:2])


def test_the_legend_explains_each_kind_of_reference_once() -> None:
    """Levels of two arms share one entry, in the colour of text, after the arms."""
    references = [Reference("optimum", style.color, "dashed", [0.5]) for style in line_styles(["ce", "bce"])]
    drawn = panel()
    (axes,) = draw_curves(Panel(drawn.title, drawn.curves, references=references)).axes
    legend = axes.get_legend()
    assert legend is not None
    assert [text.get_text() for text in legend.get_texts()] == ["CE", "BCE", "optimum"]
    assert legend.get_lines()[-1].get_color() == INK


@pytest.mark.parametrize("scale", ["linear", "log"])
@pytest.mark.parametrize("level", [0.001, 90.0])
def test_references_are_in_view(scale: str, level: float) -> None:
    """The axis reaches a level that is beyond all curves."""
    drawn = panel(scale)
    beyond = [Reference("optimum", INK, "dashed", [level])]
    (axes,) = draw_curves(Panel(drawn.title, drawn.curves, drawn.scale, beyond)).axes
    low, high = axes.get_ylim()
    assert low <= level <= high


def test_pyplot_is_not_needed() -> None:
    """Importing the figures does not import pyplot, which would look for a display."""
    code = "import sys, bceprobe.figures; print('matplotlib.pyplot' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"


def _luminance(color: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in to_rgb(color)]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
