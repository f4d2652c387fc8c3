"""Rows of metric values as labelled data: the Dataset of an analysis, and its flat records.

A row is a dict of metric values: numbers, and arrays by class; rows are kept by epoch.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bceprobe.metrics import BY_CLASS, topic_metrics

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from bceprobe.metrics import Metric

Row = dict[str, Any]
Rows = dict[int, Row]
DIMS = ("run", "split", "epoch")
CAPTURED = {"long_name": "Whether the run holds this epoch of this split", "definition": "own", "units": "1"}


def labelled(rows: Mapping[tuple[str, str], Rows], topics: Sequence[str]) -> xr.Dataset:
    """Lay rows, given per run and split, out as a Dataset over run, split and epoch, and label for values by class.

    Runs and splits stay in the order they come in, epochs increase; what a run does not have is NaN and not captured.
    """
    runs, splits = (list(dict.fromkeys(names)) for names in zip(*rows, strict=True))
    epochs = sorted({epoch for part in rows.values() for epoch in part})
    places: dict[tuple[int, ...], Row] = {
        (runs.index(run), splits.index(split), epochs.index(epoch)): row
        for (run, split), part in rows.items()
        for epoch, row in part.items()
    }
    shape = (len(runs), len(splits), len(epochs))
    columns: dict[str, Any] = {}
    for entry in (entry for topic in topics for entry in topic_metrics(topic)):
        columns |= _columns(entry, places, shape)
    captured = np.zeros(shape, dtype=bool)
    captured[tuple(np.array(list(places)).T)] = True
    columns["captured"] = (DIMS, captured, CAPTURED)
    return xr.Dataset(columns, coords={"run": runs, "split": splits, "epoch": np.array(epochs, np.int64)})


def records(dataset: xr.Dataset) -> list[dict[str, Any]]:
    """Flatten a result of `analyze` into one dict per captured run, split and epoch, without the values by class.

    Undefined values become None.
    """
    ordered = dataset.drop_dims("label", errors="ignore").transpose(*DIMS)
    labels = [ordered[dim].values.tolist() for dim in DIMS]
    columns = {str(name): ordered[name].values for name in ordered.data_vars if name != "captured"}
    return [
        {dim: names[at] for dim, names, at in zip(DIMS, labels, place, strict=True)}
        | {name: _number(column[tuple(place)]) for name, column in columns.items()}
        for place in np.argwhere(ordered["captured"].values)
    ]


def _columns(entry: Metric, places: Mapping[tuple[int, ...], Row], shape: tuple[int, ...]) -> dict[str, Any]:
    """Make the variable of a metric, and that by class if it has one."""
    values = np.full(shape, np.nan)
    for place, row in places.items():
        values[place] = row[entry.name]
    columns: dict[str, Any] = {entry.name: (DIMS, values, entry.attributes)}
    if entry.by_class:
        attributes = entry.attributes | {"long_name": f"{entry.long_name}, by class"}
        columns[entry.name + BY_CLASS] = ((*DIMS, "label"), _by_class(entry, places, shape), attributes)
    return columns


def _by_class(entry: Metric, places: Mapping[tuple[int, ...], Row], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Enter the values by class; runs with fewer classes have NaN for the others."""
    found = {place: row[entry.name + BY_CLASS] for place, row in places.items()}
    values = np.full((*shape, max(map(len, found.values()))), np.nan)
    for place, own in found.items():
        values[place][: len(own)] = own
    return values


def _number(value: np.float64) -> float | None:
    return float(value) if math.isfinite(value) else None
