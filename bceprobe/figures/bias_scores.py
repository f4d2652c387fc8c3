"""`bias-scores`: mean scores against thresholds, across the classes and, where there are several runs, across these."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D

from bceprobe.figures.base import Drawing, Prepared, figure
from bceprobe.figures.labels import MINUS, THRESHOLD, short_label
from bceprobe.figures.layout import panels
from bceprobe.figures.style import styled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import xarray as xr
    from matplotlib.axes import Axes

    from bceprobe.figures.base import About, Arm, Row

SIDES = ("positive", "negative")
ACROSS = {"label": "across classes", "run": "across runs"}
SIZE, POINT, LONGEST = (3.4, 3.0), 4.4, 18
# Beyond so many arms only their losses' correlations across runs are told.
FEW = 6


@figure("bias-scores", Prepared("relations"))
def bias_scores(arms: Sequence[Arm], about: About) -> Drawing:
    """Mean positive and negative scores against thresholds, with Pearson's r: a point per class, and one per run.

    Across classes a point is a class of a run. Across runs, where a loss has three or more, a point is the mean of a
    run over its classes.
    """
    shown = [name for name in ACROSS if any(name in arm.data for arm in arms)]
    with styled():
        drawn, grid = panels(len(SIDES) * len(shown), len(SIDES), SIZE)
        for at, axes in enumerate(grid):
            across, side = shown[at // len(SIDES)], SIDES[at % len(SIDES)]
            _draw(axes, arms, across, side)
            axes.set_title(f"{side.capitalize()} scores,\n{ACROSS[across]}")
            axes.set_xlabel(f"threshold {THRESHOLD}")
        for axes in grid[:: len(SIDES)]:
            axes.set_ylabel(f"mean score\n{about.place}")
    return Drawing(drawn, [row for arm in arms for name in shown for row in _rows(arm, name)])


def _draw(axes: Axes, arms: Sequence[Arm], across: str, side: str) -> None:
    """Draw the points of all arms, and tell their correlations below."""
    keys = []
    for arm in (arm for arm in arms if across in arm.data):
        data, color, marker = arm.data[across], arm.style.color, arm.style.marker
        look: dict[str, Any] = {"color": color, "marker": marker, "linestyle": "", "markersize": POINT}
        axes.plot(data["threshold"], data[side], alpha=0.6, label=arm.label, **look)
        name = arm.label if across == "label" else data.attrs["name"]
        keys.append(Line2D([], [], label=f"{short_label(name, LONGEST)}: {_said(data, side)}", **look))
    axes.grid(visible=True, axis="x")
    axes.margins(0.08)
    if len(keys) <= FEW:
        axes.legend(handles=keys, loc="upper center", bbox_to_anchor=(0.5, -0.22), handletextpad=0.2)


def _said(data: xr.Dataset, side: str) -> str:
    """Tell a correlation with its interval and number of points."""
    r, low, high = (data.attrs[f"{side}_{name}"] for name in ("r", "low", "high"))
    if np.isnan(r):
        return f"r undefined, n = {data.sizes['point']}"
    bounds = "" if np.isnan(low) else f" [{_short(low)}, {_short(high)}]"
    return f"r = {_short(r)}{bounds}, n = {data.sizes['point']}"


def _short(value: float) -> str:
    return f"{value:.2f}".replace("-", MINUS)


def _rows(arm: Arm, across: str) -> Iterator[Row]:
    data = arm.data.get(across)
    if data is None:
        return
    for at in range(data.sizes["point"]):
        numbers = {name: float(data[name][at]) for name in ("threshold", *SIDES)}
        about: Row = {"arm": data.attrs["name"], "across": ACROSS[across], "point": str(data["point"].values[at])}
        found = {f"{side}_{name}": data.attrs[f"{side}_{name}"] for side in SIDES for name in ("r", "low", "high")}
        yield {**about, **numbers, "units": "score", **found}
