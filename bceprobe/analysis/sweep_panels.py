"""The figure of a sweep: its points as panels, by loss."""

from __future__ import annotations

import math
from itertools import groupby, pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.analysis.sweep_rows import FORECAST, PUBLISHED, SCORES, SETTINGS, START, THEORY, sweep_rows
from bceprobe.errors import UsageError
from bceprobe.figures import Regime, Scores, SweepPanel, draw_theory_sweep, line_styles
from bceprobe.figures.labels import number
from bceprobe.theory import LOSSES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import xarray as xr
    from matplotlib.figure import Figure

    from bceprobe.figures import LineStyle

    Row = dict[str, Any]

SYMBOLS = {"classes": "K", "dim": "d", "per_class": "n"}
AXES = {"lambda_b": "lambda_b, decay of the threshold", "classes": "K, classes", "per_class": "n, samples per class"}
# Regimes that the paper does not have, and what the title says of them.
DERIVED = {"shifted": "derived", "zero": "derived", "rank-one": "rank-one: own"}
FIG3 = "published (Fig. 3, read off the poster; started at mean 10)"
FROM_START = "forecast from mean 10: CE's b feels its decay alone (derived)"
STAYS = "forecast: CE's b stays where it starts (derived)"
UNDETERMINED = "any threshold b is optimal:\ngradient descent keeps the initial mean"


def draw_sweep(dataset: xr.Dataset) -> Figure:
    """Draw a sweep: per loss a panel of scores and threshold, with the regimes of the optimum.

    Beside a sweep over lambda_b, lambda_b = 0 has a narrow panel, over the mean that the thresholds start with, if the
    sweep has that value or the problem is the paper's. For the paper's, its Fig. 3 is drawn, too.

    Parameters
    ----------
    dataset
        What `bceprobe.analysis.sweeps.sweep_dataset` returns.

    Returns
    -------
    matplotlib.figure.Figure
        Made without pyplot: nothing needs to be closed.

    Raises
    ------
    UsageError
        No value of the sweep has a place on a logarithmic axis.
    """
    over, rows = dataset.attrs["over"], sweep_rows(dataset)
    if not (dataset[over] > 0).any():
        raise UsageError(f"nothing to draw over {over}", "Give a value above 0")
    panels: list[SweepPanel] = []
    for loss, style in zip(LOSSES, line_styles(LOSSES), strict=True):
        own = [row for row in rows if row["loss"] == loss]
        started, swept = ([row for row in own if (row[over] == 0) is zero] for zero in (True, False))
        panels += [_start_panel(started, loss, style)] if started else []
        panels.append(_panel(swept, over, loss.upper(), style))
    decayed = any(row["source"] == FORECAST and row[over] > 0 for row in rows)
    return draw_theory_sweep(panels, _title(dataset), published=FIG3, forecast=FROM_START if decayed else STAYS)


def _panel(rows: Sequence[Row], over: str, title: str, style: LineStyle) -> SweepPanel:
    """Make the panel of a loss."""
    theory, others = _of(rows, THEORY), {name: _of(rows, name) for name in (FORECAST, PUBLISHED)}
    undetermined = any(row["regime"] != "unknown" and math.isnan(row["threshold"]) for row in theory)
    regimes = _regimes(theory, over)
    star = f"lambda_b* = {number(theory[0]['lambda_b_star'])}"
    return SweepPanel(
        title,
        AXES[over],
        style,
        _scores(theory, over),
        regimes,
        published=_scores(others[PUBLISHED], over) if others[PUBLISHED] else None,
        forecast=_path(others[FORECAST], over) if others[FORECAST] else None,
        mark=star if over == "lambda_b" and len(regimes) > 1 else "",
        note=UNDETERMINED if undetermined else "",
    )


def _start_panel(rows: Sequence[Row], loss: str, style: LineStyle) -> SweepPanel:
    """Make the panel of lambda_b = 0, where the optimum is one, but training ends where its start leads it."""
    (theory,), over, others = _of(rows, THEORY), "initial_mean", _of(rows, PUBLISHED)
    ends = [theory | {over: mean} for mean in (0.0, START)]
    forecast = _of(rows, FORECAST)
    return SweepPanel(
        f"{loss.upper()}, lambda_b = 0",
        "initial mean",
        style,
        _scores(ends, over),
        [_regime(theory["regime"], -0.5, START + 0.5)],
        published=_scores(others, over) if others else None,
        forecast=_path(forecast, over) if forecast else None,
        scale="linear",
        note="b stays where\nit starts" if forecast else "",
    )


def _of(rows: Sequence[Row], source: str) -> list[Row]:
    return [row for row in rows if row["source"] == source]


def _scores(rows: Sequence[Row], over: str) -> Scores:
    return Scores(*([row[name] for row in rows] for name in (over, *SCORES)))


def _path(rows: Sequence[Row], over: str) -> tuple[list[float], list[float]]:
    return [row[over] for row in rows], [row["threshold"] for row in rows]


def _regimes(rows: Sequence[Row], over: str) -> list[Regime]:
    """Find the stretches of one regime: they meet at lambda_b*, or half-way between two values of the sweep."""
    switches = [_switch(*pair, over) for pair in pairwise(rows) if pair[0]["regime"] != pair[1]["regime"]]
    first, last = rows[0][over], rows[-1][over]
    ends = [first, *switches, last] if last > first else [first / 2, first * 2]
    names = [name for name, _ in groupby(row["regime"] for row in rows)]
    return [_regime(name, *pair) for name, pair in zip(names, pairwise(ends), strict=True)]


def _regime(name: str, low: float, high: float) -> Regime:
    if name in DERIVED:
        return Regime(f"{name}*", low, high, "shaded")
    return Regime(name, low, high, "gap" if name == "unknown" else "plain")


def _switch(row: Row, following: Row, over: str) -> float:
    star = row["lambda_b_star"]
    exact = over == "lambda_b" and row[over] <= star <= following[over]
    return float(star) if exact else math.sqrt(row[over] * following[over])


def _title(dataset: xr.Dataset) -> str:
    settings = {SYMBOLS.get(name, name): dataset.attrs[name] for name in SETTINGS if name in dataset.attrs}
    listed = ", ".join(f"{name} = {value:g}" for name, value in settings.items())
    present = np.unique(dataset["regime"].values)
    whose = dict.fromkeys(said for name, said in DERIVED.items() if name in present)
    remark = f" (* not in the paper: {', '.join(whose)})" if whose else ""
    return f"Optimum of the layer-peeled problem{remark}\n{listed}"
