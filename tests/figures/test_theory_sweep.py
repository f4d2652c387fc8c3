"""Theory over one setting: lines, markers, regimes and texts are those that were given, each in its panel."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bceprobe.figures import Regime, Scores, SweepPanel, draw_theory_sweep, inline_svg, line_styles
from bceprobe.figures.theory_sweep import QUANTITIES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

NAN = float("nan")
CE, BCE = line_styles(["CE", "BCE"])
X = np.geomspace(0.01, 100, 41)
OPTIMUM = Scores(X.tolist(), (3 + X / 100).tolist(), np.log(X).tolist(), (-1 - X / 50).tolist())
POINTS = Scores([0.1, 10.0], [2.0, 2.5], [0.5, 0.75], [-1.0, -2.0])
REGIMES = [Regime("etf", 0.01, 1.0), Regime("shifted*", 1.0, 100.0, "shaded")]
PANEL = SweepPanel("BCE", "lambda_b", BCE, OPTIMUM, REGIMES)
NARROW = replace(PANEL, title="CE", style=CE, scale="linear", regimes=[Regime("etf", 0.0, 100.0)])


def draw(*panels: SweepPanel) -> Figure:
    """Draw panels with a legend for all there can be."""
    return draw_theory_sweep(panels, "K = 10", published="published", forecast="forecast")


def axes_of(panel: SweepPanel) -> Axes:
    """The axes of a panel that is drawn alone."""
    (axes,) = draw(panel).axes
    return axes


def line(axes: Axes, label: str) -> Line2D:
    """The line of a name."""
    (found,) = (line for line in axes.lines if line.get_label() == label)
    return found


def legend(figure: Figure) -> list[str]:
    """What the legend says."""
    return [text.get_text() for text in figure.legends[0].get_texts() if text.get_text()]


def texts(axes: Axes) -> list[str]:
    """What is written in and above a panel."""
    return [text.get_text() for text in axes.texts]


def spans(axes: Axes, hatch: str | None) -> list[tuple[float, float]]:
    """Where the rectangles with a hatch lie on the x axis."""
    found: list[Any] = [patch for patch in axes.patches if patch.get_hatch() == hatch]
    return [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in found]


def test_lines_are_the_scores_that_were_given() -> None:
    """Three lines per panel go through the given numbers, in the colour of the loss."""
    for drawn, style in zip(draw(PANEL, replace(PANEL, style=CE)).axes, (BCE, CE), strict=True):
        for name in QUANTITIES:
            x, y = line(drawn, name).get_data()
            np.testing.assert_array_equal(x, OPTIMUM.x)
            np.testing.assert_array_equal(y, getattr(OPTIMUM, name))
            assert line(drawn, name).get_color() == style.color


def test_quantities_differ_without_colour() -> None:
    """No two of the three lines share their dashes, and no two of their markers a shape."""
    axes = axes_of(replace(PANEL, published=POINTS))
    assert len({str(dashes) for _, dashes, _, _ in QUANTITIES.values()}) == 3
    assert len({line(axes, f"published {name}").get_marker() for name in QUANTITIES}) == 3


def test_published_points_are_hollow_markers() -> None:
    """Published values are markers without line or filling; the threshold has the marker of the loss."""
    axes = axes_of(replace(PANEL, published=POINTS))
    for name in QUANTITIES:
        points = line(axes, f"published {name}")
        assert np.asarray(points.get_data()).tolist() == [POINTS.x, getattr(POINTS, name)]
        assert (points.get_linestyle(), points.get_markerfacecolor()) == ("None", "none")
    assert line(axes, "published threshold").get_marker() == BCE.marker


def test_a_forecast_is_a_line_of_its_own() -> None:
    """A forecast goes through its points, in ink rather than in the colour of the loss."""
    forecast = line(axes_of(replace(PANEL, forecast=([0.1, 1.0], [10.0, 4.0]))), "forecast")
    assert np.asarray(forecast.get_data()).tolist() == [[0.1, 1.0], [10.0, 4.0]]
    assert forecast.get_color() != BCE.color


def test_the_legend_explains_what_is_drawn_and_nothing_else() -> None:
    """Published values, a forecast and gaps are explained where there are any, in whichever panel."""
    lines = ["positive score", "threshold b", "negative score"]
    assert legend(draw(PANEL)) == lines
    assert legend(draw(PANEL, replace(PANEL, published=POINTS))) == [*lines, "published"]
    full = replace(PANEL, forecast=([1.0], [1.0]), published=POINTS, regimes=[Regime("unknown", 0.01, 100, "gap")])
    *known, last = legend(draw(full, PANEL))
    assert known == [*lines, "forecast", "published"]
    assert "unknown" in last


def test_regimes_are_named_and_marked() -> None:
    """Each regime is named above the panel, a line stands at the switch, and the looks are where they were given."""
    regimes = [*REGIMES[:1], Regime("shifted*", 1.0, 10.0, "shaded"), Regime("unknown", 10.0, 100.0, "gap")]
    axes = axes_of(replace(PANEL, regimes=regimes))
    assert texts(axes) == ["etf", "shifted*", "unknown"]
    switches = [np.asarray(one.get_xdata()).tolist() for one in axes.lines if one.get_label() not in QUANTITIES]
    assert switches == [[1.0, 1.0], [10.0, 10.0]]
    assert spans(axes, hatch="///") == [(10.0, 100.0)]
    assert spans(axes, hatch=None) == [(1.0, 10.0)]
    assert axes.get_xlim() == (0.01, 100.0)


def test_a_narrow_regime_has_an_upright_name_below_the_titles() -> None:
    """A name that does not fit stands upright, and the titles of all panels move up together to make room."""
    narrow = replace(PANEL, regimes=[Regime("etf", 0.01, 0.014), Regime("rank-one*", 0.014, 100.0)])
    figure = draw(PANEL, narrow)
    turned = [[text.get_rotation() for text in axes.texts] for axes in figure.axes]
    assert turned == [[0, 0], [90, 0]]
    figure.canvas.draw()
    bottoms = [axes.title.get_window_extent().y0 for axes in figure.axes]
    assert bottoms[0] == pytest.approx(bottoms[1])
    assert bottoms[1] > figure.axes[1].texts[0].get_window_extent().y1


def test_undefined_values_are_gaps() -> None:
    """A line stops where values are undefined, and one between undefined ones is a dot."""
    values = [1.0, 2.0, NAN, 3.0, NAN, *[4.0] * 36]
    positive = line(axes_of(replace(PANEL, optimum=replace(OPTIMUM, positive=values))), "positive")
    np.testing.assert_array_equal(np.asarray(positive.get_ydata()), values)
    assert positive.get_markevery() == [3]


def test_few_values_are_all_marked() -> None:
    """A line through few values shows which they are."""
    few = Scores([0.1, 1.0, 10.0], [1.0, NAN, 2.0], [0.0] * 3, [-1.0] * 3)
    axes = axes_of(replace(PANEL, optimum=few))
    assert [line(axes, name).get_markevery() for name in QUANTITIES] == [[0, 2], [0, 1, 2], [0, 1, 2]]


def test_panels_share_the_axis_of_scores() -> None:
    """All panels have one y axis, labelled once, and a linear panel is narrower than a logarithmic one."""
    figure = draw(NARROW, PANEL)
    left, right = figure.axes
    figure.canvas.draw()
    assert left.get_ylim() == right.get_ylim()
    assert (left.get_ylabel(), right.get_ylabel()) == ("score", "")
    assert (left.get_xscale(), right.get_xscale()) == ("linear", "log")
    assert left.get_window_extent().width < 0.7 * right.get_window_extent().width
    assert [axes.get_title("left") for axes in figure.axes] == ["CE", "BCE"]


def test_notes_and_marks_are_below_all_lines() -> None:
    """What is written at the foot of a panel covers no line: of this panel or, so that scales agree, of another."""
    figure = draw(replace(PANEL, mark="lambda_b* = 1"), replace(PANEL, note="any threshold\nwill do"))
    figure.canvas.draw()
    for axes, written in zip(figure.axes, ("lambda_b* = 1", "any threshold\nwill do"), strict=True):
        (text,) = (text for text in axes.texts if text.get_text() == written)
        lowest = axes.transData.transform((1, min(*OPTIMUM.threshold, *OPTIMUM.negative)))[1]
        assert axes.get_window_extent().y0 < text.get_window_extent().y0 < text.get_window_extent().y1 < lowest


def test_a_mark_needs_a_switch() -> None:
    """Without a switch there is no place for the text of one."""
    assert texts(axes_of(replace(PANEL, regimes=[Regime("etf", 0.01, 100.0)], mark="lambda_b* = 1"))) == ["etf"]


def test_the_same_panels_are_the_same_svg() -> None:
    """Drawing twice gives the same text for a page, hatching included."""
    panels = [replace(PANEL, published=POINTS, regimes=[Regime("unknown", 0.01, 100.0, "gap")]), NARROW]
    first, second = (inline_svg(draw(*panels), "sweep", "Theory") for _ in range(2))
    assert first == second
