"""How the points of a recipe are laid out: a row per combination of levels, the losses in columns side by side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bceprobe.comparison.arms import label_of
from bceprobe.report import printable
from bceprobe.settings import by_key
from bceprobe.sweep.recipe import STAGE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bceprobe.sweep import Point, Recipe
    from bceprobe.sweep.recipe import Axis

    Levels = tuple[tuple[str, str], ...]

LOSS, PRESET = "loss.name", "preset"
# So many values of a setting make it an axis to draw over.
FEWEST = 3


@dataclass(frozen=True)
class Layout:
    """Where points stand.

    Parameters
    ----------
    rows
        Combinations of levels that are not those of the loss: pairs of axis and level, the stage first.
    columns
        Titles of the columns by level of the loss; one without a level where the recipe has no axis of losses.
    loss_axis
        Name of the axis whose levels are losses; empty without one.
    key, axis
        The numeric setting to draw over, and the axis that sets it; empty where there is none.
    """

    rows: tuple[Levels, ...]
    columns: Mapping[str, str]
    loss_axis: str
    key: str = ""
    axis: str = ""

    def place(self, point: Point) -> tuple[Levels, str]:
        """Return the row of a point, and the level that its column stands for."""
        return _row(point, self.loss_axis), point.levels.get(self.loss_axis, "")

    def x(self, point: Point) -> float | None:
        """Return where a point is drawn; None where there is no numeric axis."""
        return float(by_key(point.settings)[self.key]) if self.key else None


def lay_out(recipe: Recipe, points: Sequence[Point]) -> Layout:
    """Find the rows and columns of a recipe, and the numeric setting that varies most, if any has three values."""
    named = [axis.name for axis in recipe.axes if any(LOSS in settings for settings in axis.levels.values())]
    loss_axis = named[-1] if named else ""
    rows = dict.fromkeys(_row(point, loss_axis) for point in points)
    orders = {axis.name: [*axis.levels] for axis in recipe.axes}
    ordered = sorted(rows, key=lambda row: [orders[axis].index(level) for axis, level in row])
    key, axis = _numeric([axis for axis in recipe.axes if axis.name not in {loss_axis, STAGE}], points)
    return Layout(tuple(ordered), _titles(points, loss_axis), loss_axis, key, axis)


def group_of(recipe: Recipe, layout: Layout, point: Point) -> str:
    """Name what a point shares with others along the numeric axis: its other levels, and a preset that varies."""
    row = _row(point, layout.loss_axis)
    parts = [level for axis, level in row if axis != layout.axis]
    axis = next((axis for axis in recipe.axes if axis.name == layout.axis), None)
    presets = {level: str(settings.get(PRESET, "")) for level, settings in axis.levels.items()} if axis else {}
    if len(set(presets.values())) > 1:
        parts += [point.settings.optim.name, presets[point.levels[layout.axis]]]
    return printable(" ".join(filter(None, parts)))


def _row(point: Point, loss_axis: str) -> Levels:
    return tuple((axis, level) for axis, level in point.levels.items() if axis != loss_axis)


def _titles(points: Sequence[Point], loss_axis: str) -> dict[str, str]:
    """Title each column by its loss; by its level where two have the same loss."""
    losses: dict[str, set[str]] = {}
    for point in points:
        losses.setdefault(point.levels.get(loss_axis, ""), set()).add(point.settings.loss.name)
    names = {level: " or ".join(label_of(loss) for loss in sorted(found)) for level, found in losses.items()}
    return names if len(set(names.values())) == len(names) else {level: printable(level) for level in names}


def _numeric(axes: Sequence[Axis], points: Sequence[Point]) -> tuple[str, str]:
    """Find the setting with the most values among those that every level of an axis sets, and that axis."""
    settings = [by_key(point.settings) for point in points]
    found = []
    for axis in axes:
        keys = [key for key in next(iter(axis.levels.values())) if all(key in level for level in axis.levels.values())]
        counts = {key: len({one.get(key) for one in settings}) for key in keys if _numbers(settings, key)}
        found += [(many, key, axis.name) for key, many in [*counts.items()][:1] if many >= FEWEST]
    _, key, axis_name = max(reversed(found), key=lambda one: one[0], default=(0, "", ""))
    return key, axis_name


def _numbers(settings: Sequence[Mapping[str, Any]], key: str) -> bool:
    values = [one.get(key) for one in settings]
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
