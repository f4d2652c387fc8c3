"""`features`: the features of some classes in a plane, with class means and weight rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from matplotlib.lines import Line2D
from sklearn.manifold import TSNE

from bceprobe.figures.base import Drawing, Snapshots, figure
from bceprobe.figures.classes import chosen_classes, chosen_samples, class_style
from bceprobe.figures.labels import short_label
from bceprobe.figures.layout import legend_below, panels
from bceprobe.figures.planes import along_means
from bceprobe.figures.style import INK, styled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from bceprobe.figures.base import About, Arm, Row
    from bceprobe.snapshot import Snapshot

    Points = NDArray[np.float64]

SIZE, POINT, LONGEST = (3.2, 3.3), 2.6, 26
# Samples of a run that are drawn, and classes.
MOST, CLASSES = 600, 10
PERPLEXITY = 30.0
DIMS = ("sample", "axis")
TITLES = {"pca": "Principal plane of the class means", "tsne": "t-SNE of the features"}


def features(snapshot: Snapshot, about: About) -> xr.Dataset:
    """Place features of some classes in a plane.

    Returns
    -------
    xarray.Dataset
        ``points`` over (sample, axis) with ``label`` of each; for PCA also ``means`` and ``weight`` over (class, axis),
        the weight rows relative to their mean and as long as the class means are on average.
    """
    labels = chosen_classes(about.classes, snapshot.class_counts, CLASSES)
    places = chosen_samples(snapshot.target, labels, MOST)
    rows = snapshot.rows(places).astype(np.float64)
    coords = {"label": ("sample", snapshot.target[places]), "class": labels}
    if about.method == "tsne":
        return xr.Dataset({"points": (DIMS, _embedded(rows))}, coords)
    plane = along_means(snapshot, labels)
    means = plane.of(snapshot.class_means[labels])
    weight = plane.directions_of(snapshot.weight64[labels]) * np.sqrt(np.square(means).sum(axis=1).mean())
    shown = {"means": (("class", "axis"), means), "weight": (("class", "axis"), weight)}
    return xr.Dataset({"points": (DIMS, plane.of(rows)), **shown}, coords)


@figure("features", Snapshots(features), options=("method", "classes"), first_run=True)
def feature_planes(arms: Sequence[Arm], about: About) -> Drawing:
    """Features of the first run of each arm in two dimensions: the principal plane of the class means, or t-SNE.

    Up to ten classes, and some samples of each; crosses are class means, lines weight rows. Of t-SNE neither
    distances between clusters nor their sizes mean anything.
    """
    with styled():
        drawn, grid = panels(len(arms), 3, SIZE)
        for axes, arm in zip(grid, arms, strict=True):
            run, data = next(iter(arm.data.items()))
            _draw(axes, data)
            axes.set_title(f"{arm.style.glyph} {short_label(arm.label, LONGEST)}")
            axes.set_xlabel(short_label(run, LONGEST))
        drawn.suptitle(f"{TITLES[about.method]}, {about.place}", size=10.0)
        legend_below(drawn, _keys() if about.method == "pca" else [])
    return Drawing(drawn, [row for arm in arms for row in _rows(arm, about)])


def _embedded(rows: Points) -> Points:
    """Embed features in two dimensions by t-SNE from a fixed start."""
    perplexity = min(PERPLEXITY, (len(rows) - 1) / 3)
    found: Points = TSNE(perplexity=perplexity, init="pca", random_state=0).fit_transform(rows).astype(np.float64)
    return found


def _draw(axes: Axes, data: xr.Dataset) -> None:
    for position, label in enumerate(data["class"].values.tolist()):
        style, own = class_style(position), data["points"].values[data["label"].values == label]
        look: dict[str, Any] = {"color": style.color, "marker": style.marker, "markersize": POINT, "linestyle": ""}
        axes.plot(*own.T, markeredgewidth=0, alpha=0.55, label=f"class {label}", **look)
        if "means" in data:
            place, row = (data[name].values[position] for name in ("means", "weight"))
            axes.plot(*np.stack([np.zeros(2), row]).T, color=style.color, linewidth=1.0, label=f"weight {label}")
            axes.plot(*place, color=INK, marker="x", markersize=5.0, label=f"mean {label}")
        _name(axes, np.median(own, axis=0), str(label))
    axes.set(aspect="equal", xticks=[], yticks=[])
    axes.margins(0.08)
    axes.set_adjustable("datalim")
    axes.spines[:].set_visible(True)


def _name(axes: Axes, place: Points, text: str) -> None:
    """Write the label of a class beside the middle of its samples, so that it is told without colour."""
    axes.annotate(text, (place[0], place[1]), (5, 4), textcoords="offset points", size=9.0, weight="bold")


def _keys() -> list[Line2D]:
    look: dict[str, Any] = {"color": INK, "linestyle": ""}
    return [
        Line2D([], [], marker=".", label="a sample", **look),
        Line2D([], [], marker="x", label="class mean", **look),
        Line2D([], [], color=INK, linewidth=1.0, label="weight row, scaled"),
    ]


def _rows(arm: Arm, about: About) -> Iterator[Row]:
    run, data = next(iter(arm.data.items()))
    shared: Row = {"arm": arm.label, "run": run, "method": about.method}
    units = "feature" if about.method == "pca" else "arbitrary"
    for label, (x, y) in zip(data["label"].values.tolist(), data["points"].values.tolist(), strict=True):
        yield {**shared, "what": "sample", "class": label, "x": x, "y": y, "units": units}
    for what in ("means", "weight") if "means" in data else ():
        for label, (x, y) in zip(data["class"].values.tolist(), data[what].values.tolist(), strict=True):
            yield {**shared, "what": what, "class": label, "x": x, "y": y, "units": units}
