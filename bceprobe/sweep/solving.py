"""Points that are solved instead of trained: those whose model is the layer-peeled one, in which features are free."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from bceprobe.analysis.solutions import CONSTANTS, LAYER_PEELED, solution_settings, store_solution
from bceprobe.errors import UsageError
from bceprobe.provenance import collect
from bceprobe.settings import by_key, flatten, resolve
from bceprobe.theory import Problem, solve

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bceprobe.settings import Settings


def is_solved(settings: Settings) -> bool:
    """Tell whether a point is solved for."""
    return settings.model.name == LAYER_PEELED


def problem_of(settings: Settings) -> Problem:
    """Return the layer-peeled problem that settings state.

    Raises
    ------
    UsageError
        A constant of the problem is missing or out of range, or a setting is given that means nothing to it.
    """
    given = settings.model.options
    if lacking := [name for name in CONSTANTS if name not in given]:
        raise UsageError(f"the layer-peeled model needs model.{lacking[0]}", f"Give {', '.join(CONSTANTS)}")
    problem = Problem(settings.loss.name, **{name: given[name] for name in CONSTANTS}, **asdict(settings.penalty))
    stated, _ = resolve([("problem", flatten(solution_settings(problem, settings.seed)))])
    ours, theirs = by_key(stated), by_key(settings)
    if foreign := [key for key in sorted(theirs) if theirs[key] != ours.get(key)]:
        raise UsageError(f"{foreign[0]} means nothing to the layer-peeled model", "Leave it out: nothing is trained")
    return problem


def solve_point(settings: Settings, folder: Path, sources: Mapping[str, str]) -> None:
    """Solve a point and store the solution as a run of one epoch.

    Raises
    ------
    UsageError
        See `problem_of`; or the folder holds something, or the problem is too large.
    """
    problem = problem_of(settings)
    made = collect()
    store_solution(problem, solve(problem, settings.seed), settings.seed, folder, made, sources=sources)
