"""Imbalanced data."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bceprobe.claims.base import claim
from bceprobe.claims.choosing import IMBALANCE, imbalanced, needed, sides
from bceprobe.claims.pairs import pairs_of
from bceprobe.claims.printed import gains
from bceprobe.claims.result import Value
from bceprobe.claims.testing import contrast
from bceprobe.report.numbers import SHARE, difference

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.claims.cases import Case
    from bceprobe.claims.result import Result

MISSING = "pairs of CE and BCE on long-tailed data, with a test split"


@claim("long-tail", section="4.2, Table 4", needs=MISSING, recipes=("long-tail",))
def long_tail(cases: Sequence[Case]) -> Result:
    """On long-tailed data BCE is more accurate than CE, on a balanced test set."""
    found = [pair for pair in pairs_of(cases) if imbalanced(pair.ce) and np.isfinite(_accuracy(pair.ce))]
    pairs = needed(found, f"no {MISSING}")
    said = [
        Value(f"BCE minus CE, imbalance factor {settings[IMBALANCE]:g}", "", f"{difference(gain, SHARE)} (CIFAR100-LT)")
        for settings, gain in gains("table4", "accuracy")
    ]
    quantity = "Accuracy on the test split, long-tailed training"
    return contrast(pairs, _accuracy, quantity, "above", units="share", values=(*sides(pairs, _accuracy, SHARE), *said))


def _accuracy(case: Case) -> float:
    return case.final("accuracy", "test")
