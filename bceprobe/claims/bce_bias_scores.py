"""Thresholds and scores of BCE, across runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.claims.base import claim
from bceprobe.claims.choosing import needed
from bceprobe.claims.correlating import MISSING, across, draw_across
from bceprobe.claims.result import Result, Value
from bceprobe.report.numbers import number, ratio_interval

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.claims.cases import Case


@claim("bce-bias-scores", section="4.1, Figure 3", needs=MISSING, recipes=("bias-mean", "bias-decay"))
def bce_bias_scores(cases: Sequence[Case]) -> Result:
    """Across runs of BCE the scores go with the classifier bias: where it ends higher, so do they."""
    found = across(cases, "bce")
    needed(found.cases, f"no {MISSING} under BCE")
    weaker = min((found.positive, found.negative), key=lambda one: one.r)
    sides = {"positive": found.positive, "negative": found.negative}
    return Result(
        "correlation of mean threshold with mean score, the weaker of positive and negative",
        "above",
        weaker.test,
        n=weaker.n,
        of="runs of BCE",
        estimate=weaker.r,
        ci_low=weaker.ci_low,
        ci_high=weaker.ci_high,
        p_value=weaker.p_value,
        effect=weaker.r,
        effect_name="r",
        values=tuple(Value(f"{side} scores", said(one)) for side, one in sides.items()),
        drawing=draw_across(found),
    )


def said(found: object) -> str:
    """Write a correlation with its interval."""
    r, low, high = (getattr(found, name) for name in ("r", "ci_low", "ci_high"))
    return f"r {number(r)} {ratio_interval(low, high)}"
