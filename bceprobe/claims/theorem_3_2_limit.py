"""Where Theorem 3.2 stops."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.claims.base import NotTestable, claim
from bceprobe.claims.solving import MISSING, RECIPES, close, solutions
from bceprobe.claims.testing import exactly
from bceprobe.claims.theorem_3_2 import boundary_drawing, holds, within
from bceprobe.theory import optimum

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.claims.cases import Case
    from bceprobe.claims.result import Result

NEEDED = f"{MISSING.format('BCE')}, on both sides of lambda_b*"


@claim("theorem-3-2-limit", section="derived here, on Theorem 3.2", needs=NEEDED, recipes=RECIPES)
def theorem_3_2_limit(cases: Sequence[Case]) -> Result:
    """Up to a decay lambda_b* of the bias, and no further, the theorem's optimum is BCE's minimum (derived, own)."""
    chosen = solutions(cases, "bce")
    if len({within(case) for case in chosen}) == 1:
        raise NotTestable("all solutions of BCE lie on one side of lambda_b*")
    quantity = "solutions at the theorem's optimum exactly where lambda_b <= lambda_b*, with the derived threshold"
    notes = ("Derived and own (FORMULAS.md, Where the paper's Theorem 3.2 stops).",)
    more = {"notes": notes, "drawing": boundary_drawing(chosen)}
    return exactly(chosen, _agrees, quantity, **more)


def _agrees(case: Case) -> bool:
    assert case.solved is not None  # noqa: S101 - chosen by it
    return holds(case) == within(case) and close(case.final("threshold_mean"), optimum(case.solved).threshold)
