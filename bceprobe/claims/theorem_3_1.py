"""Theorem 3.1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.claims.base import claim
from bceprobe.claims.result import Value
from bceprobe.claims.solving import MISSING, RECIPES, close, collapsed_exactly, solutions
from bceprobe.claims.testing import exactly
from bceprobe.figures.points import Points, draw_points
from bceprobe.report.numbers import number
from bceprobe.theory import optimum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.claims.cases import Case
    from bceprobe.claims.result import Result
    from bceprobe.figures import Drawing


@claim("theorem-3-1", section="Theorem 3.1", needs=MISSING.format("CE"), recipes=RECIPES)
def theorem_3_1(cases: Sequence[Case]) -> Result:
    """At CE's minimum features collapse to a simplex ETF with the scores of (13) and (14), and b = 0 if it decays."""
    chosen = solutions(cases, "ce")
    return exactly(
        chosen,
        holds,
        "solutions at the simplex ETF of the theorem",
        values=(Value("largest NC1 to NC3", number(max(map(_largest, chosen)))),),
        drawing=scores_drawing(chosen),
    )


def holds(case: Case) -> bool:
    """Tell whether a solution is collapsed, with the scores of the closed form, and threshold 0 if it decays."""
    assert case.solved is not None  # noqa: S101 - chosen by it
    best = optimum(case.solved)
    scores = close(case.final("positive_mean"), best.positive_score) and close(
        case.final("negative_mean"), best.negative_score
    )
    return collapsed_exactly(case) and scores and (case.solved.lambda_b == 0 or close(case.final("threshold_mean"), 0))


def scores_drawing(cases: Sequence[Case]) -> Drawing:
    """Draw the scores of solutions against those of the closed form."""
    loss, groups = cases[0].loss, []
    for side, hollow in (("positive", False), ("negative", True)):
        best = [getattr(optimum(case.solved), f"{side}_score") for case in cases if case.solved]
        found = [case.final(f"{side}_mean") for case in cases]
        groups.append(Points(f"{loss.upper()}, {side}", loss, best, found, hollow=hollow))
    return draw_points(groups, "Scores at solved optima", "closed form", "solved", line="equal")


def _largest(case: Case) -> float:
    return max(abs(case.final(name)) for name in ("nc1", "nc2", "nc3"))
