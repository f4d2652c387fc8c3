"""Which points of a sweep are finished, and what they measure at the epoch that counts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from bceprobe.analysis import analyze, selected_epoch
from bceprobe.errors import BceProbeError, UsageError
from bceprobe.metrics import METRICS
from bceprobe.report import printable
from bceprobe.settings import changed, flatten, resolve
from bceprobe.store import Run
from bceprobe.store.manifest import CONFIG
from bceprobe.store.selection import CRITERIA

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bceprobe.sweep import Point

    Place = tuple[str, str]

FINISHED, LAST = "finished", CRITERIA["last"]
# The epoch of a run whose selected one was not captured.
FALLBACK = "last captured epoch, as the selected one was not captured"


@dataclass(frozen=True)
class Measured:
    """A finished point: its metrics by metric and split, at which epoch of each split, and why there."""

    point: Point
    values: Mapping[Place, float]
    epochs: Mapping[str, int]
    moment: str


class Missing(NamedTuple):
    """A point without finished data, and why."""

    point: Point
    why: str


def measure_points(
    points: Sequence[Point], places: Sequence[Place], progress: Callable[[int, int], None] | None = None
) -> tuple[list[Measured], list[Missing]]:
    """Measure the points that are finished, with the settings that they should have; say of the others why not.

    Metrics are taken at the epoch that counts (`bceprobe.store.Run.selection`) if it was captured, else at the last
    captured one. A split that a run does not have is left out.
    """
    measured, missing = [], []
    for done, point in enumerate(points, start=1):
        try:
            measured.append(_measured(point, places))
        except BceProbeError as error:
            missing.append(Missing(point, printable(error.what)))
        if progress:
            progress(done, len(points))
    return measured, missing


def _measured(point: Point, places: Sequence[Place]) -> Measured:
    """Measure a point.

    Raises
    ------
    UsageError
        It is not finished.
    StoreError
        It cannot be read.
    """
    run = _opened(point)
    values: dict[Place, float] = {}
    epochs, moment = {}, LAST
    for split in [split for split in dict.fromkeys(split for _, split in places) if split in run.splits]:
        epochs[split], moment = _moment(run, split)
        names = [name for name, place in places if place == split]
        topics = list(dict.fromkeys(METRICS[name].topic for name in names))
        found = analyze(run, topics, splits=split, epochs=str(epochs[split]))
        values |= {(name, split): float(found[name].item()) for name in names}
    return Measured(point, values, epochs, moment)


def _opened(point: Point) -> Run:
    if not (point.folder / CONFIG).exists():
        raise UsageError("not begun")
    run = Run(str(point.folder))
    settings, _ = resolve([("run", flatten(run.settings))])
    if other := changed(settings, point.settings):
        raise UsageError(f"made with another {other[0]}")
    if (status := run.manifest.get("status")) != FINISHED:
        raise UsageError(f"not finished ({status})")
    return run


def _moment(run: Run, split: str) -> tuple[int, str]:
    """Return the epoch to look at, and how it was chosen."""
    stored = run.split(split)
    if not stored.epochs:
        raise UsageError(f"nothing captured of the {split} split")
    try:
        epoch = selected_epoch(stored)
    except UsageError:
        epoch = None
    if epoch is None or run.selection is None:
        return stored.epochs[-1], FALLBACK
    return epoch, run.selection.criterion
