"""`collapse`: features of three classes on their way to the simplex, as a film and as a strip of some epochs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from bceprobe.figures.base import MOVING, STILL, Drawing, Film, Prepared, figure
from bceprobe.figures.classes import class_style
from bceprobe.figures.labels import number, short_label
from bceprobe.figures.layout import legend_below
from bceprobe.figures.planes import simplex
from bceprobe.figures.style import INK, styled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import xarray as xr
    from matplotlib.axes import Axes

    from bceprobe.figures.base import About, Arm, Row

# Inches of a panel of the strip and of a frame; epochs of the strip; samples of a run in it.
STILL_SIDE, FRAME_SIDE, STRIP, FEW = 1.75, 3.2, 5, 60
HEAD, FOOT = 0.3, 0.55
POINT, LONGEST, DIGITS = 2.6, 24, 3
# This share of the points of every epoch is in view.
IN_VIEW = 0.97
UNITS = "distance of the class means from their centre at the last epoch"
WHAT = (("points", "sample"), ("means", "class mean"), ("weight", "weight row"))


@figure("collapse", Prepared("film", epochs=True), options=("classes",), suffixes=STILL + MOVING, first_run=True)
def collapse(arms: Sequence[Arm], about: About) -> Drawing:
    """Features of three classes moving to the simplex, the first run of each arm: a film (.gif, .html) or a strip.

    All epochs are seen in one plane, that through the class means of the last epoch, and every frame is a captured
    epoch: nothing is interpolated. Lengths are in units of how far class means are from their centre in the end.
    """
    runs = {arm.label: next(iter(arm.data.values())) for arm in arms}
    epochs = next(iter(runs.values()))["epoch"].values.tolist()
    view = _view(list(runs.values()))

    def frame(position: int) -> Figure:
        with styled():
            return _frame(arms, runs, position, view)

    with styled():
        drawn = _strip(arms, runs, view, about)
    rows = [row for arm in arms for row in _rows(arm)]
    return Drawing(drawn, rows, Film(epochs, _scene(arms, runs, view, about), frame))


def strip_epochs(count: int) -> list[int]:
    """Choose positions of some epochs, closer to each other in the beginning, where most happens.

    Examples
    --------
    >>> strip_epochs(40)
    [0, 2, 5, 15, 39]
    """
    if count <= STRIP:
        return list(range(count))
    return sorted(set((np.geomspace(1, count, STRIP).round() - 1).astype(int).tolist()))


def _view(runs: Sequence[xr.Dataset]) -> float:
    """Find how far the view reaches from the centre: to almost all points, and to all means and the simplex."""
    points = [np.quantile(np.abs(run["points"].values).max(axis=-1), IN_VIEW, axis=1).max() for run in runs]
    means = [np.abs(run[name].values).max() for run in runs for name in ("means", "weight")]
    return 1.08 * float(max(1.0, *points, *means))


def _strip(arms: Sequence[Arm], runs: Mapping[str, xr.Dataset], view: float, about: About) -> Figure:
    """Draw a row of panels for each arm, one for each of some epochs."""
    first = runs[arms[0].label]
    chosen = strip_epochs(first.sizes["epoch"])
    size = (STILL_SIDE * len(chosen) + 0.4, (STILL_SIDE + 0.15) * len(arms) + 0.5)
    drawn = Figure(figsize=size, layout="constrained")
    grid = drawn.subplots(len(arms), len(chosen), squeeze=False)
    for row, arm in zip(grid, arms, strict=True):
        data = runs[arm.label]
        for axes, position in zip(row, chosen, strict=True):
            _draw(axes, data, position, view, _thinned(data))
            axes.set_title(_said(data, position), size=8.0, weight="normal", pad=3.0)
        row[0].set_ylabel(f"{arm.style.glyph} {short_label(arm.label, LONGEST)}")
    drawn.suptitle(f"The plane of three class means, {about.split} split", size=10.0)
    legend_below(drawn, _keys(first))
    return drawn


def _frame(arms: Sequence[Arm], runs: Mapping[str, xr.Dataset], position: int, view: float) -> Figure:
    columns = min(2, len(arms))
    rows = -(-len(arms) // columns)
    # Margins are known, and setting them is faster than finding them for each frame.
    width, height = FRAME_SIDE * columns, (FRAME_SIDE + HEAD) * rows + FOOT
    drawn = Figure(figsize=(width, height))
    edges = {"left": 0.01, "right": 0.99, "top": 1 - HEAD / height, "bottom": FOOT / height}
    grid = drawn.subplots(
        rows, columns, squeeze=False, gridspec_kw={**edges, "wspace": 0.02, "hspace": HEAD / FRAME_SIDE}
    ).ravel()
    for axes in grid[len(arms) :]:
        axes.remove()
    for axes, arm in zip(grid, arms, strict=False):
        _draw(axes, runs[arm.label], position, view, slice(None))
        axes.set_title(
            f"{arm.style.glyph} {short_label(arm.label, LONGEST)}: {_said(runs[arm.label], position)}", size=9.0
        )
    drawn.legend(handles=_keys(runs[arms[0].label]), loc="lower center", ncols=3)
    return drawn


def _thinned(data: xr.Dataset) -> slice:
    return slice(None, None, max(1, data.sizes["sample"] // FEW))


def _said(data: xr.Dataset, position: int) -> str:
    return f"epoch {int(data['epoch'][position])}, NC1 {number(float(data['nc1'][position]))}"


def _draw(axes: Axes, data: xr.Dataset, position: int, view: float, samples: slice) -> None:
    corners = simplex(data.sizes["class"])
    axes.plot(*np.vstack([corners, corners[:1]]).T, color=INK, linewidth=0.7, linestyle=":", label="simplex")
    for at, label in enumerate(data["class"].values.tolist()):
        own = data["points"].values[position, samples][data["label"].values[samples] == label]
        style = class_style(at)
        look: dict[str, Any] = {"color": style.color, "marker": style.marker, "markersize": POINT, "linestyle": ""}
        axes.plot(*own.T, markeredgewidth=0, alpha=0.6, label=f"class {label}", **look)
        row = np.stack([np.zeros(2), data["weight"].values[position, at]])
        axes.plot(*row.T, color=style.color, linewidth=1.2, label=f"weight {label}")
        axes.plot(*data["means"].values[position, at], color=INK, marker="x", markersize=5.0, label=f"mean {label}")
    axes.set(xlim=(-view, view), ylim=(-view, view), aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(True)


def _keys(data: xr.Dataset) -> list[Line2D]:
    keys = []
    for at, label in enumerate(data["class"].values.tolist()):
        style = class_style(at)
        keys.append(
            Line2D([], [], color=style.color, marker=style.marker, linestyle="-", label=f"class {label}, weight")
        )
    mean = Line2D([], [], color=INK, marker="x", linestyle="", label="class mean")
    return [*keys, mean, Line2D([], [], color=INK, linewidth=0.7, linestyle=":", label="simplex")]


def _scene(arms: Sequence[Arm], runs: Mapping[str, xr.Dataset], view: float, about: About) -> dict[str, Any]:
    """Lay out what a page draws, in plain JSON types: coordinates in thousandths of the view."""
    first = runs[arms[0].label]
    styles = [class_style(at) for at in range(first.sizes["class"])]
    return {
        "split": about.split,
        "epochs": first["epoch"].values.tolist(),
        "simplex": _whole(simplex(len(styles)), view),
        "classes": [{"color": style.color, "marker": style.marker} for style in styles],
        "arms": [_arm(arm, runs[arm.label], view) for arm in arms],
    }


def _arm(arm: Arm, data: xr.Dataset, view: float) -> dict[str, Any]:
    labels = data["class"].values.tolist()
    moving = {name: [_whole(one, view) for one in data[name].values] for name, _ in WHAT}
    return {
        "label": short_label(arm.label),
        "run": short_label(next(iter(arm.data))),
        "color": arm.style.color,
        "glyph": arm.style.glyph,
        "labels": labels,
        "class": [labels.index(label) for label in data["label"].values.tolist()],
        "nc1": [number(value) for value in data["nc1"].values.tolist()],
        **moving,
    }


def _whole(points: Any, view: float) -> list[int]:
    """Flatten points, (n, 2), to x, y, x, y, ... in thousandths of the view, y downwards as on a screen."""
    found: list[int] = (
        (np.asarray(points) * [1000, -1000] / view).round().clip(-9999, 9999).astype(int).ravel().tolist()
    )
    return found


def _rows(arm: Arm) -> Iterator[Row]:
    run, data = next(iter(arm.data.items()))
    shared: Row = {"arm": arm.label, "run": run}
    for what, said in WHAT:
        labels = data["label" if what == "points" else "class"].values.tolist()
        for epoch, frame in zip(
            data["epoch"].values.tolist(), data[what].values.round(DIGITS + 2).tolist(), strict=True
        ):
            for label, (x, y) in zip(labels, frame, strict=True):
                yield {**shared, "epoch": epoch, "what": said, "class": label, "x": x, "y": y, "units": UNITS}
