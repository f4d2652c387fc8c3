"""Confusion matrices: cells, numbers and names are what was given, at any number of classes."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from matplotlib.collections import PolyCollection
from matplotlib.colors import to_rgb

from bceprobe.figures import Confusion, draw_confusion, inline_svg
from bceprobe.figures.confusion import COLORS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

COUNT = np.array([[8, 2, 0], [0, 5, 0], [1, 0, 999]])


def confusion(count: NDArray[np.int64] = COUNT, names: list[str] | None = None) -> Confusion:
    """A matrix with its shares."""
    with np.errstate(invalid="ignore"):
        return Confusion("BCE, epoch 3", count, count / count.sum(axis=1, keepdims=True), names)


def many(classes: int, samples: int = 1000) -> NDArray[np.int64]:
    """A matrix of many classes: mistakes in every cell."""
    count = np.ones((classes, classes), np.int64)
    np.fill_diagonal(count, samples)
    return count


def matrix(figure: Figure) -> Axes:
    """The axes of the matrix, which come first."""
    return figure.axes[0]


def cells(figure: Figure) -> PolyCollection:
    """The coloured cells."""
    (found,) = [item for item in matrix(figure).collections if isinstance(item, PolyCollection)]
    return found


def numbers(figure: Figure) -> dict[tuple[int, int], list[str]]:
    """The texts in each cell by label and decision, from the top."""
    found: dict[tuple[int, int], list[str]] = {}
    for text in sorted(matrix(figure).texts, key=lambda text: text.get_position()[1]):
        column, row = text.get_position()
        found.setdefault((round(row), round(column)), []).append(text.get_text())
    return found


def test_cells_with_samples_are_coloured_by_their_share() -> None:
    """Every cell that has samples lies at its label (down) and decision (right), with its share as colour."""
    found = cells(draw_confusion(confusion()))
    middles = [np.asarray(path.vertices)[:4].mean(axis=0).tolist() for path in found.get_paths()]
    assert middles == [[0, 0], [1, 0], [1, 1], [0, 2], [2, 2]]
    np.testing.assert_allclose(np.asarray(found.get_array()), [0.8, 0.2, 1, 0.001, 0.999], rtol=1e-12)
    assert found.get_clim() == (0, 1)


def test_cells_hold_count_and_share() -> None:
    """Each cell that is not empty holds its samples and, below, their share of the label; the others hold nothing."""
    assert numbers(draw_confusion(confusion())) == {
        (0, 0): ["8", "80.0 %"],
        (0, 1): ["2", "20.0 %"],
        (1, 1): ["5", "100 %"],
        (2, 0): ["1", "0.1 %"],
        (2, 2): ["999", "99.9 %"],
    }


@pytest.mark.parametrize(("classes", "numbered"), [(2, True), (10, True), (20, True), (21, False), (100, False)])
def test_numbers_are_written_up_to_twenty_classes(classes: int, *, numbered: bool) -> None:
    """Beyond that, the colours speak alone."""
    figure = draw_confusion(confusion(many(classes)))
    assert len(matrix(figure).texts) == (2 * classes**2 if numbered else 0)
    assert len(cells(figure).get_paths()) == classes**2


@pytest.mark.parametrize(("classes", "samples"), [(2, 1_281_167), (3, 50_000), (10, 60_000), (20, 128_000)])
def test_numbers_fit_their_cells(classes: int, samples: int) -> None:
    """No number is wider than its cell, no two of a cell overlap, and none is smaller than five points."""
    figure = draw_confusion(confusion(many(classes, samples), [f"class number {label}" for label in range(classes)]))
    figure.draw_without_rendering()
    axes = matrix(figure)
    side = axes.get_window_extent().width / classes
    boxes = [text.get_window_extent() for text in axes.texts]
    assert max(box.width for box in boxes) < side
    assert all(count.y0 >= share.y1 for count, share in zip(boxes[::2], boxes[1::2], strict=True))
    assert all(count.y1 - share.y0 < side for count, share in zip(boxes[::2], boxes[1::2], strict=True))
    assert min(float(text.get_fontsize()) for text in axes.texts) >= 5


def test_numbers_stand_out_from_their_cells() -> None:
    """Every number has the contrast of 4.5 to 1 with its cell that WCAG 2 (1.4.3) asks of text."""
    count = np.zeros((20, 20), np.int64)
    count[:, 0], count[:, 1] = np.arange(20) * 5 + 1, 100 - np.arange(20) * 5 - 1
    figure = draw_confusion(confusion(count))
    found = cells(figure)
    colors = found.to_rgba(np.asarray(found.get_array()))
    for color, text in zip(np.repeat(colors, 2, axis=0), matrix(figure).texts, strict=True):
        lighter, darker = sorted((_luminance(color), _luminance(to_rgb(text.get_color()))), reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) >= 4.5


def test_colours_read_in_grey() -> None:
    """Lightness falls all the way with the share, and a cell of the smallest share is darker than an empty one."""
    lightness = [_luminance(color) for color in COLORS(np.linspace(0, 1, COLORS.N))]
    assert (np.diff(lightness) < 0).all()
    assert lightness[0] < 0.9
    assert lightness[-1] < 0.05


def test_labels_without_samples_are_grey() -> None:
    """A row without samples has no cells but a grey bar, so that it is not taken for one without hits."""
    count = COUNT.copy()
    count[1] = 0
    figure = draw_confusion(confusion(count))
    (bar,) = matrix(figure).patches
    assert bar.get_extents().height == pytest.approx(matrix(figure).get_window_extent().height / 3)
    x, y = matrix(figure).transData.transform((1.0, 1.0))
    assert bar.contains_point((x, y))
    assert len(cells(figure).get_paths()) == 4
    assert draw_confusion(confusion()).axes[0].patches[:] == []


@pytest.mark.parametrize(
    ("names", "shown", "rotation"),
    [
        (None, ["0", "1", "2"], 0),
        (["cat", "dog", "_"], ["cat", "dog", "\u2060_"], 0),
        (["cat", "horse", "x" * 99], ["cat", "horse", "x" * 13 + "…"], 90),
    ],
)
def test_classes_are_named_on_both_axes(names: list[str] | None, shown: list[str], rotation: float) -> None:
    """Labels down, decisions to the right, in the same order; long names are cut and stand upright below."""
    axes = matrix(draw_confusion(confusion(names=names)))
    for ticks in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert [tick.get_text() for tick in ticks] == shown
    assert {tick.get_rotation() for tick in axes.get_xticklabels()} == {rotation}
    assert (axes.get_xlabel(), axes.get_ylabel(), axes.get_title(loc="left")) == ("decision", "label", "BCE, epoch 3")


@pytest.mark.parametrize("classes", [21, 50, 100, 1000])
def test_many_classes_have_few_ticks(classes: int) -> None:
    """Beyond twenty classes a few of their numbers are shown, whole ones, that do not overlap."""
    count = np.zeros((classes, classes), np.int64)
    np.fill_diagonal(count, 3)
    figure = draw_confusion(confusion(count, [f"class {label}" for label in range(classes)]))
    figure.draw_without_rendering()
    ticks = [tick for tick in matrix(figure).get_xticklabels() if 0 <= tick.get_position()[0] < classes]
    assert 4 <= len(ticks) <= 12
    assert all(tick.get_text() == str(int(tick.get_position()[0])) for tick in ticks)
    boxes = [tick.get_window_extent() for tick in ticks]
    assert all(left.x1 < right.x0 for left, right in pairwise(boxes))


@pytest.mark.parametrize("classes", [2, 20, 100])
def test_everything_lies_within_the_figure(classes: int) -> None:
    """Nothing is cut off, the cells are square, and the scale is as high as the matrix."""
    figure = draw_confusion(confusion(many(classes), ["a rather long name of a class"] * classes))
    figure.draw_without_rendering()
    left, bottom, right, top = figure.get_tightbbox().extents
    width, height = figure.get_size_inches()
    assert min(left, bottom) >= 0
    assert right <= width
    assert top <= height
    box = matrix(figure).get_window_extent()
    assert box.width == pytest.approx(box.height, rel=1e-6)
    scale: Any = matrix(figure).child_axes[0]
    assert scale.get_window_extent().height == pytest.approx(box.height, rel=1e-6)
    assert scale.get_ylabel() == "share of the label's samples"


def test_it_renders_as_svg() -> None:
    """The matrix can be inlined in a report: vectors only, with its texts as text."""
    text = inline_svg(draw_confusion(confusion(names=["<b>", "&", "c"])), "confusion", "Confusion matrix")
    assert "<image" not in text
    assert "99.9 %" in text
    assert "&lt;b&gt;" in text


def _luminance(color: Any) -> float:
    """Relative luminance as WCAG 2 defines it."""
    parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in color[:3]]
    return float(0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2])
