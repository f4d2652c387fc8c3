"""Confusion matrix: how many samples of each class the classifier takes for which, coloured by their share.

Lightness falls with the share, so that it reads in grey, too. A cell without samples stays white and a single mistake
does not: the colours are spread so that small shares differ, as most mistakes are small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
from matplotlib.collections import PolyCollection
from matplotlib.colors import ListedColormap, PowerNorm
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from bceprobe.figures.base import Drawing, Prepared, figure
from bceprobe.figures.labels import percent, short_label
from bceprobe.figures.style import styled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import SubFigure
    from numpy.typing import NDArray

    from bceprobe.figures.base import About, Arm, Row

# Up to so many classes, cells hold numbers and all classes are named.
NUMBERED = 20
# Inches: a cell with numbers, the smallest matrix, one without numbers, what is around, a letter, the colour scale.
CELL, SMALLEST, PLAIN = 0.4, 2.4, 4.6
AROUND = (1.6, 0.9)
LETTER, SCALE = 0.085, 0.14
POINTS_PER_INCH, COLUMNS = 72, 2
LONGEST_NAME, LONGEST_FLAT = 14, 3
COUNT_SIZE, SHARE_SIZE, DIGIT_WIDTH = 8.0, 6.0, 0.75
COLORS = ListedColormap(mpl.colormaps["YlGnBu"].resampled(4096)(np.linspace(0.2, 0.95, 128)))
TICKS = (0, 0.01, 0.05, 0.2, 0.5, 1)
PAPER, DARK, LIGHT, ABSENT = "#ffffff", "#000000", "#ffffff", "#dcdcdc"
# WCAG 2: the weights of luminance, where sRGB turns linear, and the luminance below which white stands out more.
WEIGHTS, LINEAR, EVEN = (0.2126, 0.7152, 0.0722), 0.04045, 0.179


@dataclass(frozen=True)
class Confusion:
    """One confusion matrix.

    Parameters
    ----------
    title
        Of which run, epoch and split, say.
    count
        Samples of each label (row) by decision (column), (K, K).
    share
        The same as a share of the samples of the label, (K, K); NaN for labels without samples.
    names
        Of the classes, (K,); their numbers if left out. They are shown up to 20 classes, numbers beyond.
    """

    title: str
    count: NDArray[np.int64]
    share: NDArray[np.float64]
    names: Sequence[str] | None = None


def draw_confusion(confusion: Confusion) -> Figure:
    """Draw a confusion matrix: shares as colours and, up to 20 classes, counts and shares as numbers.

    Rows of labels without samples are grey.

    Returns
    -------
    matplotlib.figure.Figure
        Made without pyplot: nothing needs to be closed.
    """
    with styled():
        figure = Figure(figsize=_size(confusion), layout="constrained")
        _fill(figure, confusion)
    return figure


@figure("confusion", Prepared("confusion"))
def confusions(arms: Sequence[Arm], about: About) -> Drawing:
    """Confusion matrices: how many samples of each class are taken for which, all runs of an arm together."""
    found = [(arm, np.sum([data["count"].values for data in arm.data.values()], axis=0)) for arm in arms]
    matrices = [Confusion(_title(arm, about), count, _share(count)) for arm, count in found]
    with styled():
        drawn, parts = _subfigures(matrices)
        for part, matrix in zip(parts, matrices, strict=True):
            _fill(part, matrix)
    return Drawing(drawn, [row for (arm, _), matrix in zip(found, matrices, strict=True) for row in _rows(arm, matrix)])


def _title(arm: Arm, about: About) -> str:
    several = f", {len(arm.data)} runs" if len(arm.data) > 1 else ""
    return f"{short_label(arm.label)}{several}, {about.place}"


def _size(confusion: Confusion) -> tuple[float, float]:
    room = LETTER * max(map(len, _names(confusion)))
    return _side(confusion) + AROUND[0] + room, _side(confusion) + AROUND[1] + room


def _side(confusion: Confusion) -> float:
    classes = len(confusion.count)
    return max(SMALLEST, CELL * classes) if classes <= NUMBERED else PLAIN


def _subfigures(matrices: Sequence[Confusion]) -> tuple[Figure, list[SubFigure]]:
    """Make a figure with room for some matrices, two in a row."""
    columns, rows = min(COLUMNS, len(matrices)), -(-len(matrices) // COLUMNS)
    width, height = _size(max(matrices, key=_side))
    drawn = Figure(figsize=(columns * width, rows * height), layout="constrained")
    return drawn, drawn.subfigures(rows, columns, squeeze=False).ravel().tolist()[: len(matrices)]


def _fill(figure: Figure | SubFigure, confusion: Confusion) -> None:
    axes, side, classes = figure.add_subplot(), _side(confusion), len(confusion.count)
    cells = _draw_cells(axes, confusion)
    if classes <= NUMBERED:
        _write_numbers(axes, confusion, cells, POINTS_PER_INCH * side / classes)
    _label(axes, confusion)
    _explain(figure, axes, cells, SCALE / side)


def _share(count: NDArray[np.int64]) -> NDArray[np.float64]:
    """Divide counts by the samples of the label; NaN for labels without any."""
    samples = count.sum(axis=1, keepdims=True)
    return np.where(samples > 0, count / np.maximum(samples, 1), np.nan)


def _rows(arm: Arm, confusion: Confusion) -> list[Row]:
    about = {"arm": arm.label, "runs": len(arm.data)}
    return [
        {**about, "label": label, "decision": decision, "samples": int(count), "share": float(confusion.share[at])}
        for at, count in np.ndenumerate(confusion.count)
        for label, decision in [at]
    ]


def _names(confusion: Confusion) -> list[str]:
    given = confusion.names if confusion.names and len(confusion.count) <= NUMBERED else range(len(confusion.count))
    return [short_label(str(name), LONGEST_NAME) for name in given]


def _draw_cells(axes: Axes, confusion: Confusion) -> PolyCollection:
    """Draw the cells that have samples, and a grey bar for each label that has none."""
    for row in np.flatnonzero(np.isnan(confusion.share).any(axis=1)):
        axes.axhspan(row - 0.5, row + 0.5, color=ABSENT, linewidth=0)
    rows, columns = np.nonzero(confusion.count)
    corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
    cells = PolyCollection(
        np.stack([columns, rows], axis=1)[:, None] + corners,
        array=confusion.share[rows, columns],
        cmap=COLORS,
        norm=PowerNorm(0.5, 0, 1),
        edgecolors=PAPER if len(confusion.count) <= NUMBERED else "face",
        linewidths=0.5 if len(confusion.count) <= NUMBERED else 0.1,
    )
    axes.add_collection(cells, autolim=False)
    return cells


def _write_numbers(axes: Axes, confusion: Confusion, cells: PolyCollection, width: float) -> None:
    """Write count and share into cells of a width in points, light on dark colours."""
    size = min(COUNT_SIZE, width / DIGIT_WIDTH / len(str(confusion.count.max())))
    for row, column in np.argwhere(confusion.count):
        share = confusion.share[row, column]
        about: dict[str, Any] = {"ha": "center", "color": _readable_on(cells.to_rgba(share))}
        axes.text(column, row - 0.02, str(confusion.count[row, column]), va="bottom", size=size, **about)
        axes.text(column, row + 0.08, percent(share, digits=1), va="top", size=SHARE_SIZE, **about)


def _label(axes: Axes, confusion: Confusion) -> None:
    classes = len(confusion.count)
    limits = (-0.5, classes - 0.5)
    axes.set(title=confusion.title, xlabel="decision", ylabel="label", xlim=limits, ylim=limits[::-1], aspect="equal")
    axes.set_facecolor(PAPER)
    axes.grid(visible=False)
    axes.spines[:].set_visible(True)
    if classes <= NUMBERED:
        _name(axes, _names(confusion))
    else:
        for axis in (axes.xaxis, axes.yaxis):
            axis.set_major_locator(MaxNLocator(nbins=10, steps=[1, 2, 5, 10], integer=True))


def _name(axes: Axes, names: Sequence[str]) -> None:
    """Name all classes; names that are longer than a few letters stand upright below."""
    axes.set_xticks(range(len(names)), names, rotation=90 if max(map(len, names)) > LONGEST_FLAT else 0)
    axes.set_yticks(range(len(names)), names)


def _explain(figure: Figure | SubFigure, axes: Axes, cells: PolyCollection, width: float) -> None:
    """Draw the scale of colours at the right, as high as the matrix."""
    place = axes.inset_axes((1 + width, 0, width, 1))
    scale = figure.colorbar(cells, cax=place, ticks=TICKS, format=PercentFormatter(1, symbol=" %"))
    scale.set_label("share of the label's samples")
    scale.outline.set_visible(False)
    for solid in place.collections:
        solid.set(rasterized=False, edgecolor="face")


def _readable_on(color: Any) -> str:
    """Choose a colour of text that stands out from an RGBA colour."""
    parts = np.asarray(color)[:3]
    luminance = np.where(parts <= LINEAR, parts / 12.92, ((parts + 0.055) / 1.055) ** 2.4) @ WEIGHTS
    return LIGHT if luminance < EVEN else DARK
