"""What the test of a claim found, before anybody says whether that supports it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from bceprobe.figures import Drawing

Claimed = Literal["above", "below", "always", "exactly"]


@dataclass(frozen=True)
class Value:
    """A value that the claim is about, as text with its unit: as measured here, and as published where it is."""

    name: str
    measured: str
    published: str = ""


@dataclass(frozen=True)
class Result:
    """What a test found.

    Parameters
    ----------
    quantity
        What the estimate is of, such as ``"ratio of areas, BCE over CE"``.
    claimed
        What the paper says of it: ``"above"`` or ``"below"`` the `null`; ``"always"``: the share of cases that agree
        is one, where cases are a sample of trainings; ``"exactly"``: likewise, where it is mathematics, so that one
        case decides.
    test, n, of
        The name of the test, the number of independent values it rests on, and what they are.
    estimate, ci_low, ci_high, p_value
        Of the quantity: with 95 % confidence interval, and two-sided p-value against the `null`.
    effect, effect_name
        A size without units, and its name; NaN where there is none.
    null
        The value of no effect.
    units
        ``"share"`` for what is shown in percent (points), else ``"1"``.
    values
        What else is told, with published values beside.
    failing, runs
        Cases that do not agree, out of how many, for ``"always"`` and ``"exactly"``.
    notes
        What a reader must know to believe it.
    drawing
        A figure of the evidence.
    """

    quantity: str
    claimed: Claimed
    test: str
    n: int
    of: str
    estimate: float
    ci_low: float = math.nan
    ci_high: float = math.nan
    p_value: float = math.nan
    effect: float = math.nan
    effect_name: str = ""
    null: float = 0.0
    units: str = "1"
    values: tuple[Value, ...] = ()
    failing: tuple[str, ...] = ()
    runs: int = 0
    notes: tuple[str, ...] = ()
    drawing: Drawing | None = field(default=None, compare=False)
