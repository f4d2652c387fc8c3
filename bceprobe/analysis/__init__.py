"""Analysis: runs and a topic in, one labelled Dataset out, cached beside each store.

An epoch is computed again only if the checksums of its chunks or the version of a metric have changed; the cache may
be deleted at any time.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr

from bceprobe.analysis.cache import Cache, table
from bceprobe.errors import UsageError
from bceprobe.metrics import evaluate, topic_metrics
from bceprobe.settings import select_epochs
from bceprobe.store import Run, find_runs
from bceprobe.store.location import is_url

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SCHEMA_VERSION = 1
GlobalMean = Literal["sample", "class"]


def analyze(
    runs: str | Path | Run | Sequence[str | Path | Run],
    topic: str = "nc",
    *,
    splits: Sequence[str] | None = None,
    epochs: str = "all",
    global_mean: GlobalMean = "sample",
    progress: Callable[[int, int], None] | None = None,
) -> xr.Dataset:
    """Compute every metric of a topic for stored epochs of runs.

    Parameters
    ----------
    runs
        Runs, or locations of runs or of folders that hold runs.
    topic
        ``"nc"``, ``"accuracy"``, or another one that ``bceprobe list metrics`` shows.
    splits
        Of ``("train", "test")``; all that a run has, if left out.
    epochs
        Which of the written epochs, such as ``"1-20,50,last"`` (see `bceprobe.settings.select_epochs`).
    global_mean
        ``"sample"`` (the paper) or ``"class"`` (mean of class means).
    progress
        Called with the number of snapshots done and their total.

    Returns
    -------
    xarray.Dataset
        Dimensions (run, split, epoch), a float64 variable per metric with its label, unit, source and direction as
        attributes. NaN where a run lacks an epoch or split, or where a metric is undefined.

    Raises
    ------
    StoreError
        A run cannot be read.
    UsageError
        Unknown topic or epochs, or a split that no run has.
    """
    opened = _opened(runs)
    todo = [(run, split) for run in opened for split in splits or run.splits]
    chosen = {key: select_epochs(epochs, key[0].epochs(key[1])) for key in todo}
    counter = _Counter(sum(map(len, chosen.values())), progress)
    labels = dict(zip(opened, unique_labels(opened), strict=True))
    parts = [
        _analyze_split(Cache(run, split, topic, global_mean), numbers, counter).assign_coords(
            run=labels[run], split=split
        )
        for (run, split), numbers in chosen.items()
    ]
    if not parts:
        raise UsageError("no run has a written epoch", "Train first, or look with: bceprobe store info")
    return _combined(parts, topic).assign_attrs(topic=topic, global_mean=global_mean)


def records(dataset: xr.Dataset) -> list[dict[str, Any]]:
    """Flatten a result of `analyze` into one dict per run, split and epoch; undefined values become None."""
    rows = []
    for run in dataset["run"].values.tolist():
        for split in dataset["split"].values.tolist():
            part = dataset.sel(run=run, split=split)
            captured = np.flatnonzero(part["captured"].values)
            rows += [{"run": run, "split": split, **_row(part.isel(epoch=position))} for position in captured]
    return rows


def unique_labels(runs: Sequence[Run]) -> list[str]:
    """Name each run by as many of its last path parts as tell all of them apart."""
    parts = [Path(run.location).parts if is_url(run.location) else Path(run.location).resolve().parts for run in runs]
    depth = 1
    while len({part[-depth:] for part in parts}) < len(set(parts)):
        depth += 1
    return ["/".join(part[-depth:]) for part in parts]


class _Counter:
    """Counts finished snapshots for a progress display."""

    def __init__(self, total: int, report: Callable[[int, int], None] | None) -> None:
        self.done, self.total, self.report = 0, total, report

    def advance(self) -> None:
        self.done += 1
        if self.report:
            self.report(self.done, self.total)


def _opened(runs: str | Path | Run | Sequence[str | Path | Run]) -> list[Run]:
    listed = [runs] if isinstance(runs, (str, Path, Run)) else list(runs)
    found = [run for entry in listed for run in ([entry] if isinstance(entry, Run) else find_runs(entry))]
    return list({run.location: run for run in found}.values())


def _analyze_split(cache: Cache, epochs: Sequence[int], counter: _Counter) -> xr.Dataset:
    cached = cache.read()
    rows = {}
    for epoch in epochs:
        digest = _digest(cache.run, epoch, cache.split)
        known = cached.get(epoch)
        rows[epoch] = known if known and known["digest"] == digest else {**_compute(cache, epoch), "digest": digest}
        counter.advance()
    if any(cached.get(epoch) is not row for epoch, row in rows.items()):
        cache.write({**cached, **rows})
    return table(rows, cache.topic).drop_vars("digest").assign(captured=("epoch", np.ones(len(rows), bool)))


def _compute(cache: Cache, epoch: int) -> dict[str, float]:
    mean: Any = cache.global_mean
    return evaluate(cache.run.snapshot(epoch, cache.split, global_mean=mean), cache.topic)


def _digest(run: Run, epoch: int, split: str) -> int:
    return int(run.fingerprint(epoch, split)[:15], 16)


def _combined(parts: list[xr.Dataset], topic: str) -> xr.Dataset:
    """Align all (run, split) parts on their epochs, runs and splits in the order they came."""
    cells = [part.expand_dims(["run", "split"]) for part in parts]
    by_run = [
        xr.concat([cell for cell in cells if cell["run"].item() == run], "split", join="outer", fill_value=_FILL)
        for run in dict.fromkeys(cell["run"].item() for cell in cells)
    ]
    whole = xr.concat(by_run, "run", join="outer", fill_value=_FILL)
    for entry in topic_metrics(topic):
        whole[entry.name].attrs = entry.attributes
    return whole


_FILL = {"captured": False}


def _row(cell: xr.Dataset) -> dict[str, Any]:
    values = {str(name): cell[name].item() for name in cell.data_vars if name != "captured"}
    return {"epoch": cell["epoch"].item(), **{name: v if math.isfinite(v) else None for name, v in values.items()}}
