"""Arms to draw, made of plain numbers, and ways to look into figures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bceprobe.figures.base import Arm
from bceprobe.figures.style import line_styles
from bceprobe.snapshot import Snapshot, Training

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D

EPOCHS = [1, 2, 4]
HOSTILE = "$x^2_{<b>&\"'</b>}$ \\frac"


def measured(values: Mapping[str, Sequence[float]], epochs: Sequence[int] = EPOCHS) -> xr.Dataset:
    """What a run's analysis gives: metrics over the epochs."""
    about = {"units": "share", "long_name": "made up"}
    return xr.Dataset(
        {name: ("epoch", np.array(found), about) for name, found in values.items()}, {"epoch": list(epochs)}
    )


def arms_of(make: Callable[[str, int], xr.Dataset], runs: int = 2, losses: Sequence[str] = ("ce", "bce")) -> list[Arm]:
    """An arm per loss with some runs, each made of the name of its loss and its number."""
    return [
        Arm(loss.upper(), style, {f"{loss}-{at}": make(loss, at) for at in range(runs)}, loss, "", loss)
        for loss, style in zip(losses, line_styles(list(losses)), strict=True)
    ]


def snapshot(
    loss: str = "bce",
    seed: int = 0,
    *,
    classes: int = 3,
    samples: int = 30,
    missing: int | None = None,
    noise: float = 0.3,
) -> Snapshot:
    """Features around class means on the axes, and a classifier near them; a class may be missing."""
    source = np.random.default_rng(seed)
    target = np.arange(samples) % classes
    if missing is not None:
        target = target[target != missing]
    means = 3 * np.eye(classes, classes + 2)
    features = means[target] + noise * source.normal(size=(len(target), classes + 2))
    weight = means / 3 + 0.1 * source.normal(size=means.shape)
    bias = -1 + 0.1 * source.normal(size=classes)
    return Snapshot(features, target, weight, bias, training=Training(loss))


def texts(figure: Figure) -> list[str]:
    """Every text of a figure that is shown."""
    from matplotlib.text import Text

    return [text.get_text() for text in figure.findobj(Text) if isinstance(text, Text) and text.get_text()]


def legend(figure: Figure) -> list[str]:
    """The texts of its legend."""
    return [text.get_text() for found in figure.legends for text in found.get_texts()]


def line(axes: Axes, label: str) -> Line2D:
    """The one line with a label."""
    (found,) = [line for line in axes.lines if line.get_label() == label]
    return found


def points(line: Line2D) -> tuple[list[float], list[float]]:
    """The points of a line."""
    x, y = (np.asarray(values, float).tolist() for values in line.get_data())
    return x, y


def within(figure: Figure) -> bool:
    """Tell whether everything that is written lies inside of the figure."""
    figure.draw_without_rendering()
    box, whole = figure.get_tightbbox(), figure.bbox_inches
    close = 0.02
    return bool(
        box.x0 >= -close and box.y0 >= -close and box.x1 <= whole.width + close and box.y1 <= whole.height + close
    )


def frames(rows: Sequence[dict[str, Any]], /, **where: Any) -> list[dict[str, Any]]:
    """The rows with some values."""
    return [row for row in rows if all(row[key] == value for key, value in where.items())]
