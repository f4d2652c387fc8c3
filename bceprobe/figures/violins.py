"""`violins`: thresholds, positive and negative scores over a factor (the paper's Fig. 3 and 7)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from matplotlib.lines import Line2D
from scipy.stats import gaussian_kde

from bceprobe.figures.base import Drawing, Snapshots, figure
from bceprobe.figures.labels import THRESHOLD, short_label
from bceprobe.figures.layout import legend_below, panels
from bceprobe.figures.scores import SIDES, Counts, score_counts, together, widest
from bceprobe.figures.style import INK, styled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from matplotlib.axes import Axes
    from numpy.typing import NDArray

    from bceprobe.figures.base import About, Arm, Row

# Points of an outline; half its width, in steps of the factor; where a violin stands beside its level.
POINTS, HALF = 80, 0.15
PLACES = {"positive": -0.31, "threshold": 0.0, "negative": 0.31}
# Markers of the means; None: that of the loss. Lines between them.
MARKERS = {"positive": "^", "threshold": None, "negative": "v"}
LINES: dict[str, Any] = {"positive": "-", "threshold": (0, (3.2, 1.9)), "negative": (0, (5, 1.4, 1, 1.4))}
NAMES = {"positive": "positive score", "threshold": f"threshold {THRESHOLD}", "negative": "negative score"}
STEP, LEAST, HEIGHT, LONGEST = 0.62, 2.4, 3.0, 10
# Letters of a title in an inch.
LETTERS = 10
LOSS = "loss.name"


class Violin(NamedTuple):
    """Scores and how dense they are there, at most 1, (P,) each; their mean, and their ends."""

    score: NDArray[np.float64]
    density: NDArray[np.float64]
    mean: float
    low: float
    high: float


@figure("violins", Snapshots(score_counts), options=("factor",))
def violins(arms: Sequence[Arm], about: About) -> Drawing:
    """Violins of positive scores, thresholds and negative scores over a setting (Fig. 3, 7); markers are means.

    All runs of an arm count together. An outline is as wide as its scores are dense, and ends at the smallest and the
    largest.
    """
    found = {arm.label: _violins(arm, widest(arms)) for arm in arms}
    groups = {name: [arm for arm in arms if arm.panel == name] for name in dict.fromkeys(arm.panel for arm in arms)}
    levels = _levels(arms)
    width = max(LEAST, STEP * len(levels))
    with styled():
        drawn, grid = panels(len(groups), 2, (width + 0.4, HEIGHT), sharex=True, sharey=True)
        for axes, (name, own) in zip(grid, groups.items(), strict=True):
            _draw(axes, own, levels, found)
            axes.set_title(short_label(name, int(LETTERS * width)))
            _mark_levels(axes, levels, about.factor)
        for axes in grid[::2]:
            axes.set_ylabel(f"score, {about.place}")
        legend_below(drawn, _keys(arms))
    return Drawing(drawn, [row for arm in arms for row in _rows(arm, about.factor, found[arm.label])])


def outline(counts: Counts, low: float, high: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Smooth counts into an outline from the smallest to the largest value, whose largest density is 1.

    The bandwidth is Scott's for the number of values (`scipy.stats.gaussian_kde`), at least a bin.
    """
    used = counts.number > 0
    centres, weights = counts.low[used] + counts.width / 2, counts.number[used]
    if len(centres) == 1 or high <= low:
        return np.array([low, high]), np.ones(2)
    spread = math.sqrt(np.cov(centres, fweights=weights)) or counts.width
    bandwidth = max(weights.sum() ** -0.2, counts.width / spread)
    places = np.linspace(low, high, POINTS)
    density = gaussian_kde(centres, bandwidth, weights)(places)
    return places, density / density.max()


def _levels(arms: Sequence[Arm]) -> list[Any]:
    """List the values of the setting: numbers by size, others in the order of the arms."""
    levels = list(dict.fromkeys(arm.level for arm in arms))
    numbers = all(isinstance(level, int | float) and not isinstance(level, bool) for level in levels)
    return sorted(levels) if numbers else levels


def _violins(arm: Arm, width: float) -> dict[str, Violin]:
    runs = list(arm.data.values())
    return {side: _side(runs, side, width) for side in SIDES} | {"threshold": _thresholds(runs, width)}


def _side(runs: Sequence[Any], side: str, width: float) -> Violin:
    counts, about = together(runs, side, width), [run[side].attrs for run in runs]
    low, high = min(one["low"] for one in about), max(one["high"] for one in about)
    sizes = [int(run[side].sum()) for run in runs]
    mean = float(np.average([one["mean"] for one in about], weights=sizes))
    return Violin(*outline(counts, low, high), mean, low, high)


def _thresholds(runs: Sequence[Any], width: float) -> Violin:
    values = np.concatenate([run["threshold"].values for run in runs])
    low, high = float(values.min()), float(values.max())
    finer = min(width, 2.0 ** np.floor(np.log2((high - low) / POINTS))) if high > low else width
    places = np.floor(values / finer).astype(np.int64)
    counts = Counts(finer * np.arange(places.min(), places.max() + 1), finer, np.bincount(places - places.min()))
    return Violin(*outline(counts, low, high), float(values.mean()), low, high)


def _draw(axes: Axes, arms: Sequence[Arm], levels: Sequence[Any], found: dict[str, dict[str, Violin]]) -> None:
    for what, offset in PLACES.items():
        for arm in arms:
            violin, place = found[arm.label][what], levels.index(arm.level) + offset
            look: dict[str, Any] = {"facecolor": arm.style.color, "edgecolor": arm.style.color, "alpha": 0.45}
            half = HALF * violin.density
            axes.fill_betweenx(violin.score, place - half, place + half, linewidth=1.0, **look)
            marker = MARKERS[what] or arm.style.marker
            axes.plot([place], [violin.mean], marker=marker, color=arm.style.color, markeredgecolor=INK, label=what)
    for what in PLACES if len({arm.style.color for arm in arms}) == 1 else ():
        own = sorted(arms, key=lambda arm: levels.index(arm.level))
        points = [(levels.index(arm.level) + PLACES[what], found[arm.label][what].mean) for arm in own]
        axes.plot(*zip(*points, strict=True), linestyle=LINES[what], color=arms[0].style.color, linewidth=0.9, zorder=1)


def _mark_levels(axes: Axes, levels: Sequence[Any], factor: str) -> None:
    texts = [short_label(_said(level, factor), LONGEST) for level in levels]
    turned = max(map(len, texts)) > LONGEST // 2 and len(levels) > 2  # noqa: PLR2004 - two names have room
    axes.set_xticks(range(len(levels)), texts, rotation=45 * turned, ha="right" if turned else "center")
    axes.set_xlim(-0.6, len(levels) - 0.4)
    axes.set_xlabel("" if factor == LOSS else short_label(factor))
    axes.xaxis.set_tick_params(labelbottom=True)


def _said(level: object, factor: str) -> str:
    text = f"{level:g}" if isinstance(level, float) else str(level)
    return text.upper() if factor == LOSS and len(text) <= LONGEST // 2 else text


def _keys(arms: Sequence[Arm]) -> list[Line2D]:
    """Explain the markers, in the colour of text as the losses have theirs."""
    one = {arm.style.marker for arm in arms}
    shown = one.pop() if len(one) == 1 else "D"
    return [
        Line2D([], [], color=INK, linestyle=LINES[what], linewidth=0.9, marker=MARKERS[what] or shown, label=name)
        for what, name in NAMES.items()
    ]


def _rows(arm: Arm, factor: str, found: dict[str, Violin]) -> Iterator[Row]:
    about: Row = {"arm": arm.label, "runs": len(arm.data), "factor": factor, "level": arm.level}
    for what, violin in found.items():
        ends = {"mean": violin.mean, "smallest": violin.low, "largest": violin.high}
        for name, value in ends.items():
            yield {**about, "what": what, "statistic": name, "score": value, "units": "score", "density": math.nan}
        for score, density in zip(violin.score.tolist(), violin.density.tolist(), strict=True):
            yield {**about, "what": what, "statistic": "outline", "score": score, "units": "score", "density": density}
