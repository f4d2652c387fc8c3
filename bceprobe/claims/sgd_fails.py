"""Which trainings fail to collapse, and how."""

from __future__ import annotations

import math
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

from scipy.stats import fisher_exact
from statsmodels.stats.proportion import confint_proportions_2indep

from bceprobe.claims.base import claim
from bceprobe.claims.choosing import collapsing, needed, spread
from bceprobe.claims.drawing import by_run
from bceprobe.claims.pairs import independent
from bceprobe.claims.result import Result, Value
from bceprobe.claims.stages_in_order import stages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.claims.cases import Case
    from bceprobe.figures import Drawing
    from bceprobe.stats.trajectories import Failure

    # How the training of each case ended, by label.
    Ends = dict[str, Failure]

MISSING = "runs with decay in the loss by SGD and by AdamW"
SGD, ADAMW, OPTIMIZER, SPREAD = "sgd", "adamw", "optim.name", "positive_std"
COLLAPSED = "collapsed"
KINDS = ("not fitted", "fitted without collapse", COLLAPSED)


@claim("sgd-fails-more", section="appendix B.2", needs=MISSING, recipes=("nc-grid",))
def sgd_fails_more(cases: Sequence[Case]) -> Result:
    """Trainings by SGD fail to collapse more often than by AdamW: some do not fit, others fit and do not collapse.

    The scores of failed trainings scatter more than those of collapsed ones.
    """
    chosen = independent(collapsing(cases))
    by = {name: [case for case in chosen if case.settings.get(OPTIMIZER) == name] for name in (SGD, ADAMW)}
    for name, mine in by.items():
        needed(mine, f"no run with decay in the loss by {name}")
    ends: Ends = {case.label: stages(case).failure for case in chosen}
    kinds = {name: Counter[str](ends[case.label] for case in mine) for name, mine in by.items()}
    return Result(
        "share of trainings that do not collapse, SGD minus AdamW",
        "above",
        "Fisher's exact",
        n=sum(map(len, by.values())),
        of="runs",
        units="share",
        values=(*_kinds(kinds), *_scatter(chosen, ends)),
        notes=("Failures are judged at the last epoch; collapsed: NC1 to NC3 below 0.1 (own choice).",),
        drawing=_drawing(chosen, ends),
        **_tested(*[(len(by[name]) - kinds[name][COLLAPSED], len(by[name])) for name in (SGD, ADAMW)]),
    )


def _tested(sgd: tuple[int, int], adamw: tuple[int, int]) -> dict[str, Any]:
    """Compare two shares, each as failures and runs, with Newcombe's interval (doi:10.1002/sim.779)."""
    table = [[failed, total - failed] for failed, total in (sgd, adamw)]
    low, high = confint_proportions_2indep(*sgd, *adamw, method="newcomb", compare="diff")
    found = fisher_exact(table)
    numbers = {"estimate": sgd[0] / sgd[1] - adamw[0] / adamw[1], "ci_low": low, "ci_high": high}
    known = numbers | {"p_value": found.pvalue, "effect": found.statistic}
    return {**{name: float(value) for name, value in known.items()}, "effect_name": "odds ratio"}


def _kinds(kinds: dict[str, Counter[str]]) -> tuple[Value, ...]:
    told = {name: ", ".join(f"{found[kind]} {kind}" for kind in KINDS) for name, found in kinds.items()}
    return tuple(Value(name, said) for name, said in told.items())


def _scatter(cases: Sequence[Case], ends: Ends) -> tuple[Value, ...]:
    sides: dict[str, list[float]] = {COLLAPSED: [], "failed": []}
    for case in cases:
        sides[COLLAPSED if ends[case.label] == COLLAPSED else "failed"].append(case.final(SPREAD))
    return tuple(Value(f"spread of positive scores, {name}", spread(found)) for name, found in sides.items())


def _drawing(cases: Sequence[Case], ends: Ends) -> Drawing:
    def spread_if(kind: str, case: Case) -> float:
        return case.final(SPREAD) if ends[case.label] == kind else math.nan

    columns = {kind: partial(spread_if, kind) for kind in KINDS}
    return by_run(cases, columns, "Spread of positive scores by how training ended", "standard deviation", scale="log")
