"""Thresholds and scores of BCE, across runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.claims.base import claim
from bceprobe.claims.choosing import needed
from bceprobe.claims.correlating import MISSING, across, draw_across
from bceprobe.claims.result import Value
from bceprobe.claims.testing import correlation
from bceprobe.report.numbers import number, ratio_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.claims.cases import Case
    from bceprobe.claims.result import Result
    from bceprobe.stats import PartialCorrelation


@claim("bce-bias-scores", section="4.1, Figure 3", needs=MISSING, recipes=("bias-mean", "bias-decay"))
def bce_bias_scores(cases: Sequence[Case]) -> Result:
    """Across runs of BCE the scores go with the classifier bias: where it ends higher, so do they."""
    found = across(cases, "bce")
    needed(found.cases, f"no {MISSING} under BCE")
    weaker = min((found.positive, found.negative), key=lambda one: one.r)
    sides = {"positive": found.positive, "negative": found.negative}
    return correlation(
        weaker,
        "correlation of mean threshold with mean score, the weaker of positive and negative",
        "above",
        of="runs of BCE",
        values=tuple(Value(f"{side} scores", said(one)) for side, one in sides.items()),
        drawing=draw_across(found),
    )


def said(found: PartialCorrelation) -> str:
    """Write a correlation with its interval."""
    return f"r {number(found.r)} {ratio_interval(found.ci_low, found.ci_high)}"
