"""Rows of metric values as labelled data: the Dataset of an analysis, and its flat records.

A row is a dict of metric values; rows are kept by epoch.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bceprobe.metrics import topic_metrics

if TYPE_CHECKING:
    from collections.abc import Mapping

Rows = dict[int, dict[str, float]]
DIMS = ("run", "split", "epoch")
CAPTURED = {"long_name": "Whether the run holds this epoch of this split", "definition": "own", "units": "1"}


def labelled(rows: Mapping[tuple[str, str], Rows], topic: str) -> xr.Dataset:
    """Lay rows, given per run and split, out as a Dataset over run, split and epoch.

    Runs and splits stay in the order they come in, epochs increase; what a run does not have is NaN and not captured.
    """
    runs, splits = (list(dict.fromkeys(names)) for names in zip(*rows, strict=True))
    epochs = sorted({epoch for part in rows.values() for epoch in part})
    metrics = topic_metrics(topic)
    values = np.full((len(metrics), len(runs), len(splits), len(epochs)), np.nan)
    captured = np.zeros(values.shape[1:], dtype=bool)
    for (run, split), part in rows.items():
        for epoch, row in part.items():
            place = runs.index(run), splits.index(split), epochs.index(epoch)
            values[:, *place], captured[place] = [row[entry.name] for entry in metrics], True
    columns: dict[str, Any] = {
        entry.name: (DIMS, column, entry.attributes) for entry, column in zip(metrics, values, strict=True)
    }
    columns["captured"] = (DIMS, captured, CAPTURED)
    return xr.Dataset(columns, coords={"run": runs, "split": splits, "epoch": np.array(epochs, np.int64)})


def records(dataset: xr.Dataset) -> list[dict[str, Any]]:
    """Flatten a result of `analyze` into one dict per captured run, split and epoch; undefined values become None."""
    ordered = dataset.transpose(*DIMS)
    labels = [ordered[dim].values.tolist() for dim in DIMS]
    columns = {str(name): ordered[name].values for name in ordered.data_vars if name != "captured"}
    return [
        {dim: names[at] for dim, names, at in zip(DIMS, labels, place, strict=True)}
        | {name: _number(column[tuple(place)]) for name, column in columns.items()}
        for place in np.argwhere(ordered["captured"].values)
    ]


def _number(value: np.float64) -> float | None:
    return float(value) if math.isfinite(value) else None
