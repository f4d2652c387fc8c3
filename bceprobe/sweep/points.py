"""The points of a recipe: every combination of levels and seeds, each an ordinary run with a folder of its own."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any

from bceprobe.errors import UsageError
from bceprobe.settings import preset, resolve

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
    """One run of a sweep: its levels by axis, its seed, its folder, its settings and where each came from."""

    levels: Mapping[str, str]
    seed: int
    folder: Path
    settings: Settings
    sources: Mapping[str, str]

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
        The folder of all runs; a point's is OUT/LEVEL/.../seed-S. Nothing ever reads settings from these names.
    seeds
        Instead of those of the recipe.
    changes
        Settings of every point, by dotted key, over all others.

    Raises
    ------
    UsageError
        A setting is unknown or out of its range, or two points have the same settings.
    """
    axes = [axis.levels for axis in recipe.axes]
    names = [axis.name for axis in recipe.axes]
    combinations = [dict(zip(names, levels, strict=True)) for levels in product(*axes)]
    points = [
        _point(recipe, levels, seed, out, changes or {})
        for seed in (recipe.seeds if seeds is None else seeds)
        for levels in combinations
    ]
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


def _point(recipe: Recipe, levels: Mapping[str, str], seed: int, out: Path, changes: Mapping[str, Any]) -> Point:
    source = f"recipe {recipe.name}"
    layers = [recipe.settings, *(axis.levels[levels[axis.name]] for axis in recipe.axes)]
    layers += [entry.settings for entry in recipe.overrides if entry.levels.items() <= levels.items()]
    given = [*_presets(layers), *((source, _without_preset(layer)) for layer in layers), ("--set", changes)]
    settings, sources = resolve([*given, ("sweep", {"seed": seed})])
    return Point(levels, seed, out.joinpath(*map(_folder_name, levels.values()), f"seed-{seed}"), settings, sources)


def _presets(layers: Sequence[Layer]) -> list[tuple[str, Layer]]:
    """Look up the presets of all layers; they lie below every other setting, since each states a whole column."""
    names = [str(layer[PRESET]) for layer in layers if PRESET in layer]
    return [(f"preset {name}", preset(name)) for name in names]


def _without_preset(layer: Layer) -> Layer:
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
