"""The bias at every batch size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.claims.base import claim
from bceprobe.claims.batching import MISSING, batched, sizes
from bceprobe.claims.bce_separates import slack
from bceprobe.claims.choosing import READING, needed
from bceprobe.claims.pairs import BIAS_DECAY
from bceprobe.claims.result import Value
from bceprobe.claims.testing import always
from bceprobe.figures.points import Points, draw_points

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.claims.cases import Case
    from bceprobe.claims.result import Result


@claim("batch-size-bias", section="appendix B.2, Figure 7, Table 11", needs=MISSING, recipes=("batch-size",))
def batch_size_bias(cases: Sequence[Case]) -> Result:
    """At every batch size, with decay of the bias, CE's bias goes to zero and BCE's separates the scores."""
    of = {loss: [case for group in batched(cases, loss) for case in group] for loss in ("ce", "bce")}
    chosen = {loss: [case for case in found if case.number(BIAS_DECAY) > 0] for loss, found in of.items()}
    both = needed([*chosen["ce"], *chosen["bce"]], f"no {MISSING}, with lambda_b > 0")
    told = {
        loss: f"{sum(_slack(case) >= 0 for case in found)} of {len(found)} runs"
        for loss, found in chosen.items()
        if found
    }
    groups = [
        Points(loss.upper(), loss, sizes(found), [case.final("threshold_mean") for case in found])
        for loss, found in chosen.items()
        if found
    ]
    labels = {"ce": f"CE, mean threshold within {READING:g} of zero", "bce": "BCE, threshold between mean scores"}
    return always(
        both,
        _slack,
        "runs whose bias is as at the published batch size",
        values=tuple(Value(labels[loss], said) for loss, said in told.items()),
        drawing=draw_points(groups, "Mean threshold by batch size", "batch size", "mean threshold", x_scale="log"),
    )


def _slack(case: Case) -> float:
    """Return how near CE's mean threshold is to zero, or how far BCE's lies between the mean scores."""
    return 1 - abs(case.final("threshold_mean")) / READING if case.loss == "ce" else slack(case)
