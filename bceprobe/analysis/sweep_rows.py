"""The points in a figure of a sweep: optima, and for the paper's setting its Fig. 3 and a forecast for CE."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.published import published
from bceprobe.theory import LOSSES, Problem, forecast_mean, optimum

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import xarray as xr

    Row = dict[str, Any]

THEORY, FORECAST, PUBLISHED = "theory", "forecast", "published"
SCORES = ("positive_score", "threshold", "negative_score")
SETTINGS = ("classes", "dim", "per_class", "lambda_w", "lambda_h", "lambda_b")
# What the paper's Fig. 3 was trained with: K = 10, n = 128/10; SGD for 100 epochs, from thresholds around 10.
PAPERS = {"classes": 10, "per_class": 12.8, "lambda_w": 5e-4, "lambda_h": 5e-4}
START, MOMENTUM = 10.0, 0.9
# The learning rates of each ten epochs (x0.2 after 30, 60 and 80), and the batches of MNIST in ten epochs.
RATES, STEPS = np.repeat([0.01, 0.002, 4e-4, 8e-5], [3, 3, 2, 2]).tolist(), 4690


def sweep_rows(dataset: xr.Dataset) -> list[Row]:
    """List all points of the figure: source, loss, place and numbers; of theory, all that the dataset holds."""
    over, rows = dataset.attrs["over"], list(_optima(dataset))
    if over != "lambda_b":
        return rows
    problem = Problem(**{name: dataset.attrs[name] for name in SETTINGS if name != over})
    values, papers = dataset[over].values, _is_papers(problem)
    if papers and values[0] > 0:
        rows = [*_without_decay(problem, dataset), *rows]
    if papers or values[0] == 0:
        rows += [_forecast(0.0, mean, mean) for mean in (0.0, START)]
    if papers:
        rows += [_forecast(decay, START, _forecast_mean(decay)) for decay in values[values > 0].tolist()]
        rows += [row for row in _published() if row[over] == 0 or values[0] <= row[over] <= values[-1]]
    return rows


def _optima(dataset: xr.Dataset) -> Iterator[Row]:
    over = dataset.attrs["over"]
    for loss in dataset["loss"].values.tolist():
        columns = {str(name): column.values.tolist() for name, column in dataset.sel(loss=loss).data_vars.items()}
        for at, place in enumerate(dataset[over].values.tolist()):
            yield _row(THEORY, loss, {over: place}) | {name: column[at] for name, column in columns.items()}


def _row(source: str, loss: str, numbers: Row) -> Row:
    return {"source": source, "loss": loss, **numbers}


def _is_papers(problem: Problem) -> bool:
    """Tell whether the optimum is that of the paper's Fig. 3: the feature length does not matter if it is enough."""
    same = all(math.isclose(getattr(problem, name), value) for name, value in PAPERS.items())
    return same and problem.dim >= problem.classes


def _without_decay(problem: Problem, dataset: xr.Dataset) -> Iterator[Row]:
    for loss in LOSSES:
        found = optimum(replace(problem, loss=loss, lambda_b=0.0))
        yield _row(THEORY, loss, {"lambda_b": 0.0}) | {str(name): getattr(found, str(name)) for name in dataset}


def _forecast(decay: float, mean: float, threshold: float) -> Row:
    return _row(FORECAST, "ce", {"lambda_b": decay, "initial_mean": mean, "threshold": threshold})


def _forecast_mean(decay: float) -> float:
    return list(forecast_mean(START, RATES, STEPS, momentum=MOMENTUM, decay=decay))[-1]


def _published() -> Iterator[Row]:
    """Read the poster's Fig. 3: over lambda_b from mean 10, and without decay over the initial mean."""
    decays, means = (published()["fig3"][name] for name in ("bias_decay", "bias_mean"))
    for loss in LOSSES:
        for place, numbers in _points(decays["lambda_b"], decays[loss]):
            yield _row(PUBLISHED, loss, {"lambda_b": place, "initial_mean": START, **numbers})
        for place, numbers in _points(means["initial_mean"], means[loss]):
            yield _row(PUBLISHED, loss, {"lambda_b": 0.0, "initial_mean": float(place), **numbers})


def _points(places: Sequence[float], table: Row) -> Iterator[tuple[float, Row]]:
    """Pair places with numbers; a number alone stands for all places."""
    columns = [np.broadcast_to(table[name], len(places)) for name in ("positive", "bias", "negative")]
    for place, *numbers in zip(places, *columns, strict=True):
        yield place, dict(zip(SCORES, map(float, numbers), strict=True))
