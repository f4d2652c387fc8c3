"""Designs: what is compared with what, within which settings. Read from the settings of the runs, never from names.

The arms of a comparison lie in cells. Locations that are given side by side make one cell. All runs of one location
make a cell for every combination of the settings that vary besides the compared one and the seed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from itertools import product
from typing import TYPE_CHECKING

from bceprobe.comparison.arms import Arm, by_seed, find_arm, place, read_arms
from bceprobe.comparison.varying import LOSS, Varying, by_name, label, unique
from bceprobe.comparison.wording import joined, some
from bceprobe.errors import UsageError
from bceprobe.registry import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from bceprobe.comparison.varying import Values

BASELINE = "ce"
# Combinations of settings that are looked through for missing ones.
MOST = 1000


@dataclass(frozen=True, eq=False)
class Cell:
    """What is compared under equal settings: the reference first, then other arms.

    `label` tells it from other cells and is empty for the only one; `settings` are those that make it.
    """

    label: str
    arms: tuple[Arm, ...]
    settings: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Design:
    """The cells of a comparison.

    Parameters
    ----------
    cells
        Each with the reference level and at least one other.
    levels
        What is compared, the reference first.
    factor
        The setting that makes the levels; empty where arms were given by location.
    factors
        The other settings that vary, each with its values; what follows from another one is left out.
    notes
        Sentences on what is missing or left out.
    """

    cells: tuple[Cell, ...]
    levels: tuple[str, ...]
    factor: str = ""
    factors: dict[str, tuple[str, ...]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    @property
    def arms(self) -> tuple[Arm, ...]:
        """The arms of all cells."""
        return tuple(arm for cell in self.cells for arm in cell.arms)

    @property
    def contrasts(self) -> tuple[tuple[Arm, Arm], ...]:
        """Every other arm beside the reference of its cell: (reference, arm)."""
        return tuple((cell.arms[0], arm) for cell in self.cells for arm in cell.arms[1:])

    @property
    def factorial(self) -> bool:
        """Whether there is more than one cell."""
        return len(self.cells) > 1


def read_design(
    locations: Sequence[str], factor: str = "", reference: str = "", allowed: Collection[str] = ()
) -> Design:
    """Find out what is compared.

    Parameters
    ----------
    locations
        An arm each if there are several and no factor is named; else all their runs make one design.
    factor
        The setting whose values are compared; ``loss.name`` if left out.
    reference
        The value of it that others are compared with; CE, or the first in order, if left out.
    allowed
        Settings that may differ within an arm and between arms, and make no cells.

    Raises
    ------
    UsageError
        Nothing to compare, a factor that does not vary, runs without settings.
    StoreError
        A location has no runs, or one cannot be read.
    """
    if len(locations) > 1 and not factor:
        if reference:
            raise UsageError("the first location is the reference", "Leave out --reference, or name a --factor")
        arms = read_arms(locations, allowed)
        return Design((Cell("", arms),), tuple(arm.label for arm in arms))
    runs = {place(run): run for location in locations for run in find_arm(location)}
    varying, where = Varying(sorted(runs.values(), key=by_seed), allowed), joined(some(locations))
    return _factorial(varying, where, _factor(varying, where, factor), reference)


def _factor(varying: Varying, where: str, factor: str) -> str:
    """Choose the setting that is compared."""
    known = varying.columns
    if not known:
        what = f"the runs of {where} differ in nothing but their seed, and a comparison needs at least two arms"
        raise UsageError(what, "Give another location, or a folder of runs that differ in a setting")
    if factor and factor not in known:
        raise UsageError(f"{factor} does not vary between the runs of {where}", nearest(factor, known))
    if not factor and LOSS not in known and len(known) > 1:
        what = f"the runs of {where} differ in {' and '.join(some(list(known)))}, but not in {LOSS}"
        raise UsageError(what, "Say which of them is compared: --factor KEY")
    return factor or (LOSS if LOSS in known else next(iter(known)))


def _factorial(varying: Varying, where: str, factor: str, reference: str) -> Design:
    """Tell settings that go with the compared one from those that make cells, and put every run in its place."""
    others = [key for key in varying.columns if key != factor and not varying.depends(key, factor)]
    options = [key for key in others if varying.optional(key, factor)]
    groups = varying.groups(by_name([key for key in others if key not in options]))
    keys = [key for group in groups for key in varying.telling(group)]
    levels = _ordered(_labels([factor, *options], varying.of([factor, *options])), reference)
    found = _cells(varying, where, levels, [factor, *options], keys)
    whole = [cell for cell in found if len(cell.arms) > 1 and cell.arms[0].level == levels[0]]
    if not whole:
        varied = " and ".join(some(keys))
        what = f"no runs with {levels[0]} and with another {factor} have all other settings in common ({varied} vary)"
        raise UsageError(what, "What may differ is said with --allow-different KEY, another reference with --reference")
    notes = [*_incomplete(whole, levels), *_lone([cell for cell in found if cell not in whole])]
    notes += _missing(varying, groups, set(varying.of(keys)))
    values = {key: tuple(str(one) for (one,) in sorted({*varying.of([key])}, key=_rank)) for key in keys}
    return Design(tuple(whole), tuple(levels), factor, values, tuple(notes))


def _labels(keys: Sequence[str], values: Sequence[Values]) -> dict[Values, str]:
    """Name values of some settings, each by a label of its own."""
    different = list(dict.fromkeys(values))
    return dict(zip(different, unique([label(keys, one) for one in different]), strict=True))


def _cells(
    varying: Varying, where: str, levels: Sequence[str], compared: Sequence[str], keys: Sequence[str]
) -> list[Cell]:
    """Put every run into the arm of its level in its cell."""
    level_of, cell_of = ([_labels(by, varying.of(by))[one] for one in varying.of(by)] for by in (compared, keys))
    places = list(zip(varying.runs, level_of, cell_of, strict=True))
    found = []
    cells = dict(zip(varying.of(keys), cell_of, strict=True))
    for values, name in sorted(cells.items(), key=lambda item: _rank(item[0])):
        runs = {level: tuple(run for run, *place in places if place == [level, name]) for level in levels}
        arms = [Arm(_both(level, name), where, mine, level, name) for level, mine in runs.items() if mine]
        found.append(Cell(name, tuple(arms), dict(zip(keys, map(str, values), strict=True))))
    return found


def _both(level: str, cell: str) -> str:
    return f"{level}, {cell}" if cell else level


def _ordered(names: dict[Values, str], reference: str) -> list[str]:
    """Put the reference first: the one asked for, else CE, else the smallest number or the first name."""
    ordered = sorted(names, key=lambda value: (value[0] != BASELINE, _rank(value)))
    if reference:
        wanted = [one for one in ordered if reference.lower() in {names[one].lower(), str(one[0]).lower()}]
        if not wanted:
            raise UsageError(f"no runs with the reference {reference!r}", nearest(reference, names.values()))
        ordered = [wanted[0], *(one for one in ordered if one != wanted[0])]
    return [names[one] for one in ordered]


def _rank(values: Values) -> list[tuple[float, str]]:
    """Order values: numbers by size, then names, and first what there is not."""
    return [(-math.inf if value is None else _number(value), str(value)) for value in values]


def _number(value: str) -> float:
    try:
        found = float(value)
    except ValueError:
        return math.inf
    return found if math.isfinite(found) else math.inf


def _incomplete(cells: Sequence[Cell], levels: Sequence[str]) -> Iterator[str]:
    """Say which cells lack a level, and whether the numbers of seeds differ."""
    for level in levels[1:]:
        lacking = [cell.label for cell in cells if level not in {arm.level for arm in cell.arms}]
        if lacking:
            yield f"{level} has no runs in {'; '.join(some(lacking))}."
    counts = [len(arm.runs) for cell in cells for arm in cell.arms]
    if len(cells) > 1 and len(set(counts)) > 1:
        yield f"The design is unbalanced: {min(counts)} to {max(counts)} seeds per arm."


def _lone(cells: Sequence[Cell]) -> Iterator[str]:
    """Say which cells have nothing to compare."""
    if cells:
        named = [f"{cell.label} ({', '.join(arm.level for arm in cell.arms)})" for cell in cells]
        yield f"Left out, as there is nothing beside it to compare: {'; '.join(some(named))}."


def _missing(varying: Varying, groups: Sequence[Sequence[str]], found: set[Values]) -> Iterator[str]:
    """Name the combinations of settings that no run has, of all that their values could make."""
    told = [varying.telling(group) for group in groups]
    choices = [list(dict.fromkeys(varying.of(keys))) for keys in told]
    total = math.prod(map(len, choices))
    if total > MOST:
        yield f"The design is incomplete: {total - len(found)} of {total} combinations have no runs."
    elif total > len(found):
        combined = (tuple(value for part in parts for value in part) for parts in product(*choices))
        keys = [key for part in told for key in part]
        missing = [label(keys, values) for values in combined if values not in found]
        yield f"The design is incomplete: no runs for {'; '.join(some(missing))}."
