"""What accuracy, uniform accuracy, compactness and distinctiveness share: a contrast on the test split."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.claims.choosing import classifying, needed, sides
from bceprobe.claims.printed import gains
from bceprobe.claims.result import Value
from bceprobe.claims.testing import contrast
from bceprobe.report.numbers import SHARE, difference, unit_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.claims.cases import Case
    from bceprobe.claims.result import Result

MISSING = "pairs of CE and BCE on balanced data, with a test split"
RECIPES = ("table1", "imagenet", "transformers")
TABLES = {"Table 1": "table1", "Table 3": "table3"}


def better(cases: Sequence[Case], metric: str, quantity: str, *, units: str, **more: Any) -> Result:
    """Test whether a metric is larger under BCE on the test split, over balanced pairs."""
    pairs = needed([pair for pair in classifying(cases) if _has_test(pair.ce) and _has_test(pair.bce)], f"no {MISSING}")
    measure = lambda case: case.final(metric, "test")  # noqa: E731
    values = (*sides(pairs, measure, unit_of(units)), *more.pop("values", ()))
    return contrast(pairs, measure, quantity, "above", units=units, values=values, **more)


def published_gains(metric: str) -> tuple[Value, ...]:
    """Tell the published gains of BCE in Table 1 and Table 3."""
    found = {name: [gain for _, gain in gains(key, metric)] for name, key in TABLES.items()}
    return tuple(Value(f"BCE minus CE, {name}, {len(each)} pairs", "", _said(each)) for name, each in found.items())


def _said(gained: Sequence[float]) -> str:
    return f"{difference(float(np.mean(gained)), SHARE)}, above 0 in {sum(gain > 0 for gain in gained)}"


def _has_test(case: Case) -> bool:
    return bool(case.course("accuracy", "test")[0].size)
