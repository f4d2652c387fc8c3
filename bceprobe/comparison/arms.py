"""Arms: which runs belong together, what they are called, and which of their seeds form pairs."""

from __future__ import annotations

from dataclasses import dataclass
from glob import glob, has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from bceprobe.errors import StoreNotFoundError, UsageError
from bceprobe.report import printable
from bceprobe.settings import flatten
from bceprobe.settings.starting import INHERITED
from bceprobe.store import Run, find_runs
from bceprobe.store.location import is_url

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

ABBREVIATION = 4
LONGEST = 40
WEIGHTS = "model.weights"
# What stands before the settings of the run that another one started from.
FROM = "from."
# Settings that may differ between the runs of one arm: they do not change what is trained, or are the point of it.
FREE = {"seed", "device", "deterministic", "threads", "capture.epochs", "capture.shard", "data.workers"}


@dataclass(frozen=True, eq=False)
class Arm:
    """One training procedure: its runs, in the order of their seeds, and what it is called.

    `level` is what it is compared by, such as ``"BCE"``, and `cell` what else holds for it, such as ``"sgd"``: the
    label has both. In a comparison of locations the label is the level, and the cell is empty.
    """

    label: str
    source: str
    runs: tuple[Run, ...]
    level: str = ""
    cell: str = ""

    @property
    def settings(self) -> dict[str, Any]:
        """The settings that all its runs share, by dotted key; empty where a run has none."""
        first, *others = map(procedure, self.runs)
        return {key: value for key, value in first.items() if all(other.get(key) == value for other in others)}

    @property
    def loss(self) -> str:
        """The name of its loss; empty where it is not known."""
        return printable(str(self.settings.get("loss.name", "")))

    @property
    def seeds(self) -> tuple[int | None, ...]:
        """The seed of every run, None where it is not known."""
        return tuple(run.settings.get("seed") for run in self.runs)


class Pairing(NamedTuple):
    """Which runs of two arms form pairs, by position; `why` says what is left out, or why there are no pairs."""

    pairs: tuple[tuple[int, int], ...]
    why: str = ""


def read_arms(locations: Sequence[str], allowed: Collection[str] = ()) -> tuple[Arm, ...]:
    """Find the runs of every arm.

    Parameters
    ----------
    locations
        A run, a folder that holds runs at any depth, or a glob pattern, for each arm.
    allowed
        Settings that may differ between the runs of an arm.

    Raises
    ------
    UsageError
        Fewer than two arms, a run in two arms, or runs of one arm that differ in more than their seed.
    StoreError
        An arm has no runs, or one cannot be read.
    """
    if len(locations) < 2:  # noqa: PLR2004
        raise UsageError("a comparison needs at least two arms", "Give two runs, folders of runs or quoted patterns")
    found = [find_arm(location) for location in locations]
    for location, runs in zip(locations, found, strict=True):
        check_one_procedure(location, runs, allowed)
    _check_disjoint(locations, found)
    labels = _labels(locations, [str(run[0].settings.get("loss", {}).get("name", "")) for run in found])
    arms = zip(labels, locations, found, strict=True)
    return tuple(Arm(label, location, runs, label) for label, location, runs in arms)


def find_arm(location: str) -> tuple[Run, ...]:
    """Open the runs of a location in the order of their seeds."""
    return tuple(sorted(_find(location), key=by_seed))


def procedure(run: Run) -> dict[str, Any]:
    """Return the settings of a run that make up its training procedure, by dotted key.

    Where it started from another run, those of that one stand, as ``from.KEY``, for the path of its weights; what is
    taken over from there (model, data, loss, seed) only where it is not the same.
    """
    return _procedure(run.settings, run.said("provenance", "weights"))


def _procedure(settings: dict[str, Any], weights: dict[str, Any]) -> dict[str, Any]:
    """Take the settings of a run, and what run.json says of the weights that it started from."""
    given = flatten(settings)
    own = {key: value for key, value in given.items() if key not in FREE}
    if not (earlier := weights.get("settings")):
        return own
    own.pop(WEIGHTS, None)
    started = _procedure(earlier, weights.get("weights", {}))
    started = {
        key: value for key, value in started.items() if not (key.startswith(INHERITED) and given.get(key) == value)
    }
    if (seed := earlier.get("seed")) != given.get("seed"):
        started["seed"] = seed
    return own | {f"{FROM}{key}": value for key, value in started.items() if not key.startswith("capture.")}


def differing(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """List the keys whose values differ; none if either side has no settings at all."""
    if not (one and other):
        return []
    return [key for key in sorted({*one, *other}) if one.get(key) != other.get(key)]


def pairing(a: Arm, b: Arm) -> Pairing:
    """Pair the runs of two arms by seed.

    They are paired by the seeds that both have, if these are at least two and at least half of either arm's: else more
    would be lost with the runs left out than pairing gains.
    """
    for arm in (a, b):
        if None in arm.seeds:
            return Pairing((), f"the seeds of {arm.label} are not known")
        if len(set(arm.seeds)) < len(arm.seeds):
            return Pairing((), f"{arm.label} has a seed twice")
    common = [seed for seed in a.seeds if seed in b.seeds]
    largest = max(len(a.seeds), len(b.seeds))
    if len(common) < 2 or 2 * len(common) < largest:  # noqa: PLR2004 - a spread needs two pairs
        return Pairing((), f"{len(common)} of {len(a.seeds)} and {len(b.seeds)} seeds are the same")
    pairs = tuple((a.seeds.index(seed), b.seeds.index(seed)) for seed in common)
    return Pairing(pairs, "; ".join(filter(None, (_without_partner(arm, common) for arm in (a, b)))))


def label_of(loss: str) -> str:
    """Name an arm by its loss, abbreviations in capitals."""
    return printable(loss.upper() if len(loss) <= ABBREVIATION else loss)


def short(value: Any, longest: int = LONGEST) -> str:
    """Show a value in one line of bounded length."""
    text = printable(str(value)[: longest + 1])
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def by_seed(run: Run) -> tuple[int, str]:
    """Return what runs are ordered by."""
    seed = run.settings.get("seed")
    return (seed if isinstance(seed, int) else 0, run.location)


def place(run: Run) -> str:
    """Say where a run is, the same for every path that leads there."""
    return run.location if is_url(run.location) else str(Path(run.location).resolve())


def check_one_procedure(location: str, runs: Sequence[Run], allowed: Collection[str] = ()) -> None:
    """Refuse runs that cannot make one arm.

    Raises
    ------
    UsageError
        They differ in a setting that is neither free nor allowed.
    """
    for run in runs[1:]:
        for key in differing(procedure(runs[0]), procedure(run)):
            if key not in allowed:
                values = sorted({short(procedure(either).get(key)) for either in (runs[0], run)})
                what = f"the runs of {location} differ in {key} ({' and '.join(values)}), not only in their seed"
                hint = "Give each arm a location of its own, or all runs as one design: --factor loss.name"
                raise UsageError(what, hint)


def _without_partner(arm: Arm, common: Sequence[int | None]) -> str:
    left = [str(seed) for seed in arm.seeds if seed not in common]
    return f"{'seed' if len(left) == 1 else 'seeds'} {', '.join(left)} of {arm.label} left out" if left else ""


def _find(location: str) -> list[Run]:
    if is_url(location) or not has_magic(location) or Path(location).exists():
        return find_runs(location)
    folders = [match for match in sorted(glob(location)) if Path(match).is_dir()]  # noqa: PTH207 - absolute patterns too
    if not folders:
        raise StoreNotFoundError(f"no folder matches {location}", "Patterns are quoted, like 'runs/ce-*'")
    return [run for folder in folders for run in find_runs(folder)]


def _check_disjoint(locations: Sequence[str], found: Sequence[Sequence[Run]]) -> None:
    owner: dict[str, str] = {}
    for location, runs in zip(locations, found, strict=True):
        for run in runs:
            if place(run) in owner:
                raise UsageError(
                    f"run {run.location} is in {owner[place(run)]} and again in {location}", "Give it once"
                )
            owner[place(run)] = location


def _labels(locations: Sequence[str], losses: Sequence[str]) -> list[str]:
    """Name arms by their losses if that tells them apart, else by the ends of their locations, else in full."""
    names = [label_of(loss) for loss in losses]
    ends = [location.rstrip("/").rsplit("/", 1)[-1] or location for location in locations]
    for labels in (names, ends):
        if all(labels) and len(set(labels)) == len(labels):
            return [printable(label) for label in labels]
    return [printable(location) for location in locations]
