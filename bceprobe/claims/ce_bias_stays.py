"""The mean bias of CE without decay."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.claims.base import claim
from bceprobe.claims.choosing import DECAY, READING, collapsing, needed
from bceprobe.claims.pairs import BIAS_DECAY, BIAS_MEAN
from bceprobe.claims.printed import trainings
from bceprobe.claims.result import Value
from bceprobe.claims.testing import always
from bceprobe.figures.points import Points, draw_points
from bceprobe.report.numbers import number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.claims.cases import Case
    from bceprobe.claims.result import Result
    from bceprobe.figures import Drawing

MISSING = "runs with lambda_b = 0, no other decay of the bias, and decay in the loss"
SOURCE = "published: ResNet18 on MNIST, SGD"


@claim("ce-bias-stays", section="3.2 and 4.1, Figure 3, Table 9", needs=MISSING, recipes=("bias-mean",))
def ce_bias_stays(cases: Sequence[Case]) -> Result:
    """Without decay of the bias, the mean classifier bias under CE ends where it started."""
    chosen = [case for case in collapsing(cases) if _free(case)]
    own = needed([case for case in chosen if case.loss == "ce"], f"no {MISSING} under CE")
    values = (
        Value("CE, largest distance", number(max(map(_moved, own))), "0 (within 0.05, the reading of the figure)"),
        *(Value("BCE, largest distance", number(max(map(_moved, bce)))) for bce in [_of(chosen, "bce")] if bce),
    )
    quantity = f"runs of CE whose mean threshold ends within {READING:g} of its start"
    notes = (f"{READING:g} is how exactly the published figure can be read (own choice).",)
    return always(own, _slack, quantity, values=values, notes=notes, drawing=_drawing(chosen))


def _slack(case: Case) -> float:
    return 1 - _moved(case) / READING


def _free(case: Case) -> bool:
    return case.number(BIAS_DECAY) == 0 == case.number(DECAY) and case.initial_threshold is not None


def _moved(case: Case) -> float:
    return abs(case.final("threshold_mean") - (case.initial_threshold or 0.0))


def _of(cases: Sequence[Case], loss: str) -> list[Case]:
    return [case for case in cases if case.loss == loss]


def _drawing(cases: Sequence[Case]) -> Drawing:
    groups = []
    for loss in ("ce", "bce"):
        mine = _of(cases, loss)
        start, end = [case.initial_threshold or 0.0 for case in mine], [case.final("threshold_mean") for case in mine]
        groups += [Points(loss.upper(), loss, start, end)] if mine else []
        said = trainings("fig3.bias_mean", loss)
        ends = [one.settings[BIAS_MEAN] for one in said], [one.values["threshold_mean"] for one in said]
        groups.append(Points(f"{loss.upper()}, {SOURCE}", loss, *ends, hollow=True))
    return draw_points(groups, "Mean threshold", "initial mean", "mean at the last epoch", line="equal")
