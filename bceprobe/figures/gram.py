"""`gram`: products of the class means, and of the weight rows, with each other, and those of the simplex ETF."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
import numpy as np
import xarray as xr
from matplotlib.collections import PolyCollection
from matplotlib.colors import FuncNorm, ListedColormap
from matplotlib.figure import Figure

from bceprobe.figures.base import Drawing, Snapshots, figure
from bceprobe.figures.labels import number, short_label
from bceprobe.figures.style import INK, styled

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from bceprobe.figures.base import About, Arm, Row
    from bceprobe.snapshot import Snapshot

NAMES = {"means": "class means", "weight": "weight rows"}
TARGET = "simplex ETF"
SIDE, SCALE, HEAD, LONGEST = 1.9, 0.9, 0.5, 24
# Up to so many classes cells are drawn one by one, beyond as one picture.
FEW = 24
# Lightness falls with the value, so that it reads in grey.
COLORS = ListedColormap(mpl.colormaps["YlGnBu"].resampled(4096)(np.linspace(0.0, 0.95, 256)))
ABSENT = "#dcdcdc"
TICKS = (-1, -0.5, -0.2, 0, 0.2, 0.5, 1)


def gram(snapshot: Snapshot, about: About | None = None) -> xr.Dataset:
    """Multiply the centred class means with each other, and the centred weight rows.

    Returns
    -------
    xarray.Dataset
        ``means`` and ``weight`` over (label, other), scaled to the Frobenius norm of the target, which has 1 on its
        diagonal and -1/(K - 1) beside it; NaN for classes without samples. Each has the attribute ``distance``: how far
        it is from the ETF, both at Frobenius norm 1. That of the weight is NC2 (paper eq. 33).
    """
    _ = about
    means = np.full((snapshot.classes, snapshot.features.shape[1]), np.nan)
    means[snapshot.present] = snapshot.centred_means
    centred = {"means": means, "weight": snapshot.weight64 - snapshot.weight64.mean(axis=0)}
    labels = {dim: np.arange(snapshot.classes) for dim in ("label", "other")}
    return xr.Dataset({name: _scaled(rows) for name, rows in centred.items()}, labels)


def target(classes: int) -> NDArray[np.float64]:
    """Return the products of the simplex ETF, scaled to 1 on the diagonal.

    Examples
    --------
    >>> target(3).round(2).tolist()[0]
    [1.0, -0.5, -0.5]
    """
    return (classes * np.eye(classes) - 1) / (classes - 1)


def _scaled(rows: NDArray[np.float64]) -> tuple[tuple[str, str], NDArray[np.float64], dict[str, Any]]:
    known = ~np.isnan(rows).any(axis=1)
    products, ideal = rows[known] @ rows[known].T, target(max(2, int(known.sum())))
    norm = np.linalg.norm(products)
    scaled = np.full((len(rows), len(rows)), np.nan)
    if norm == 0:
        return ("label", "other"), scaled, {"units": "1", "distance": float("nan")}
    scaled[np.ix_(known, known)] = products / norm * np.linalg.norm(ideal)
    distance = np.linalg.norm(products / norm - ideal / np.linalg.norm(ideal))
    return ("label", "other"), scaled, {"units": "1", "distance": float(distance)}


@figure("gram", Snapshots(gram), first_run=True)
def grams(arms: Sequence[Arm], about: About) -> Drawing:
    """Gram matrices of the centred class means and weight rows of the first run of each arm, beside the simplex ETF's.

    One run, as means over several would be closer to the target than any.
    """
    shown = [_first(arm)[name].values for arm in arms for name in NAMES]
    norm = _norm(max(map(len, shown)), np.concatenate([matrix.ravel() for matrix in shown]))
    with styled():
        drawn = Figure(figsize=(3 * SIDE + SCALE, len(arms) * (SIDE + 0.1) + HEAD), layout="constrained")
        grid = drawn.subplots(len(arms), 3, squeeze=False)
        for row, arm in zip(grid, arms, strict=True):
            _draw_row(row, arm, norm)
        drawn.suptitle(f"Products of centred rows, {about.place}", size=11.0, weight="bold")
        _explain(drawn, grid, norm)
    return Drawing(drawn, [row for arm in arms for name in NAMES for row in _rows(arm, name)])


def _first(arm: Arm) -> xr.Dataset:
    return next(iter(arm.data.values()))


def _norm(classes: int, shown: NDArray[np.float64]) -> FuncNorm:
    """Spread the colours around the value beside the diagonal of the target, where most products lie."""
    beside = -1 / (classes - 1)
    known = shown[np.isfinite(shown)]
    ends = {"vmin": min(beside - 0.2, known.min(initial=0)), "vmax": max(1.0, known.max(initial=1))}

    def forward(values: Any) -> Any:
        return np.sign(values - beside) * np.sqrt(np.abs(values - beside))

    def back(values: Any) -> Any:
        return np.sign(values) * np.square(values) + beside

    return FuncNorm((forward, back), **ends)


def _draw_row(row: Sequence[Axes], arm: Arm, norm: FuncNorm) -> None:
    run, data = next(iter(arm.data.items()))
    title: dict[str, Any] = {"weight": "normal", "size": 9.0, "pad": 4.0}
    for axes, (name, said) in zip(row, NAMES.items(), strict=False):
        _draw(axes, data[name].values, norm)
        axes.set_title(f"{said}\ndistance {number(data[name].attrs['distance'])}", **title)
    _draw(row[-1], target(len(data["label"])), norm)
    row[-1].set_title(f"{TARGET}\ndistance 0", **title)
    row[0].set_ylabel(f"{arm.style.glyph} {short_label(arm.label, LONGEST)}\n{short_label(run, LONGEST)}")


def _draw(axes: Axes, matrix: NDArray[np.float64], norm: FuncNorm) -> None:
    classes = len(matrix)
    axes.set(xlim=(-0.5, classes - 0.5), ylim=(classes - 0.5, -0.5), aspect="equal", xticks=[], yticks=[])
    axes.grid(visible=False)
    axes.spines[:].set_visible(True)
    axes.set_facecolor(ABSENT)
    if classes > FEW:
        axes.imshow(matrix, cmap=COLORS, norm=norm, interpolation="nearest", aspect="equal")
        return
    rows, columns = np.nonzero(np.isfinite(matrix))
    corners = np.array([(-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5)])
    places = np.stack([columns, rows], axis=1)[:, None] + corners
    look: dict[str, Any] = {"cmap": COLORS, "norm": norm, "edgecolors": "face", "linewidths": 0.1}
    axes.add_collection(PolyCollection(places, array=matrix[rows, columns], **look), autolim=False)


def _explain(drawn: Figure, grid: NDArray[Any], norm: FuncNorm) -> None:
    colours = mpl.cm.ScalarMappable(norm, COLORS)
    scale = drawn.colorbar(colours, ax=grid.ravel().tolist(), shrink=0.8, pad=0.02, ticks=TICKS, format="%g")
    scale.set_label("product, ETF scaled to 1")
    scale.outline.set_edgecolor(INK)
    for solid in scale.ax.collections:
        solid.set(rasterized=False, edgecolor="face")


def _rows(arm: Arm, name: str) -> list[Row]:
    run, data = next(iter(arm.data.items()))
    matrix, ideal = data[name].values, target(len(data[name]))
    about: Row = {"arm": arm.label, "run": run, "rows": NAMES[name], "units": "1"}
    about["distance"] = data[name].attrs["distance"]
    return [
        {**about, "label": at[0], "other": at[1], "product": float(value), "etf": float(ideal[at])}
        for at, value in np.ndenumerate(matrix)
    ]
