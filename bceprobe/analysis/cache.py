"""The cache of an analysis: `metrics.zarr` beside the store, a group per split, topic and global mean.

A group is labelled: ``value`` over (epoch, metric), ``by_class`` over (epoch, metric_by_class, label), with the names
of the metrics and what they are as coordinates, and the `digest` of what each epoch was computed from. It is replaced
as a whole; one that is unreadable, damaged, half replaced or of another metric version is as good as none.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import time
import warnings
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import numpy as np
import xarray as xr
from zarr.errors import ZarrUserWarning

from bceprobe.metrics import BY_CLASS, topic_metrics
from bceprobe.store.location import local_path

if TYPE_CHECKING:
    from pathlib import Path

    from bceprobe.analysis.labelled import Row, Rows
    from bceprobe.snapshot import GlobalMean
    from bceprobe.store import Run

DIGEST = "digest"
# Seconds after which a group that is being written has been given up; to write one takes less than one.
ABANDONED = 3600


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
            with warnings.catch_warnings():
                # Of arrays that another process is just replacing; the seal tells whether all are whole.
                warnings.simplefilter("ignore", ZarrUserWarning)
                with xr.open_zarr(self.group, consolidated=False, chunks=None) as opened:
                    found = opened.load()
            return _rows(found, self.topic) if found.attrs == _seal(found, self.topic) else {}
        except Exception:  # noqa: BLE001 - whatever a damaged cache raises, it only costs computing again
            return {}

    def add(self, rows: Rows) -> None:
        """Replace the group by one with these rows, too; those that another process added meanwhile stay.

        Where the folder cannot be written, or another process was quicker, that is that.
        """
        if not (group := self.group):
            return
        partial = group.with_name(f".{group.name}.{uuid4()}")
        try:
            group.parent.mkdir(parents=True, exist_ok=True)
            _clear(group)
            _table({**self.read(), **rows}, self.topic).to_zarr(partial, mode="w", consolidated=False)
            shutil.rmtree(group, ignore_errors=True)
            partial.rename(group)
        except OSError:
            shutil.rmtree(partial, ignore_errors=True)


def _clear(group: Path) -> None:
    """Remove what killed processes left; what others write now is younger."""
    for left in group.parent.glob(f".{group.name}.*"):
        with suppress(FileNotFoundError):
            if time.time() - left.stat().st_mtime > ABANDONED:
                shutil.rmtree(left, ignore_errors=True)


def _table(rows: Rows, topic: str) -> xr.Dataset:
    epochs = sorted(rows)
    names, labelled = _names(topic)
    columns: dict[str, Any] = {"value": (("epoch", "metric"), _stack([rows[epoch] for epoch in epochs], names))}
    if labelled:
        columns["by_class"] = (
            ("epoch", "metric_by_class", "label"),
            _stack([rows[epoch] for epoch in epochs], labelled),
        )
    columns[DIGEST] = ("epoch", np.array([rows[epoch][DIGEST] for epoch in epochs], np.int64))
    table = xr.Dataset(columns, coords={"epoch": np.array(epochs, np.int64), **_labels(topic)})
    return table.assign_attrs(_seal(table, topic))


def _labels(topic: str) -> dict[str, Any]:
    """Name the metrics along their dimensions, and say what they are."""
    metrics, (names, labelled) = topic_metrics(topic), _names(topic)
    about = ("long_name", "definition", "units")
    found: dict[str, Any] = {key: ("metric", _texts([getattr(entry, key) for entry in metrics])) for key in about}
    return found | {"metric": _texts(names)} | ({"metric_by_class": _texts(labelled)} if labelled else {})


def _texts(texts: list[str]) -> Any:
    return np.array(texts, dtype=object)


def _rows(table: xr.Dataset, topic: str) -> Rows:
    names, labelled = _names(topic)
    values, digests = table["value"].values.tolist(), table[DIGEST].values.tolist()
    by_class = table["by_class"].values if labelled else np.empty((len(values), 0))
    rows: Rows = {}
    for at, epoch in enumerate(table["epoch"].values.tolist()):
        row: Row = dict(zip(names, values[at], strict=True)) | dict(zip(labelled, by_class[at], strict=True))
        rows[epoch] = {**row, DIGEST: digests[at]}
    return rows


def _names(topic: str) -> tuple[list[str], list[str]]:
    """Name the values of a topic: those of a snapshot, and those by class."""
    metrics = topic_metrics(topic)
    return [entry.name for entry in metrics], [entry.name + BY_CLASS for entry in metrics if entry.by_class]


def _stack(rows: list[Row], names: list[str]) -> Any:
    return np.array([[row[name] for name in names] for row in rows], dtype=np.float64)


def _seal(table: xr.Dataset, topic: str) -> dict[str, str]:
    """Make the attributes of a group: metric versions, and a checksum, as Zarr reads a lost chunk as NaN."""
    content = hashlib.sha256()
    for name in ("epoch", "value", "by_class", DIGEST):
        if name in table:
            content.update(np.ascontiguousarray(table[name].values).tobytes())
    versions = {entry.name: entry.version for entry in topic_metrics(topic)}
    return {"versions": json.dumps(versions), "checksum": content.hexdigest()}
