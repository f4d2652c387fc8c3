"""Runs in a line each: what they are, how far they got, and how well they do, from what is on disk already."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from bceprobe.analysis.computing import Task
from bceprobe.analysis.context import Context
from bceprobe.errors import BceProbeError, UsageError
from bceprobe.registry import nearest
from bceprobe.settings import flatten
from bceprobe.store import open_run
from bceprobe.store.finding import run_locations
from bceprobe.store.location import child, exists, is_url, read_bytes, size
from bceprobe.store.lock import held
from bceprobe.store.selection import read_rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bceprobe.settings import Condition
    from bceprobe.store import Run

BROKEN, KILLED, STATUS = "broken", "killed", "status"
METRICS = {"train": ("accuracy", "uniform_accuracy", "nc1", "nc2", "nc3"), "test": ("accuracy", "uniform_accuracy")}
TOPICS = {"train": ("accuracy", "nc"), "test": ("accuracy",)}
# What files of a run that hold anything but what they should lead to.
UNREADABLE = (BceProbeError, AttributeError, csv.Error, KeyError, OSError, TypeError, ValueError)
# The epoch, if any, and the metrics at it.
Measured = tuple[int | None, dict[str, float | None]]


@dataclass(frozen=True)
class Summary:
    """A run in a line.

    Parameters
    ----------
    run
        Its location.
    status
        That of run.json; "killed" where that says running and no process is, "broken" where the run cannot be read.
    captured, planned
        Epochs of the train split that are written, and that were to be.
    epoch
        The last one that there are metrics of; None if there is none.
    metrics
        At that epoch, by split and name such as ``train_nc1``, from history.csv or else the cache of analyses; nothing
        is computed, and what neither has is None.
    bytes
        On disk, all files together.
    settings
        By dotted key; none for a run that bceprobe did not train.
    started
        When, as run.json says.
    problem
        Why it is broken, or what else cannot be read; empty if all is well.
    """

    run: str
    status: str | None
    captured: int = 0
    planned: int = 0
    epoch: int | None = None
    metrics: dict[str, float | None] = field(default_factory=dict)
    bytes: int = 0
    settings: dict[str, Any] = field(default_factory=dict)
    started: str | None = None
    problem: str = ""


def summaries(locations: Sequence[str | Path], conditions: Sequence[Condition] = ()) -> list[Summary]:
    """Summarise the runs at or below some locations, in the order found, each once.

    Parameters
    ----------
    locations
        Runs, or folders that hold runs at any depth.
    conditions
        All must hold, on settings and on `status`.

    Raises
    ------
    StoreNotFoundError
        There is no run at or below one of the locations.
    UsageError
        A condition is on a setting that no run has.
    """
    found = dict.fromkeys(one for location in locations for one in run_locations(location))
    every = [summarise(location) for location in found]
    known = {STATUS, *(key for one in every for key in one.settings)}
    for condition in conditions:
        if condition.key not in known:
            raise UsageError(f"no run has a setting {condition.key!r}", nearest(condition.key, known))
    return [one for one in every if all(condition.holds(_facts(one)) for condition in conditions)]


def summarise(location: str) -> Summary:
    """Summarise a run; one that cannot be read is broken, which is no error here."""
    try:
        return _summary(open_run(location))
    except UNREADABLE as error:
        return Summary(location, BROKEN, bytes=_size(location), problem=" ".join(str(error).split()))


def differing(every: Sequence[Summary]) -> list[str]:
    """Name the settings in which runs differ, sorted; a run without settings differs in none."""
    known = [one.settings for one in every if one.settings]
    keys = sorted({key for settings in known for key in settings})
    return [key for key in keys if len({repr(settings.get(key)) for settings in known}) > 1]


def _facts(summary: Summary) -> dict[str, Any]:
    return {**summary.settings, STATUS: summary.status}


def _summary(run: Run) -> Summary:
    train = next((split for split in ("train", *run.splits) if split in run.splits), None)
    captured = len(run.epochs(train)) if train else 0
    planned = run.array(train, "features").shape[0] if train else 0
    status = run.manifest.get("status")
    if status == "running" and not is_url(run.location) and not held(run.location):
        status = KILLED
    (epoch, metrics), problem = _measured(run)
    provenance = run.manifest.get("provenance")
    started = provenance.get("started") if isinstance(provenance, dict) else None
    settings = {key: _plain(value) for key, value in flatten(run.settings).items()}
    facts = (epoch, metrics, _size(run.location), settings, started, problem)
    return Summary(run.location, status, captured, planned, *facts)


def _measured(run: Run) -> tuple[Measured, str]:
    """Look up the last metrics, and say what cannot be read; that much does not make a run broken."""
    try:
        return _history(run) or _cached(run), ""
    except UNREADABLE:
        return (None, {}), f"the metrics of {run.location} cannot be read: its history.csv or store is damaged"


def _history(run: Run) -> Measured | None:
    """Read the last row of history.csv; None where there is none."""
    path = child(run.location, "history.csv")
    rows = read_rows(read_bytes(path).decode()) if exists(path) else []
    if not rows:
        return None
    names = [f"{split}_{name}" for split, wanted in METRICS.items() for name in wanted]
    return int(rows[-1]["epoch"]), {name: _number(rows[-1].get(name)) for name in names}


def _cached(run: Run) -> Measured:
    """Look the last epoch up in the cache of analyses."""
    metrics: dict[str, float | None] = {}
    last = max((epoch for split in run.splits for epoch in run.epochs(split)), default=0)
    for split, topic in [(name, topic) for name in run.splits for topic in TOPICS[name]]:
        row = Task(run.split(split), Context(run), [topic], [last], "sample").known().get(last, {})
        metrics |= {f"{split}_{name}": _number(row[name]) for name in METRICS[split] if name in row}
    return (last if metrics else None), metrics


def _number(text: Any) -> float | None:
    value = float(text) if text not in {"", None} else math.nan
    return value if math.isfinite(value) else None


def _plain(value: Any) -> Any:
    """Return a value of TOML as one of JSON: dates and what is not finite as text."""
    if isinstance(value, list):
        return [_plain(item) for item in value]
    finite = isinstance(value, float) and math.isfinite(value)
    return value if finite or isinstance(value, (bool, int, str)) else str(value)


def _size(location: str) -> int:
    """Sum what is on disk; a file may vanish while a run is being written."""
    try:
        return size(location)
    except OSError:
        return 0
