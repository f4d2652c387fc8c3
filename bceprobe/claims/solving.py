"""Numerical solutions of the layer-peeled problem: what theorems are checked on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.claims.base import NotTestable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.claims.cases import Case

MISSING = "solutions of the layer-peeled problem under {}, stored by bceprobe theory --solve --out DIR"
RECIPES = ("theory",)
# Solutions are stored in float32 and found to a small gradient: what is zero may be so large (own choice), and scores
# and thresholds may be so far off, in shares of theirs.
ZERO, CLOSE = 1e-4, 1e-3


def solutions(cases: Sequence[Case], loss: str) -> list[Case]:
    """Choose solutions under a loss with features long enough for a simplex ETF, where this is the optimum at all.

    Raises
    ------
    NotTestable
        There is none.
    """
    found = [case for case in cases if case.solved and case.loss == loss and case.solved.dim >= case.solved.classes]
    if not (inside := [case for case in found if case.solved and case.solved.pull < 1]):
        raise NotTestable(f"no {MISSING.format(loss.upper())}, with d >= K and q < 1")
    return inside


def collapsed_exactly(case: Case) -> bool:
    """Tell whether NC1, NC2 and NC3 vanish, and the weight has no mean."""
    return all(abs(case.final(name)) < ZERO for name in ("nc1", "nc2", "nc3", "nc2_uncentred"))


def close(value: float, expected: float) -> bool:
    """Tell whether a score or threshold is as expected."""
    return abs(value - expected) <= CLOSE * max(1.0, abs(expected))
