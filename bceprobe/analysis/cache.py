"""The cache of an analysis: `metrics.zarr` beside the store, a group per split, topic and global mean.

A row is kept with the `digest` of the chunks it was computed from. A group is replaced as a whole; one that is
unreadable, damaged or of another metric version is as good as none.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bceprobe.metrics import topic_metrics
from bceprobe.store.location import local_path

if TYPE_CHECKING:
    from pathlib import Path

    from bceprobe.analysis.labelled import Rows
    from bceprobe.snapshot import GlobalMean
    from bceprobe.store import Run


@dataclass(frozen=True)
class Cache:
    """The cached rows of one split of one run for one topic and global mean; runs at a URL are not cached."""

    run: Run
    split: str
    topic: str
    global_mean: GlobalMean

    @property
    def group(self) -> Path | None:
        """The folder of the Zarr group; None for a run that is not local."""
        run = local_path(self.run.location)
        return run and run / "metrics.zarr" / self.split / f"{self.topic}-{self.global_mean}"

    def read(self) -> Rows:
        """Read the rows by epoch; none where there is no usable cache."""
        if not (self.group and self.group.is_dir()):
            return {}
        try:
            with xr.open_zarr(self.group, consolidated=False, chunks=None) as found:
                rows = _rows(found)
                return rows if found.attrs == _seal(rows, self.topic) else {}
        except Exception:  # noqa: BLE001 - whatever a damaged cache raises, it only costs computing again
            return {}

    def write(self, rows: Rows) -> None:
        """Replace the group; where the folder cannot be written there is no cache."""
        if not (group := self.group):
            return
        partial = group.with_name(f".{group.name}.{os.getpid()}")
        try:
            group.parent.mkdir(parents=True, exist_ok=True)
            _table(rows, self.topic).to_zarr(partial, mode="w", consolidated=False)
            shutil.rmtree(group, ignore_errors=True)
            partial.rename(group)
        except OSError:
            shutil.rmtree(partial, ignore_errors=True)


def _table(rows: Rows, topic: str) -> xr.Dataset:
    epochs = sorted(rows)
    columns: dict[str, Any] = {
        entry.name: ("epoch", np.array([rows[epoch][entry.name] for epoch in epochs], float), entry.attributes)
        for entry in topic_metrics(topic)
    }
    columns["digest"] = ("epoch", np.array([rows[epoch]["digest"] for epoch in epochs], np.int64))
    return xr.Dataset(columns, coords={"epoch": np.array(epochs, np.int64)}, attrs=_seal(rows, topic))


def _rows(dataset: xr.Dataset) -> Rows:
    columns = {str(name): dataset[name].values.tolist() for name in dataset.data_vars}
    epochs = dataset["epoch"].values.tolist()
    return {epoch: {name: values[at] for name, values in columns.items()} for at, epoch in enumerate(epochs)}


def _seal(rows: Rows, topic: str) -> dict[str, str]:
    """Make the attributes of a group: metric versions, and a checksum, as Zarr reads a lost chunk as NaN."""
    content = json.dumps(rows, sort_keys=True).encode()
    versions = json.dumps({entry.name: entry.version for entry in topic_metrics(topic)})
    return {"versions": versions, "checksum": hashlib.sha256(content).hexdigest()}
