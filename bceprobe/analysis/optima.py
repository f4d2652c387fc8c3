"""Optima: what was measured of runs beside what theory expects of them, from an analysis of bias and scores."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bceprobe.analysis import unique_labels
from bceprobe.analysis.context import TRAINED
from bceprobe.analysis.expected import expected
from bceprobe.store import Run, find_runs

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import xarray as xr

    from bceprobe.analysis.expected import Expected

# What theory predicts -> the metric that measures it.
QUANTITIES = {"threshold": "threshold_mean", "positive_score": "positive_mean", "negative_score": "negative_mean"}


def optima(dataset: xr.Dataset, runs: Sequence[str | Path | Run]) -> list[dict[str, Any]]:
    """Set what was measured of runs beside their optima, and CE's mean threshold beside its forecast.

    Parameters
    ----------
    dataset
        A result of `bceprobe.analysis.analyze` with ``threshold_mean``, ``positive_mean``, ``negative_mean`` over
        (run, split, epoch), and ``captured``.
    runs
        What was analysed, as `analyze` was given it.

    Returns
    -------
    list of dict
        A JSON-able record per captured epoch of the train split of each run that theory expects something of (see
        `bceprobe.analysis.expected`): ``run``, ``split``, ``epoch``; ``problem``; ``regime`` and ``statement`` of its
        `bceprobe.theory.Optimum`; ``notes``, sentences on what is not predicted and why; ``predicted_``, ``measured_``
        and ``distance_`` (measured minus predicted) of ``threshold``, ``positive_score`` and ``negative_score``; and
        ``forecast_threshold`` with ``forecast_distance``. None where undefined or not known.

    Raises
    ------
    KeyError
        The dataset lacks one of these variables.
    """
    if TRAINED not in dataset["split"]:
        return []
    opened = [run for entry in runs for run in ([entry] if isinstance(entry, Run) else find_runs(entry))]
    labels = dict(zip(unique_labels(opened), opened, strict=True))
    part = dataset[[*QUANTITIES.values(), "captured"]].sel(split=TRAINED)
    return [record for label in part["run"].values.tolist() for record in _records(part.sel(run=label), labels[label])]


def _records(part: xr.Dataset, run: Run) -> Iterator[dict[str, Any]]:
    """Make the records of a run from its part, (epoch,)."""
    found = part.isel(epoch=part["captured"].values)
    known = expected(run) if found.sizes["epoch"] else None
    if known is None:
        return
    place = {"run": found["run"].item(), "split": TRAINED}
    for at, epoch in enumerate(found["epoch"].values.tolist()):
        measured = {name: float(found[metric].values[at]) for name, metric in QUANTITIES.items()}
        yield {**place, "epoch": epoch, **_about(known), **_compared(known, epoch, measured)}


def _about(known: Expected) -> dict[str, Any]:
    regime, statement = (known.optimum.regime, known.optimum.statement) if known.optimum else (None, None)
    return {"problem": asdict(known.problem), "regime": regime, "statement": statement, "notes": list(known.notes)}


def _compared(known: Expected, epoch: int, measured: dict[str, float]) -> dict[str, float | None]:
    """Set the values of an epoch beside what is expected of them."""
    found: dict[str, float] = {}
    for name, value in measured.items():
        predicted = getattr(known.optimum, name) if known.optimum else math.nan
        found |= {f"predicted_{name}": predicted, f"measured_{name}": value, f"distance_{name}": value - predicted}
    forecast = known.forecast.get(epoch, math.nan)
    found |= {"forecast_threshold": forecast, "forecast_distance": measured["threshold"] - forecast}
    return {name: value if math.isfinite(value) else None for name, value in found.items()}
