"""A scorecard as JSON-able data."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bceprobe.scorecard.judging import Judged, Scorecard

SCHEMA_VERSION = 1
NUMBERS = ("estimate", "ci_low", "ci_high", "null", "p_value", "effect")
TEXTS = ("quantity", "claimed", "test", "n", "of", "runs", "units", "effect_name", "failing", "notes")


def to_document(scorecard: Scorecard) -> dict[str, Any]:
    """Return a scorecard as data: None where there is no number."""
    return {
        "schema_version": SCHEMA_VERSION,
        "runs": [case.label for case in scorecard.cases],
        "left": list(scorecard.left),
        "headline": scorecard.headline,
        "correction": "holm",
        "tests": scorecard.tests,
        "claims": [_claim(one) for one in scorecard.judged],
    }


def _claim(one: Judged) -> dict[str, Any]:
    known = {name: getattr(one.claim, name) for name in ("name", "statement", "section", "needs")}
    found = {"verdict": one.verdict, "why": one.why, "recipes": list(one.claim.recipes)}
    return {**known, **found, "result": _result(one)}


def _result(one: Judged) -> dict[str, Any] | None:
    result = one.result
    if result is None:
        return None
    texts = {name: getattr(result, name) for name in TEXTS}
    numbers = {name: _finite(getattr(result, name)) for name in NUMBERS}
    rows = result.drawing.rows if result.drawing else []
    return {
        **{name: list(value) if isinstance(value, tuple) else value for name, value in texts.items()},
        **numbers,
        "p_corrected": _finite(one.p_corrected),
        "values": [asdict(value) for value in result.values],
        "figure": [{name: _finite(value) for name, value in row.items()} for row in rows],
    }


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
