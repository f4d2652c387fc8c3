"""The points of a recipe: every combination of levels and seeds, each an ordinary run with a folder of its own."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, NamedTuple

from bceprobe.errors import UsageError
from bceprobe.settings import by_key, inherited, preset, resolve, without_start
from bceprobe.sweep.recipe import STAGE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from bceprobe.settings import Settings
    from bceprobe.sweep.recipe import Layer, Recipe

PRESET = "preset"
SEEDS = re.compile(r"(\d{1,9})(?:-(\d{1,9}))?")
MOST_SEEDS = 10_000


@dataclass(frozen=True)
class Point:
    """One run of a sweep: its levels by axis, its seed, its folder, its settings and where each came from.

    `start` is the point from whose weights it starts: the stage before, with the same other levels and seed.
    """

    levels: Mapping[str, str]
    seed: int
    folder: Path
    settings: Settings
    sources: Mapping[str, str]
    start: Point | None = None

    @property
    def label(self) -> str:
        """Levels and seed in a few words."""
        return " ".join([*self.levels.values(), f"seed-{self.seed}"])


def grid(
    recipe: Recipe, out: Path, *, seeds: Sequence[int] | None = None, changes: Mapping[str, Any] | None = None
) -> list[Point]:
    """Make the points of a recipe: seed by seed, so that a sweep that is stopped has whole grids.

    Parameters
    ----------
    recipe
        What is to be trained.
    out
        The folder of all runs; a point's is OUT/[STAGE/]LEVEL/.../seed-S. Nothing ever reads settings from these
        names.
    seeds
        Instead of those of the recipe.
    changes
        Settings of every point, by dotted key, over all others.

    Raises
    ------
    UsageError
        A setting is unknown or out of its range, or two points have the same settings.
    """
    points: list[Point] = []
    for seed in recipe.seeds if seeds is None else seeds:
        for levels in product(*(axis.levels for axis in recipe.axes)):
            chosen = dict(zip((axis.name for axis in recipe.axes), levels, strict=True))
            layers = [*_layers(recipe, chosen), _Layered("--set", changes or {})]
            # Stages are the last axis: the point before is the stage before.
            start = points[-1] if chosen.get(STAGE) in recipe.later_stages else None
            points.append(_point(_stage_first(chosen), seed, out, layers, start))
    _check_distinct(points, recipe)
    return points


def count_points(recipe: Recipe) -> int:
    """Count the points of a recipe, seeds included."""
    return math.prod(len(axis.levels) for axis in recipe.axes) * len(recipe.seeds)


def parse_seeds(text: str) -> list[int]:
    """Read seeds such as ``0-4`` or ``0,3,7-9``.

    Raises
    ------
    UsageError
        It is no such text.

    Examples
    --------
    >>> parse_seeds("0-2,7")
    [0, 1, 2, 7]
    """
    found = [SEEDS.fullmatch(part.strip()) for part in text.split(",")]
    ranges = [range(int(part[1]), int(part[2] or part[1]) + 1) for part in found if part]
    if len(ranges) < len(found) or not all(ranges) or sum(map(len, ranges)) > MOST_SEEDS:
        raise UsageError(f"{text!r} names no seeds", "Write them like 0-4 or 0,3,7-9")
    return list(dict.fromkeys(seed for part in ranges for seed in part))


def _point(levels: Mapping[str, str], seed: int, out: Path, layers: Sequence[_Layered], start: Point | None) -> Point:
    """Make a point; one that starts from another takes its settings over, and only its stage says how it starts."""
    given = [(one.source, one.settings if one.of_stage or not start else without_start(one.settings)) for one in layers]
    below = [_taken_over(start)] if start else []
    settings, sources = resolve([*below, *given, ("sweep", {"seed": seed})])
    folder = out.joinpath(*map(_folder_name, levels.values()), f"seed-{seed}")
    return Point(levels, seed, folder, settings, sources, start)


class _Layered(NamedTuple):
    """Settings, where they come from, and whether they are those of one stage."""

    source: str
    settings: Mapping[str, Any]
    of_stage: bool = False


def _layers(recipe: Recipe, levels: Mapping[str, str]) -> list[_Layered]:
    """Collect the settings of a point; presets lie below every other one, since each states a whole column."""
    source = f"recipe {recipe.name}"
    found = [_Layered(source, recipe.settings)]
    found += [_Layered(source, axis.levels[levels[axis.name]], axis.name == STAGE) for axis in recipe.axes]
    exceptions = [entry for entry in recipe.overrides if entry.levels.items() <= levels.items()]
    found += [_Layered(source, entry.settings, STAGE in entry.levels) for entry in exceptions]
    named = [(str(one.settings[PRESET]), one.of_stage) for one in found if PRESET in one.settings]
    presets = [_Layered(f"preset {name}", preset(name), of_stage) for name, of_stage in named]
    return [*presets, *(one._replace(settings=_without_preset(one.settings)) for one in found)]


def _stage_first(levels: Mapping[str, str]) -> dict[str, str]:
    """Put the stage before all other levels, so that one folder has the runs of one stage."""
    return dict(sorted(levels.items(), key=lambda level: level[0] != STAGE))


def _taken_over(start: Point) -> tuple[str, Layer]:
    """Return the settings that a point takes over from the one that it starts from."""
    return f"from {start.folder}", inherited(start.folder, by_key(start.settings))


def _without_preset(layer: Mapping[str, Any]) -> Layer:
    return {key: value for key, value in layer.items() if key != PRESET}


def _folder_name(label: str) -> str:
    """Leave nothing in a label that is not plain in a folder's name."""
    return re.sub(r"[^A-Za-z0-9._+-]+", "-", label.strip()).strip(".") or "level"


def _check_distinct(points: Sequence[Point], recipe: Recipe) -> None:
    """Refuse points that would be one and the same: they would be taken for repetitions."""
    folders: dict[Path, Point] = {}
    for point in points:
        if other := folders.get(point.folder):
            raise UsageError(f"{point.label} and {other.label} of recipe {recipe.name} share the folder {point.folder}")
        folders[point.folder] = point
    settings: dict[str, Point] = {}
    for point in points:
        text = point.settings.to_toml()
        if other := settings.get(text):
            raise UsageError(f"{point.label} and {other.label} of recipe {recipe.name} have the same settings")
        settings[text] = point
