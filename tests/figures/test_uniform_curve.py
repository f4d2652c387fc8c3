"""Uniform accuracy over the threshold: steps, maxima and accuracies are where they were given."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from matplotlib.colors import to_hex

from bceprobe.figures import UniformCurve, draw_uniform_curves, inline_svg, line_styles

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

CE, BCE = line_styles(["CE", "BCE"])
NAN = float("nan")


def curve(name: str = "BCE", **changes: Any) -> UniformCurve:
    """A curve of four steps."""
    threshold, share = np.array([-1.0, -0.5, 0.25, 2.0]), np.array([0.0, 0.5, 0.9, 0.0])
    given = {"label": name, "style": line_styles([name])[0], "threshold": threshold, "share": share}
    return UniformCurve(**given | {"best": 0.75, "maximum": 0.9, "accuracy": 0.95} | changes)


def both(**changes: Any) -> list[UniformCurve]:
    """CE and BCE."""
    return [curve("CE", threshold=np.array([0.0, 1.0, 2.0, 3.0]), **changes), curve("BCE", **changes)]


def axes_of(figure: Figure) -> Axes:
    """The one set of axes."""
    (axes,) = figure.axes
    return axes


def steps(figure: Figure) -> list[Line2D]:
    """The lines of the curves."""
    return [line for line in axes_of(figure).lines if line.get_drawstyle() == "steps-post"]


def bounds(figure: Figure) -> list[Line2D]:
    """The dashed lines."""
    return [line for line in axes_of(figure).lines if line.get_linestyle() == "--"]


def peaks(figure: Figure) -> list[Line2D]:
    """The marks."""
    return [line for line in axes_of(figure).lines if line.get_marker() not in {"None", None, ""}]


def data(line: Line2D) -> tuple[list[float], list[float]]:
    """The points of a line."""
    x, y = (np.asarray(values).tolist() for values in line.get_data())
    return x, y


def legend(figure: Figure) -> list[str]:
    """The texts of the legend."""
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_lines_are_the_steps_that_were_given() -> None:
    """Every curve keeps its share from each threshold on to the next, in the colour of its arm."""
    curves = both()
    for line, given in zip(steps(draw_uniform_curves(curves)), curves, strict=True):
        assert data(line) == (given.threshold.tolist(), given.share.tolist())
        assert (line.get_color(), line.get_label()) == (given.style.color, given.label)


def test_maxima_are_marked_with_threshold_and_value() -> None:
    """A mark in the look of the arm stands at the maximum, a line leads to its threshold, and the legend says both."""
    figure = draw_uniform_curves(both())
    for mark, style in zip(peaks(figure), (CE, BCE), strict=True):
        assert data(mark) == ([0.75], [0.9])
        assert (mark.get_marker(), mark.get_color()) == (style.marker, style.color)
    for drop in axes_of(figure).collections:
        np.testing.assert_array_equal(drop.get_paths()[0].vertices, [[0.75, 0], [0.75, 0.9]])
    assert legend(figure)[:2] == ["CE: 90.00 % at t = 0.75", "BCE: 90.00 % at t = 0.75"]


def test_accuracies_are_thin_and_dashed() -> None:
    """The accuracy of each arm is a dashed line across, thinner than the curve, in its colour, and named once."""
    figure = draw_uniform_curves(both(accuracy=0.95))
    for bound, step, style in zip(bounds(figure), steps(figure), (CE, BCE), strict=True):
        assert data(bound) == ([0, 1], [0.95, 0.95])
        assert bound.get_color() == style.color
        assert bound.get_linewidth() < step.get_linewidth()
    assert [text for text in legend(figure) if "upper bound" in text] == legend(figure)[2:]


def test_without_accuracy_nothing_is_dashed() -> None:
    """An arm without accuracy has no line for it, and the legend names none."""
    figure = draw_uniform_curves(both(accuracy=None))
    assert bounds(figure) == []
    assert len(legend(figure)) == 2
    assert len(bounds(draw_uniform_curves([curve("CE", accuracy=None), curve("BCE")]))) == 1


@pytest.mark.parametrize("arms", [1, 2, 3, 5])
def test_equal_accuracies_stay_visible(arms: int) -> None:
    """No dash of one line covers that of another, whatever the number of arms."""
    names = ["ce", "bce", "a", "b", "c"][:arms]
    curves = [curve(name, style=style) for name, style in zip(names, line_styles(names), strict=True)]
    place, drawn = np.arange(0.05, 200, 0.1), []
    for line in bounds(draw_uniform_curves(curves)):
        offset, (dash, gap) = line._unscaled_dash_pattern  # type: ignore[attr-defined]  # noqa: SLF001 - nothing public tells
        drawn.append((place + offset) % (dash + gap) < dash)
    assert np.sum(drawn, axis=0).max() == 1
    assert all(one.any() for one in drawn)


def test_what_no_threshold_classifies_is_drawn_without_maximum() -> None:
    """An arm that fits nothing is a line at 0, without a mark, and the legend says 0 %."""
    figure = draw_uniform_curves([curve(best=NAN, maximum=0.0, share=np.zeros(4))])
    assert peaks(figure) == []
    assert len(axes_of(figure).collections) == 0
    assert legend(figure)[0] == "BCE: 0 %"


def test_almost_everything_is_not_called_everything() -> None:
    """100 % is written only where it is."""
    texts = [legend(draw_uniform_curves([curve(maximum=value)]))[0] for value in (1.0, 0.999999)]
    assert texts == ["BCE: 100 % at t = 0.75", "BCE: >99.99 % at t = 0.75"]


def test_the_axis_goes_from_nothing_to_all() -> None:
    """Figures of different epochs compare: the share axis is 0 to 100 % whatever is drawn, in percent."""
    axes = axes_of(draw_uniform_curves([curve(share=np.array([0, 0.1, 0.2, 0]), maximum=0.2)]))
    low, high = axes.get_ylim()
    assert low == 0
    assert 1 <= high < 1.1
    assert axes.yaxis.get_major_formatter()(0.2) == "20 %"
    assert axes.get_xlabel() == "threshold t"
    assert axes.get_title(loc="left")


def test_long_and_hidden_labels_fit() -> None:
    """The legend lies within the figure even where labels are long, and shows a label with a leading underscore."""
    figure = draw_uniform_curves([curve("x" * 300, best=-0.000123456), curve("_hidden")])
    figure.draw_without_rendering()
    box, whole = figure.legends[0].get_window_extent(), figure.bbox
    assert whole.x0 <= box.x0 < box.x1 <= whole.x1
    assert box.y1 <= axes_of(figure).get_window_extent().y0
    assert "_hidden" in legend(figure)[1]


def test_it_renders_as_svg() -> None:
    """The figure can be inlined in a report: vectors only, with its texts."""
    text = inline_svg(draw_uniform_curves(both()), "uniform", "Uniform accuracy")
    assert "<image" not in text
    assert "BCE: 90.00 % at t = 0.75" in text
    assert to_hex(CE.color) in text
