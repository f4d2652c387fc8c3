"""What a sweep would take: bytes of its stores exactly, time by training a few images of each kind of point."""

from __future__ import annotations

import csv
import math
import time
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from bceprobe.errors import BceProbeError
from bceprobe.settings import LossSettings, PenaltySettings
from bceprobe.sweep.solving import is_solved, problem_of
from bceprobe.theory import solve
from bceprobe.train import make_plan, train
from bceprobe.train.history import FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bceprobe.settings import Settings
    from bceprobe.sweep.points import Point

# Batches that are trained to tell how long one takes; the first epoch of two warms up.
BATCHES = 4


@dataclass(frozen=True)
class Estimate:
    """Of one point: bytes of its store and seconds of its training; NaN, with the reason, where data is missing."""

    bytes_total: float
    seconds: float
    reason: str = ""


def estimates(
    points: Sequence[Point],
    *,
    data_dir: Path | None = None,
    download: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> dict[str, Estimate]:
    """Estimate every point, by its label; those that differ only in what takes no time share one measurement.

    The time is that of this machine, one point at a time: the speed of two short epochs, scaled to all images and
    epochs, those that are captured included.
    """
    known: dict[str, Estimate] = {}
    found: dict[str, Estimate] = {}
    for done, point in enumerate(points, start=1):
        settings = _unstarted(point)
        kind = _kind(settings)
        if kind not in known:
            known[kind] = _estimate(settings, data_dir, download=download)
        found[point.label] = known[kind]
        if progress:
            progress(done, len(points))
    return found


def _unstarted(point: Point) -> Settings:
    """Return the settings without the weights that the stage before is still to make."""
    if point.start is None:
        return point.settings
    fresh = replace(point.settings.model, weights="", fresh_classifier=False, bias_init="mean")
    return replace(point.settings, model=fresh)


def _kind(settings: Settings) -> str:
    """Write down what time and size depend on."""
    model = replace(settings.model, bias_mean=0.0, bias_init="mean")
    optim = replace(settings.optim, lr=1.0, weight_decay=0.0, milestones=(), factor=0.2)
    kind = replace(settings, seed=0, loss=LossSettings(), model=model, optim=optim, penalty=PenaltySettings())
    return kind.to_toml()


def _estimate(settings: Settings, data_dir: Path | None, *, download: bool) -> Estimate:
    if is_solved(settings):
        return _solved(settings)
    try:
        plan = make_plan(settings, data_dir, download=download)
        seconds = _seconds(settings, sum(plan.trained.values()), plan.classes, data_dir)
    except BceProbeError as error:
        return Estimate(math.nan, math.nan, str(error))
    return Estimate(plan.bytes_total, seconds)


def _solved(settings: Settings) -> Estimate:
    """Solve a problem to tell how long that takes; its solution has a float32 for each variable."""
    begun = time.monotonic()
    try:
        found = solve(problem_of(settings), settings.seed)
    except BceProbeError as error:
        return Estimate(math.nan, math.nan, str(error))
    size = 4 * (found.features.size + found.weight.size + found.threshold.size) + 16 * len(found.target)
    return Estimate(size, time.monotonic() - begun)


def _seconds(settings: Settings, images: int, classes: int, data_dir: Path | None) -> float:
    """Train a few batches for two epochs and scale the second one."""
    limit = max(1, math.ceil(BATCHES * settings.optim.batch_size / classes))
    data = replace(settings.data, limit_per_class=min(limit, settings.data.limit_per_class or limit))
    short = replace(
        settings, data=data, optim=replace(settings.optim, epochs=2), capture=replace(settings.capture, epochs="all")
    )
    with TemporaryDirectory(prefix="bceprobe-estimate-") as folder:
        used = make_plan(short, data_dir)
        train(short, Path(folder) / "run", data_dir=data_dir)
        with (Path(folder) / "run" / FILE).open(newline="", encoding="utf-8") as file:
            second = list(csv.DictReader(file))[1]
    return float(second["seconds"]) * images / sum(used.trained.values()) * settings.optim.epochs
