"""The cache of an analysis: `metrics.zarr` beside the store, a group per split, topic and global mean.

Rows are dicts of metric values by epoch, each with the `digest` of the chunks it was computed from. A group is replaced
as a whole, and anything unreadable or of another metric version is as good as nothing.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bceprobe.metrics import topic_metrics
from bceprobe.store.location import child, is_url

if TYPE_CHECKING:
    from bceprobe.store import Run

Rows = dict[int, dict[str, Any]]


@dataclass(frozen=True)
class Cache:
    """The cached rows of one split of one run for one topic and global mean."""

    run: Run
    split: str
    topic: str
    global_mean: str

    @property
    def group(self) -> Path:
        """The folder of the Zarr group; runs at a URL are not cached."""
        return Path(child(self.run.location, "metrics.zarr", self.split, f"{self.topic}-{self.global_mean}"))

    def read(self) -> Rows:
        """Read the rows by epoch; none where there is no usable cache."""
        if is_url(self.run.location) or not self.group.is_dir():
            return {}
        try:
            with xr.open_zarr(self.group, consolidated=False, chunks=None) as found:
                return _rows(found) if found.attrs.get("versions") == _versions(self.topic) else {}
        except (OSError, ValueError, KeyError):
            return {}

    def write(self, rows: Rows) -> None:
        """Replace the group; where the folder cannot be written there is no cache."""
        if is_url(self.run.location):
            return
        partial = self.group.with_name(f".{self.group.name}.{os.getpid()}")
        try:
            partial.parent.mkdir(parents=True, exist_ok=True)
            dataset = table(rows, self.topic).assign_attrs(versions=_versions(self.topic))
            dataset.to_zarr(partial, mode="w", consolidated=False)
            shutil.rmtree(self.group, ignore_errors=True)
            partial.rename(self.group)
        except OSError:
            shutil.rmtree(partial, ignore_errors=True)


def table(rows: Rows, topic: str) -> xr.Dataset:
    """Lay rows out as a Dataset over epochs, each metric with its attributes."""
    epochs = sorted(rows)
    columns: dict[str, Any] = {
        entry.name: ("epoch", np.array([rows[epoch][entry.name] for epoch in epochs], float), entry.attributes)
        for entry in topic_metrics(topic)
    }
    columns["digest"] = ("epoch", np.array([rows[epoch]["digest"] for epoch in epochs], np.int64))
    return xr.Dataset(columns, coords={"epoch": np.array(epochs, np.int64)})


def _rows(dataset: xr.Dataset) -> Rows:
    columns = {str(name): dataset[name].values.tolist() for name in dataset.data_vars}
    epochs = dataset["epoch"].values.tolist()
    return {epoch: {name: values[at] for name, values in columns.items()} for at, epoch in enumerate(epochs)}


def _versions(topic: str) -> str:
    return json.dumps({entry.name: entry.version for entry in topic_metrics(topic)})
