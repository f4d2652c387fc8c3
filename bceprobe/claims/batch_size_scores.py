"""The scores by batch size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bceprobe.claims.base import claim
from bceprobe.claims.batching import BATCH, MISSING, batched, sizes
from bceprobe.claims.choosing import needed
from bceprobe.claims.result import Value
from bceprobe.claims.testing import correlation
from bceprobe.figures.points import Points, draw_points
from bceprobe.report.numbers import number
from bceprobe.stats import partial_correlation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bceprobe.claims.cases import Case
    from bceprobe.claims.result import Result

METRIC = "positive_mean"


@claim("batch-size-scores", section="appendix B.2, Figure 7, Table 11", needs=MISSING, recipes=("batch-size",))
def batch_size_scores(cases: Sequence[Case]) -> Result:
    """Scores at which training ends vary with the batch size.

    Theory says which way (derived): a batch of B samples acts like n = B/K, so that positive scores fall.
    """
    groups = needed([group for loss in ("ce", "bce") for group in batched(cases, loss)], f"no {MISSING}")
    chosen, belongs = [case for group in groups for case in group], _indicators([len(group) for group in groups])
    found = partial_correlation(np.log(sizes(chosen)), [case.final(METRIC) for case in chosen], belongs)
    points = [
        Points(loss.upper(), loss, sizes(mine), [case.final(METRIC) for case in mine])
        for loss in ("ce", "bce")
        for mine in [[case for case in chosen if case.loss == loss]]
        if mine
    ]
    return correlation(
        found,
        "correlation of log batch size and mean positive score, other settings held fixed",
        "below",
        of=f"runs in {len(groups)} settings" if len(groups) > 1 else "runs",
        values=tuple(_told(chosen)),
        notes=("The direction is derived (FORMULAS.md, Mini-batches); the paper says that the scores vary.",),
        drawing=draw_points(points, "Mean positive score by batch size", "batch size", "score", x_scale="log"),
    )


def _indicators(lengths: Sequence[int]) -> NDArray[np.float64]:
    """Return a row per group but the first: one for its runs."""
    at = np.repeat(np.arange(len(lengths)), lengths)
    belongs: NDArray[np.float64] = (at == np.arange(1, len(lengths))[:, None]).astype(float)
    return belongs


def _told(cases: Sequence[Case]) -> list[Value]:
    rows = []
    for size in sorted(set(sizes(cases))):
        of = {
            loss: [case.final(METRIC) for case in cases if case.loss == loss and case.number(BATCH) == size]
            for loss in ("ce", "bce")
        }
        said = ", ".join(f"{loss.upper()} {number(float(np.mean(found)))}" for loss, found in of.items() if found)
        rows.append(Value(f"mean positive score, batch size {size:g}", said))
    return rows
