"""Optima of many problems that differ in one number."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.errors import UnknownNameError
from bceprobe.theory.optimum import Optimum, optimum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.theory.problem import Problem

# What can be swept, and from where to where.
RANGES = {"lambda_b": (1e-7, 1.0), "classes": (2, 1000), "per_class": (1.0, 10_000.0)}
POINTS = 241


def sweep(problem: Problem, over: str, values: Sequence[float]) -> list[Optimum]:
    """Return the optimum for each value of ``"lambda_b"``, ``"classes"`` or ``"per_class"``, all else being equal.

    Raises
    ------
    UnknownNameError
        Nothing of this name can be swept.
    UsageError
        No problem has one of these values.
    """
    _check(over)
    return [optimum(_changed(problem, over, value)) for value in values]


def default_values(over: str, points: int = POINTS) -> list[float]:
    """Return evenly spaced values on a logarithmic scale; whole ones for the classes.

    Raises
    ------
    UnknownNameError
        Nothing of this name can be swept.
    """
    _check(over)
    values = np.geomspace(*RANGES[over], points)
    return (
        sorted({float(round(value)) for value in values}) if over == "classes" else [float(value) for value in values]
    )


def _check(over: str) -> None:
    if over not in RANGES:
        raise UnknownNameError(f"no sweep over {over!r}", f"Choose {', '.join(RANGES)}")


def _changed(problem: Problem, over: str, value: float) -> Problem:
    whole = over == "classes" and math.isfinite(value) and value == int(value)
    changes: dict[str, Any] = {over: int(value) if whole else float(value)}
    return replace(problem, **changes)
