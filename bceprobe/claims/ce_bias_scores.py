"""Thresholds and scores of CE, across runs, beside those of BCE."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scipy.special import ndtr, ndtri

from bceprobe.claims.base import claim
from bceprobe.claims.bce_bias_scores import said
from bceprobe.claims.choosing import needed
from bceprobe.claims.correlating import MISSING, across, draw_across, fisher
from bceprobe.claims.result import Result, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.claims.cases import Case
    from bceprobe.claims.correlating import Across

SIDES = ("positive", "negative")


@claim("ce-bias-scores", section="4.1, Figure 3", needs=MISSING, recipes=("bias-mean", "bias-decay"))
def ce_bias_scores(cases: Sequence[Case]) -> Result:
    """Across runs of CE the scores do not go with the classifier bias as they do under BCE."""
    parts = [across(cases, loss) for loss in ("bce", "ce")]
    for part, loss in zip(parts, ("BCE", "CE"), strict=True):
        needed(part.cases, f"no {MISSING} under {loss}")
    estimate, error = _difference(*parts)
    half = float(ndtri(0.975)) * error
    names = {
        f"{name}, {side} scores": getattr(part, side)
        for part, name in zip(parts, ("BCE", "CE"), strict=True)
        for side in SIDES
    }
    return Result(
        "difference of Fisher's z of the correlations of threshold and score, BCE minus CE",
        "above",
        "two correlations (Fisher's z)",
        n=sum(len(part.cases) for part in parts),
        of="runs",
        estimate=estimate,
        ci_low=estimate - half,
        ci_high=estimate + half,
        p_value=float(2 * ndtr(-abs(estimate) / error)) if error > 0 else math.nan,
        effect=estimate,
        effect_name="Cohen's q",
        values=tuple(Value(name, said(one)) for name, one in names.items()),
        notes=("The test is of a difference: that CE has no correlation at all is told by its interval alone.",),
        drawing=draw_across(*parts),
    )


def _difference(bce: Across, ce: Across) -> tuple[float, float]:
    """Return the mean difference over both sides, and its standard error if these go together entirely."""
    sides = [[fisher(getattr(part, side)) for side in SIDES] for part in (bce, ce)]
    means = [sum(z for z, _ in part) / len(SIDES) for part in sides]
    return means[0] - means[1], math.sqrt(sum(part[0][1] for part in sides))
