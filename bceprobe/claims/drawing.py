"""Figures of evidence: estimates by setting, and values of every run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.figures.forest import Estimate, draw_forest
from bceprobe.figures.points import Points, draw_columns
from bceprobe.stats import paired_t

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from bceprobe.claims.cases import Case
    from bceprobe.claims.result import Result
    from bceprobe.figures import Drawing

POINTS = 100.0


def forest(differences: NDArray[np.float64], cells: Sequence[str], overall: Result, *, ratio: bool) -> Drawing:
    """Draw a row for each setting: the mean of its pairs with Student's interval; and the overall estimate."""
    rows = [_row(name, differences[[cell == name for cell in cells]]) for name in dict.fromkeys(cells)]
    share = overall.units == "share"
    turn: Callable[[float], float] = np.exp if ratio else lambda value: value * (POINTS if share else 1.0)
    shown = [Estimate(row.label, *map(turn, (row.value, row.low, row.high))) for row in rows]
    scale = POINTS if share else 1.0
    total = Estimate("overall", *(scale * end for end in (overall.estimate, overall.ci_low, overall.ci_high)))
    units = "ratio, BCE over CE" if ratio else "percentage points, BCE minus CE" if share else "BCE minus CE"
    named = shown if len(shown) > 1 else []
    return draw_forest(named, total, overall.quantity, null=overall.null, units=units)


def by_run(
    cases: Sequence[Case], columns: Mapping[str, Callable[[Case], float]], title: str, y: str, **more: Any
) -> Drawing:
    """Draw values of every run in columns, CE and BCE side by side."""
    groups = [
        Points(
            loss.upper(),
            loss,
            [at for at in range(len(columns)) for case in cases if case.loss == loss],
            [value(case) for value in columns.values() for case in cases if case.loss == loss],
        )
        for loss in ("ce", "bce")
        if any(case.loss == loss for case in cases)
    ]
    return draw_columns(groups, list(columns), title, y, **more)


def _row(name: str, differences: NDArray[np.float64]) -> Estimate:
    found = paired_t(np.zeros(differences.size), differences)
    return Estimate(name or "all", float(differences.mean()), found.ci_low, found.ci_high)
