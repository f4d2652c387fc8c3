"""Theorem 3.2, as the paper states it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.claims.base import claim
from bceprobe.claims.result import Value
from bceprobe.claims.solving import MISSING, RECIPES, ZERO, collapsed_exactly, solutions
from bceprobe.claims.testing import exactly
from bceprobe.figures.points import Points, draw_points
from bceprobe.theory import optimum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.claims.cases import Case
    from bceprobe.claims.result import Result
    from bceprobe.figures import Drawing


@claim("theorem-3-2", section="Theorem 3.2", needs=MISSING.format("BCE"), recipes=RECIPES)
def theorem_3_2(cases: Sequence[Case]) -> Result:
    """At the minimum of BCE features collapse to a simplex ETF, and the threshold is the root of (12)."""
    chosen = solutions(cases, "bce")
    inside = [case for case in chosen if within(case)]
    values = (
        Value("up to lambda_b*, where it is derived to hold", f"{sum(map(holds, inside))} of {len(inside)} hold"),
        Value(
            "beyond lambda_b*",
            f"{sum(map(holds, chosen)) - sum(map(holds, inside))} of {len(chosen) - len(inside)} hold",
        ),
    )
    notes = ("Beyond lambda_b* another minimum is derived (FORMULAS.md, Theory): see theorem-3-2-limit.",)
    quantity = "solutions at the simplex ETF of the theorem"
    more = {"values": values, "notes": notes, "drawing": boundary_drawing(chosen)}
    return exactly(chosen, holds, quantity, **more)


def holds(case: Case) -> bool:
    """Tell whether a solution is collapsed, with weights that have no mean, and fulfils (12): alpha (57) is nought."""
    return collapsed_exactly(case) and abs(case.final("alpha")) < ZERO


def within(case: Case) -> bool:
    """Tell whether the decay of the bias is no more than lambda_b* (derived)."""
    assert case.solved is not None  # noqa: S101 - chosen by it
    return case.solved.lambda_b <= optimum(case.solved).lambda_b_star


def boundary_drawing(cases: Sequence[Case]) -> Drawing:
    """Draw how far solutions are from the theorem, by their decay over lambda_b*."""
    groups = []
    for name, hollow, chosen in (
        ("up to lambda_b*", False, [case for case in cases if within(case)]),
        ("beyond lambda_b*", True, [case for case in cases if not within(case)]),
    ):
        shares = [case.solved.lambda_b / optimum(case.solved).lambda_b_star for case in chosen if case.solved]
        groups += [Points(name, "bce", shares, [case.final("nc2_uncentred") for case in chosen], hollow=hollow)]
    title = "Weights leave the simplex ETF beyond lambda_b*"
    x, y = "lambda_b over lambda_b*", "uncentred NC2"
    return draw_points(groups, title, x, y, scale="symlog", x_scale="symlog")
