"""When the threshold of BCE separates the scores."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.claims.base import claim
from bceprobe.claims.choosing import needed
from bceprobe.claims.result import Value
from bceprobe.claims.solving import MISSING, RECIPES, solutions
from bceprobe.claims.testing import exactly
from bceprobe.claims.theorem_3_2 import holds
from bceprobe.figures.points import Points, draw_points
from bceprobe.theory import optimum, separates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.claims.cases import Case
    from bceprobe.claims.result import Result

NEEDED = f"{MISSING.format('BCE')}, with K > 2, at the theorem's optimum"


@claim("condition-167", section="appendix A, eq. 167", needs=NEEDED, recipes=RECIPES)
def condition_167(cases: Sequence[Case]) -> Result:
    """At the optimum of Theorem 3.2 the threshold lies below the positive score exactly where (167) holds (K > 2)."""
    found = [case for case in solutions(cases, "bce") if case.solved and case.solved.classes > 2 and holds(case)]  # noqa: PLR2004
    chosen = needed(found, f"no {NEEDED}")
    said = f"{sum(map(_stated, chosen))} of {len(chosen)}"
    positive, threshold = ([case.final(name) for case in chosen] for name in ("positive_mean", "threshold_mean"))
    points = Points("BCE", "bce", positive, threshold)
    return exactly(
        chosen,
        lambda case: _stated(case) == (case.final("threshold_mean") < case.final("positive_mean")),
        "solutions for which (167) tells whether the threshold separates",
        values=(Value("(167) holds for", said),),
        drawing=draw_points([points], "Separated below the line", "positive score", "threshold", line="equal"),
    )


def _stated(case: Case) -> bool:
    assert case.solved is not None  # noqa: S101 - chosen by it
    return separates(case.solved, optimum(case.solved).rho)
