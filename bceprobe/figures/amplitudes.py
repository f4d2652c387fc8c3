"""`amplitudes`: how strongly the loss still pulls at scores, against these scores (the paper's section 3.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D

from bceprobe.figures.base import Drawing, Prepared, figure
from bceprobe.figures.labels import MINUS, short_label
from bceprobe.figures.layout import panels
from bceprobe.figures.style import styled
from bceprobe.figures.ticks import mark_powers
from bceprobe.figures.tidy import evenly

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from bceprobe.figures.base import About, Arm, Row

SIDES = ("positive", "negative")
SIZE, POINT, LONGEST = (3.4, 3.0), 3.0, 18
# Points of an arm and side, and of a whole figure.
MOST, TOTAL = 400, 1600
# An amplitude this small is nothing in float64.
LEAST = 1e-16
FEW = 6


@figure("amplitudes", Prepared("amplitudes"))
def amplitudes(arms: Sequence[Arm], about: About) -> Drawing:
    """Update amplitude against score, for positive and negative scores: a point per score, with Spearman's correlation.

    The amplitude is how far a step of gradient descent moves a score, per learning rate (paper eq. 18, 19). Of many
    scores some are drawn, evenly over their order; the correlations are those of all, means over the runs.
    """
    most = max(1, min(MOST, TOTAL // (len(SIDES) * len(arms))))
    points = {(arm.label, side): _points(arm, side, most) for arm in arms for side in SIDES}
    with styled():
        drawn, grid = panels(len(SIDES), len(SIDES), SIZE, sharey=True)
        for axes, side in zip(grid, SIDES, strict=True):
            _draw(axes, arms, [points[arm.label, side] for arm in arms], side)
            axes.set(title=f"{side.capitalize()} scores", xlabel="score without bias")
        grid[0].set_ylabel(f"update amplitude\n{about.place}")
    return Drawing(drawn, [row for arm in arms for side in SIDES for row in _rows(arm, side, points[arm.label, side])])


def _points(arm: Arm, side: str, most: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Choose scores of all runs, evenly over their order, with their amplitudes."""
    runs = list(arm.data.values())
    score, amplitude = (
        np.concatenate([run[f"{side}_{name}"].values for run in runs]) for name in ("score", "amplitude")
    )
    order = np.lexsort((amplitude, score))
    chosen = order[evenly(len(order), most)]
    return score[chosen], amplitude[chosen]


def _draw(
    axes: Axes, arms: Sequence[Arm], points: Sequence[tuple[NDArray[np.float64], NDArray[np.float64]]], side: str
) -> None:
    keys = []
    for position, (arm, (score, amplitude)) in enumerate(zip(arms, points, strict=True)):
        look: dict[str, Any] = {
            "color": arm.style.color,
            "marker": arm.style.marker,
            "linestyle": "",
            "markersize": POINT,
        }
        # Every other arm is hollow, so that they are told apart in grey.
        look |= {"markerfacecolor": "none", "markeredgewidth": 0.6} if position % 2 else {"markeredgewidth": 0}
        axes.plot(score, np.maximum(amplitude, LEAST), alpha=0.6, label=arm.label, **look)
        said = f"{short_label(arm.label, LONGEST)}: Spearman {_short(_correlation(arm, side))}"
        keys.append(Line2D([], [], label=said, **look | {"markersize": 4.6}))
    axes.set_yscale("log")
    mark_powers(axes.yaxis)
    if len(keys) <= FEW:
        axes.legend(handles=keys, loc="upper center", bbox_to_anchor=(0.5, -0.2), handletextpad=0.2)


def _correlation(arm: Arm, side: str) -> float:
    return float(np.mean([run.attrs[f"{side}_rank_correlation"] for run in arm.data.values()]))


def _short(value: float) -> str:
    return "undefined" if np.isnan(value) else f"{value:.2f}".replace("-", MINUS)


def _rows(arm: Arm, side: str, points: tuple[NDArray[np.float64], NDArray[np.float64]]) -> Iterator[Row]:
    about: Row = {"arm": arm.label, "runs": len(arm.data), "side": side, "spearman": _correlation(arm, side)}
    for score, amplitude in zip(*(values.tolist() for values in points), strict=True):
        yield {**about, "score": score, "units": "score", "amplitude": amplitude}
