"""NC1 to NC3 over the first 20 epochs."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bceprobe.claims.base import claim
from bceprobe.claims.choosing import collapsing, needed
from bceprobe.claims.pairs import pairs_of
from bceprobe.claims.result import Value
from bceprobe.claims.testing import contrast
from bceprobe.report.numbers import number
from bceprobe.stats import log_area
from bceprobe.stats.curves import EARLY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.claims.cases import Case
    from bceprobe.claims.pairs import Pair
    from bceprobe.claims.result import Result

METRICS = ("nc1", "nc2", "nc3")
# Fewer epochs do not show a course.
FEWEST = 6
MISSING = f"pairs with decay in the loss and at least {FEWEST} epochs up to the {EARLY}th captured"


@claim("nc-falls-faster", section="4.1, Figures 2 and 4 to 6", needs=MISSING, recipes=("fig2", "nc-grid"))
def nc_falls_faster(cases: Sequence[Case]) -> Result:
    """In the first 20 epochs NC1, NC2 and NC3 fall faster under BCE than under CE.

    What is compared is the geometric mean of the three metrics and of these epochs.
    """
    pairs = needed([pair for pair in pairs_of(collapsing(cases)) if _followed(pair)], f"no {MISSING}")
    values = tuple(Value(f"{name.upper()}, BCE over CE", number(_ratio(pairs, name))) for name in METRICS)
    quantity = f"NC1 to NC3 over the first {EARLY} epochs, geometric mean"
    return contrast(pairs, _level, quantity, "below", ratio=True, values=values)


def _level(case: Case) -> float:
    return float(np.mean([_of(case, name) for name in METRICS]))


def _of(case: Case, metric: str) -> float:
    """Return the mean natural logarithm of a metric over the first epochs, from the area below it."""
    epochs, values = case.course(metric)
    width = float(epochs[epochs <= EARLY][-1] - epochs[0])
    return float(log_area(epochs, values[None])[0]) * math.log(10) / width


def _ratio(pairs: Sequence[Pair], metric: str) -> float:
    found = np.array([_of(pair.bce, metric) - _of(pair.ce, metric) for pair in pairs])
    return math.exp(found[np.isfinite(found)].mean()) if np.isfinite(found).any() else math.nan


def _followed(pair: Pair) -> bool:
    both = [case.course("nc1")[0] for case in (pair.ce, pair.bce)]
    early = [epochs[epochs <= EARLY] for epochs in both]
    return early[0].size >= FEWEST and np.array_equal(early[0], early[1])
