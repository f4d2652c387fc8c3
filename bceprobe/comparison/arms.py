"""Arms: which runs belong together, what they are called, and which of their seeds form pairs."""

from __future__ import annotations

from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bceprobe.errors import StoreNotFoundError, UsageError
from bceprobe.report import printable
from bceprobe.settings import flatten
from bceprobe.store import Run, find_runs
from bceprobe.store.location import is_url

if TYPE_CHECKING:
    from collections.abc import Sequence

ABBREVIATION = 4
# Settings that may differ between the runs of one arm: they do not change what is trained, or are the point of it.
FREE = {"seed", "device", "deterministic", "capture.epochs", "capture.shard"}


@dataclass(frozen=True, eq=False)
class Arm:
    """One training procedure: its runs, in the order of their seeds, and what it is called."""

    label: str
    source: str
    runs: tuple[Run, ...]

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that all its runs share, by dotted key; empty where a run has none."""
        return procedure(self.runs[0])

    @property
    def loss(self) -> str:
        """The name of its loss; empty where it is not known."""
        return printable(str(self.settings.get("loss.name", "")))

    @property
    def seeds(self) -> tuple[int | None, ...]:
        """The seed of every run, None where it is not known."""
        return tuple(run.settings.get("seed") for run in self.runs)


def read_arms(locations: Sequence[str]) -> tuple[Arm, ...]:
    """Find the runs of every arm.

    Parameters
    ----------
    locations
        A run, a folder that holds runs at any depth, or a glob pattern, for each arm.

    Raises
    ------
    UsageError
        Fewer than two arms, a run in two arms, or runs of one arm that differ in more than their seed.
    StoreError
        An arm has no runs, or one cannot be read.
    """
    if len(locations) < 2:  # noqa: PLR2004
        raise UsageError("a comparison needs at least two arms", "Give two runs, folders of runs or quoted patterns")
    found = [tuple(sorted(_find(location), key=_by_seed)) for location in locations]
    for location, runs in zip(locations, found, strict=True):
        _check_one_procedure(location, runs)
    _check_disjoint(locations, found)
    labels = _labels(locations, [_loss(runs[0]) for runs in found])
    return tuple(map(Arm, labels, locations, found))


def procedure(run: Run) -> dict[str, Any]:
    """Return the settings of a run that make up its training procedure, by dotted key."""
    return {key: value for key, value in flatten(run.settings).items() if key not in FREE}


def differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """List the keys whose values differ; none if either side has no settings at all."""
    if not (one and other):
        return []
    return [key for key in sorted({*one, *other}) if one.get(key) != other.get(key)]


def pairs(a: Arm, b: Arm) -> list[tuple[int, int]]:
    """Return the positions of runs with the same seed, if the seeds of both arms are known, unique and the same."""
    known = None not in a.seeds and len(set(a.seeds)) == len(a.seeds) > 1
    if not known or set(a.seeds) != set(b.seeds) or len(a.seeds) != len(b.seeds):
        return []
    return [(position, b.seeds.index(seed)) for position, seed in enumerate(a.seeds)]


def _find(location: str) -> list[Run]:
    if is_url(location) or not has_magic(location) or Path(location).exists():
        return find_runs(location)
    folders = [match for match in sorted(glob(location)) if Path(match).is_dir()]  # noqa: PTH207 - absolute patterns too
    if not folders:
        raise StoreNotFoundError(f"no folder matches {location}", "Patterns are quoted, like 'runs/ce-*'")
    return [run for folder in folders for run in find_runs(folder)]


def _by_seed(run: Run) -> tuple[int, str]:
    seed = run.settings.get("seed")
    return (seed if isinstance(seed, int) else 0, run.location)


def _check_one_procedure(location: str, runs: Sequence[Run]) -> None:
    for run in runs[1:]:
        for key in differing(procedure(runs[0]), procedure(run)):
            values = sorted({str(procedure(either).get(key)) for either in (runs[0], run)})
            what = f"the runs of {location} differ in {key} ({' and '.join(values)}), not only in their seed"
            raise UsageError(what, "Give each arm a folder or a quoted pattern of its own")


def _check_disjoint(locations: Sequence[str], found: Sequence[Sequence[Run]]) -> None:
    owner: dict[str, str] = {}
    for location, runs in zip(locations, found, strict=True):
        for run in runs:
            place = run.location if is_url(run.location) else str(Path(run.location).resolve())
            if place in owner:
                raise UsageError(f"run {run.location} is in {owner[place]} and again in {location}", "Give it once")
            owner[place] = location


def _loss(run: Run) -> str:
    return str(run.settings.get("loss", {}).get("name", ""))


def _labels(locations: Sequence[str], losses: Sequence[str]) -> list[str]:
    """Name arms by their losses if that tells them apart, else by the ends of their locations, else in full."""
    names = [loss.upper() if len(loss) <= ABBREVIATION else loss for loss in losses]
    ends = [location.rstrip("/").rsplit("/", 1)[-1] or location for location in locations]
    for labels in (names, ends):
        if all(labels) and len(set(labels)) == len(labels):
            return [printable(label) for label in labels]
    return [printable(location) for location in locations]
