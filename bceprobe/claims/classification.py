"""What accuracy, uniform accuracy, compactness and distinctiveness share: a contrast on the test split."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.claims.choosing import classifying, needed, sides
from bceprobe.claims.result import Value
from bceprobe.claims.testing import contrast
from bceprobe.published import published
from bceprobe.report.numbers import SHARE, difference, unit_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bceprobe.claims.cases import Case
    from bceprobe.claims.result import Result

MISSING = "pairs of CE and BCE on balanced data, with a test split"
RECIPES = ("table1", "imagenet", "transformers")
PERCENT = 100.0


def better(cases: Sequence[Case], metric: str, quantity: str, *, units: str, **more: Any) -> Result:
    """Test whether a metric is larger under BCE on the test split, over balanced pairs."""
    pairs = needed([pair for pair in classifying(cases) if _has_test(pair.ce) and _has_test(pair.bce)], f"no {MISSING}")
    measure = lambda case: case.final(metric, "test")  # noqa: E731
    values = (*sides(pairs, measure, unit_of(units)), *more.pop("values", ()))
    return contrast(pairs, measure, quantity, "above", units=units, values=values, **more)


def published_gains(metric: str) -> tuple[Value, ...]:
    """Tell the published gains of BCE in Table 1 and Table 3."""
    rows = {"Table 1": list(_table1(metric)), "Table 3": list(_table3(metric))}
    return tuple(Value(f"BCE minus CE, {name}, {len(gains)} pairs", "", _said(gains)) for name, gains in rows.items())


def _said(gains: Sequence[float]) -> str:
    return f"{difference(float(np.mean(gains)) / PERCENT, SHARE)}, above 0 in {sum(gain > 0 for gain in gains)}"


def _table1(metric: str) -> Iterator[float]:
    for name, models in published()["table1"].items():
        for model in models.values() if name != "columns" else ():
            yield from (b - a for a, b in zip(model["ce"][metric], model["bce"][metric], strict=True))


def _table3(metric: str) -> Iterator[float]:
    yield from (model["bce"][metric] - model["ce"][metric] for model in published()["table3"].values())


def _has_test(case: Case) -> bool:
    return bool(case.course("accuracy", "test")[0].size)
