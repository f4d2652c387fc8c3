"""Recipes: an experiment as a TOML file, which RECIPES.md specifies."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bceprobe.errors import DataNotFoundError, UsageError
from bceprobe.registry import nearest
from bceprobe.settings import flatten
from bceprobe.sweep.reporting import Reporting, read_reporting

if TYPE_CHECKING:
    from collections.abc import Mapping

SUFFIX = ".toml"
KEYS = {"title", "about", "repeats", "scales", "settings", "axes", "stages", "seeds", "when", "report"}
SCALE_KEYS = {"settings", "axes", "stages", "seeds", "report"}
REPORT_KEYS = {"metrics", "published", "figures"}
WHEN_KEYS = {"axes", "settings"}
# The name of the axis that stages are.
STAGE = "stage"
NO_REPORT = Reporting()

Layer = dict[str, Any]


@dataclass(frozen=True)
class Axis:
    """One dimension of a grid: its levels by label, each with the settings it stands for, by dotted key."""

    name: str
    levels: Mapping[str, Layer]


@dataclass(frozen=True)
class Override:
    """Settings that hold where axes have certain levels, such as the initial bias of BCE alone."""

    levels: Mapping[str, str]
    settings: Layer


@dataclass(frozen=True)
class Recipe:
    """An experiment at one scale.

    Parameters
    ----------
    name, scale, title, about, repeats
        What it is; `repeats` names figure or table of the paper.
    settings
        Of every point, by dotted key, ``preset`` included.
    axes
        Whose levels make up the grid; the last one is ``"stage"`` where there are stages, each of which starts from the
        run of the one before.
    overrides
        Settings of some points, over those of the axes.
    seeds
        Of every point of the grid.
    reporting
        What is shown when it has ended.
    """

    name: str
    scale: str
    title: str
    about: str
    repeats: str
    settings: Layer
    axes: tuple[Axis, ...]
    overrides: tuple[Override, ...]
    seeds: tuple[int, ...]
    reporting: Reporting = NO_REPORT

    @property
    def later_stages(self) -> tuple[str, ...]:
        """The stages that start from the one before."""
        last = self.axes[-1:]
        return tuple(last[0].levels)[1:] if last and last[0].name == STAGE else ()


def recipe_names() -> list[str]:
    """Name the recipes that come with bceprobe."""
    return sorted(Path(entry.name).stem for entry in _home().iterdir() if entry.name.endswith(SUFFIX))


def read_recipe(recipe: str, scale: str = "paper") -> Recipe:
    """Read a recipe at one of its scales.

    Parameters
    ----------
    recipe
        Name of one that comes with bceprobe, or a file that ends in .toml.
    scale
        What is laid over the settings, axes and seeds of all scales; those of the recipe itself if it has no scales.

    Raises
    ------
    UsageError
        No such recipe or scale, or a file that does not follow RECIPES.md.
    """
    name, content = _content(recipe)
    found, own = _outline(name, content, scale), content["scales"][scale]
    return replace(found, reporting=_reporting(content.get("report", {}), own.get("report", {}), name))


def recipe_scales(recipe: str) -> list[Recipe]:
    """Read a recipe at every scale that it has, without what it reports."""
    name, content = _content(recipe)
    return [_outline(name, content, scale) for scale in content.get("scales", {})]


def _outline(name: str, content: Layer, scale: str) -> Recipe:
    """Read all but what is reported."""
    _check_keys(content, KEYS, name)
    scales = content.get("scales", {})
    if scale not in scales:
        known = f"It has {', '.join(scales)}" if scales else "It has none: write a table [scales.paper]"
        raise UsageError(f"recipe {name} has no scale {scale!r}", known)
    own = scales[scale]
    _check_keys(own, SCALE_KEYS, f"{name}, scale {scale}")
    axes = {axis: _axis(axis, levels, name) for axis, levels in _tables(content, own, name).items()}
    return Recipe(
        name=name,
        scale=scale,
        title=str(content.get("title", "")),
        about=str(content.get("about", "")),
        repeats=str(content.get("repeats", "")),
        settings={**flatten(content.get("settings", {})), **flatten(own.get("settings", {}))},
        axes=tuple(axes.values()),
        overrides=tuple(_override(entry, axes, name) for entry in content.get("when", [])),
        seeds=_seeds(own.get("seeds", content.get("seeds", [0])), name),
    )


def _tables(content: Layer, own: Layer, recipe: str) -> dict[str, Any]:
    """Lay the axes of a scale over those of its recipe; stages are the last axis."""
    axes = {**content.get("axes", {}), **own.get("axes", {})}
    stages = {**content.get("stages", {}), **own.get("stages", {})}
    if stages and STAGE in axes:
        raise UsageError(f"recipe {recipe} has stages and an axis called {STAGE}", "Give the axis another name")
    return {**axes, STAGE: stages} if stages else axes


def _home() -> Any:
    return files("bceprobe") / "recipes"


def _content(recipe: str) -> tuple[str, dict[str, Any]]:
    path = Path(recipe)
    if path.suffix == SUFFIX:
        if not path.is_file():
            raise DataNotFoundError(f"no recipe file {path}", f"Those of bceprobe are {', '.join(recipe_names())}")
        return path.stem, _parsed(path.read_text(encoding="utf-8"), str(path))
    if recipe not in recipe_names():
        raise UsageError(f"unknown recipe {recipe!r}", f"{nearest(recipe, recipe_names())}, or give a .toml file")
    return recipe, _parsed((_home() / f"{recipe}{SUFFIX}").read_text(encoding="utf-8"), recipe)


def _parsed(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"recipe {where} is not valid TOML: {error}", "Correct that place") from error


def _reporting(table: Any, own: Any, recipe: str) -> Reporting:
    """Read what is reported, that of the scale over that of the recipe."""
    for one in (table, own):
        _check_keys(one, REPORT_KEYS, f"{recipe}, report")
    return read_reporting({**table, **own}, recipe)


def _check_keys(table: Any, known: set[str], where: str) -> None:
    if not isinstance(table, dict):
        raise UsageError(f"recipe {where} is not a table", "See RECIPES.md")
    for key in table:
        if key not in known:
            raise UsageError(f"recipe {where} has an unknown key {key!r}", nearest(key, known))


def _axis(name: str, table: Any, recipe: str) -> Axis:
    """Read an axis: one setting with its values, or levels by name, each with settings of its own."""
    if not isinstance(table, dict) or not table:
        raise UsageError(f"axis {name} of recipe {recipe} has no levels", "Give it a key and values, or named levels")
    if set(table) == {"key", "values"}:
        return Axis(name, {_label(name, value): {table["key"]: value} for value in table["values"]})
    wrong = [level for level, settings in table.items() if not isinstance(settings, dict)]
    if wrong:
        hint = 'Write key = "SETTING" and values = [...], or a table of settings for each level'
        raise UsageError(f"level {wrong[0]} of axis {name} of recipe {recipe} has no settings", hint)
    return Axis(name, {level: flatten(settings) for level, settings in table.items()})


def _label(axis: str, value: Any) -> str:
    """Name a level after its value, as a folder may be called.

    Examples
    --------
    >>> _label("lambda-b", 5e-05), _label("mean", 10)
    ('lambda-b-5e-05', 'mean-10')
    """
    return f"{axis}-{value}"


def _override(entry: Any, axes: Mapping[str, Axis], recipe: str) -> Override:
    """Read settings of some points, by their levels, which the axes must have."""
    _check_keys(entry, WHEN_KEYS, f"{recipe}, when")
    levels = {str(axis): str(level) for axis, level in entry.get("axes", {}).items()}
    for axis, level in levels.items():
        if axis not in axes:
            raise UsageError(f"recipe {recipe} makes an exception for {axis!r}, which is no axis", nearest(axis, axes))
        if level not in axes[axis].levels:
            what = f"recipe {recipe} makes an exception for no level of {axis}: {level!r}"
            raise UsageError(what, nearest(level, axes[axis].levels))
    return Override(levels, flatten(entry.get("settings", {})))


def _seeds(seeds: Any, recipe: str) -> tuple[int, ...]:
    if not (isinstance(seeds, list) and seeds and all(type(seed) is int and seed >= 0 for seed in seeds)):
        raise UsageError(f"seeds of recipe {recipe} are {seeds!r}", "Write a list such as [0, 1, 2]")
    return tuple(dict.fromkeys(seeds))
