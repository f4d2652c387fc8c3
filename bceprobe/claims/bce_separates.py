"""The bias of BCE and the scores it separates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.claims.base import claim
from bceprobe.claims.choosing import collapsing, needed
from bceprobe.claims.printed import trainings
from bceprobe.claims.result import Value
from bceprobe.claims.testing import always
from bceprobe.figures.points import Points, draw_points
from bceprobe.report.numbers import SHARE, number

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bceprobe.claims.cases import Case
    from bceprobe.claims.result import Result
    from bceprobe.figures import Drawing

MISSING = "runs with decay in the loss"
TABLES = ("fig3.bias_mean", "fig3.bias_decay")


@claim("bce-separates", section="3.2 and 4.1, Figure 3", needs=MISSING, recipes=("bias-mean", "bias-decay"))
def bce_separates(cases: Sequence[Case]) -> Result:
    """Whatever its initial mean and its decay, the classifier bias of BCE ends between negative and positive scores."""
    chosen = collapsing(cases)
    bce = needed([case for case in chosen if case.loss == "bce"], f"no {MISSING} under BCE")
    ce = [case for case in chosen if case.loss == "ce"]
    values = [Value("BCE, mean scores on either side", _share(bce, separated), _said("bce"))]
    values += [Value("CE, mean scores on either side", _share(ce, separated), _said("ce"))] if ce else []
    values.append(Value("BCE, every score on its side", _share(bce, lambda case: case.final("separated") == 1)))
    quantity = "runs of BCE with mean negative score < mean threshold < mean positive score"
    return always(bce, slack, quantity, values=tuple(values), drawing=_drawing(chosen))


def slack(case: Case) -> float:
    """Return the distance of the mean threshold from the nearer mean score, as a share of half of the gap of these."""
    low, threshold, high = (case.final(f"{name}_mean") for name in ("negative", "threshold", "positive"))
    return min(threshold - low, high - threshold) / abs((high - low) / 2) if high != low else -1.0


def separated(case: Case) -> bool:
    """Tell whether the mean threshold lies between the mean scores."""
    return slack(case) > 0


def _share(cases: Sequence[Case], holds: Callable[[Case], bool]) -> str:
    agreeing = sum(map(holds, cases))
    return f"{agreeing} of {len(cases)} ({number(agreeing / len(cases), SHARE)})"


def _said(loss: str) -> str:
    """Count the published trainings that separate."""
    found = [one.values for name in TABLES for one in trainings(name, loss)]
    separating = sum(one["negative_mean"] < one["threshold_mean"] < one["positive_mean"] for one in found)
    return f"{separating} of {len(found)}"


def _drawing(cases: Sequence[Case]) -> Drawing:
    groups = []
    for loss in ("ce", "bce"):
        mine = [case for case in cases if case.loss == loss]
        for side in ("positive", "negative"):
            ends = [case.final("threshold_mean") for case in mine], [case.final(f"{side}_mean") for case in mine]
            groups += [Points(f"{loss.upper()}, {side}", loss, *ends, hollow=side == "negative")] if mine else []
    title = "Thresholds and scores"
    return draw_points(groups, title, "mean threshold", "mean score (equal: line)", line="equal")
