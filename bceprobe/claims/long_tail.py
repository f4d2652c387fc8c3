"""Imbalanced data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bceprobe.claims.base import claim
from bceprobe.claims.choosing import imbalanced, needed, sides
from bceprobe.claims.pairs import pairs_of
from bceprobe.claims.result import Value
from bceprobe.claims.testing import contrast
from bceprobe.published import published
from bceprobe.report.numbers import SHARE, difference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.claims.cases import Case
    from bceprobe.claims.result import Result

MISSING = "pairs of CE and BCE on long-tailed data, with a test split"
PERCENT = 100.0


@claim("long-tail", section="4.2, Table 4", needs=MISSING, recipes=("long-tail",))
def long_tail(cases: Sequence[Case]) -> Result:
    """On long-tailed data BCE is more accurate than CE, on a balanced test set."""
    found = [pair for pair in pairs_of(cases) if imbalanced(pair.ce) and np.isfinite(_accuracy(pair.ce))]
    pairs = needed(found, f"no {MISSING}")
    table = published()["table4"]
    gains = np.subtract(table["bce"]["accuracy"], table["ce"]["accuracy"]) / PERCENT
    said = [
        Value(f"BCE minus CE, imbalance factor {factor}", "", f"{difference(float(gain), SHARE)} (CIFAR100-LT)")
        for factor, gain in zip(table["imbalance_factor"], gains, strict=True)
    ]
    quantity = "Accuracy on the test split, long-tailed training"
    return contrast(pairs, _accuracy, quantity, "above", units="share", values=(*sides(pairs, _accuracy, SHARE), *said))


def _accuracy(case: Case) -> float:
    return case.final("accuracy", "test")
