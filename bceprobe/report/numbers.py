"""Numbers as people read them: sensible digits, a true minus sign, percent for shares, and a dash where undefined."""

from __future__ import annotations

import math
from typing import NamedTuple

UNDEFINED = "—"
MINUS = "\N{MINUS SIGN}"
TIMES = "\N{MULTIPLICATION SIGN}"
SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
LEAST_P = 0.001
ALPHA = 0.05


class Unit(NamedTuple):
    """How values of a unit are shown: what they are multiplied by, and what follows a value or a difference."""

    factor: float = 1.0
    value: str = ""
    difference: str = ""


SHARE = Unit(100.0, " %", " pp")
PLAIN = Unit()


def unit_of(units: str) -> Unit:
    """Return how a metric's ``units`` attribute is shown: ``"share"`` as percent and percentage points."""
    return SHARE if units == "share" else PLAIN


def mean_and_spread(mean: float, std: float, unit: Unit = PLAIN) -> str:
    """Show a mean and a standard deviation, both with the decimals that give the latter two significant digits.

    Without any deviation the mean has four.

    Examples
    --------
    >>> mean_and_spread(0.0123456, 0.00041), mean_and_spread(0.9861, 0.0032, SHARE), mean_and_spread(5.60132, 0)
    ('0.01235 ± 0.00041', '98.61 ± 0.32 %', '5.601 ± 0')
    """
    if not math.isfinite(std) or not math.isfinite(mean):
        return number(mean, unit)
    if std:
        texts, power = _aligned([mean * unit.factor, std * unit.factor], digits_of=1, digits=2)
    else:
        (text,), power = _aligned([mean * unit.factor], digits_of=0, digits=4)
        texts = [_stripped(text), "0"]
    body = " ± ".join(texts)
    return f"({body}){power}{unit.value}" if power else f"{body}{unit.value}"


def number(value: float, unit: Unit = PLAIN, digits: int = 3) -> str:
    """Show a value with some significant digits.

    Examples
    --------
    >>> number(0.0123456), number(1.0, SHARE), number(float("nan"))
    ('0.0123', '100 %', '—')
    """
    if not math.isfinite(value):
        return UNDEFINED
    if unit is SHARE:
        return f"{_trimmed(value * unit.factor)}{unit.value}"
    texts, power = _aligned([value * unit.factor], digits_of=0, digits=digits)
    return f"{texts[0]}{power}{unit.value}"


def difference(value: float, unit: Unit = PLAIN) -> str:
    """Show a signed difference.

    Examples
    --------
    >>> difference(0.012945), difference(0.0139, SHARE), difference(0.0)
    ('+0.0129', '+1.39 pp', '0')
    """
    if not math.isfinite(value):
        return UNDEFINED
    texts, power = _aligned([value * unit.factor], digits_of=0, digits=3)
    sign = "+" if value > 0 else ""
    return f"{sign}{texts[0]}{power}{unit.difference}"


def interval(low: float, high: float, unit: Unit = PLAIN) -> str:
    """Show an interval of differences, both ends with the same decimals.

    Examples
    --------
    >>> interval(0.0097, 0.016123), interval(0.011, 0.0175, SHARE), interval(float("nan"), 1.0)
    ('[0.0097, 0.0161]', '[1.10, 1.75] pp', '—')
    """
    if not (math.isfinite(low) and math.isfinite(high)):
        return UNDEFINED
    texts, power = _aligned([low * unit.factor, high * unit.factor], digits_of=None, digits=3)
    return f"[{texts[0]}, {texts[1]}]{power}{unit.difference}"


def ratio_interval(low: float, high: float) -> str:
    """Show an interval of ratios, each end with three significant digits.

    Examples
    --------
    >>> ratio_interval(0.0148, 3.97), ratio_interval(float("nan"), 1.0)
    ('[0.0148, 3.97]', '—')
    """
    return f"[{number(low)}, {number(high)}]" if math.isfinite(low) and math.isfinite(high) else UNDEFINED


def p_value(value: float) -> str:
    """Show a p-value; one that would round to 0.05 gets a digit more.

    Examples
    --------
    >>> p_value(0.04321), p_value(0.0496), p_value(0.0004), p_value(1.0)
    ('0.043', '0.0496', '< 0.001', '1')
    """
    if not math.isfinite(value):
        return UNDEFINED
    if value < LEAST_P:
        return f"< {LEAST_P}"
    decimals = 3 if value < 0.1 else 2  # noqa: PLR2004 - where a third decimal says nothing
    return _trimmed(value, 4 if round(value, 3) == ALPHA else decimals)


def _aligned(values: list[float], digits_of: int | None, digits: int) -> tuple[list[str], str]:
    """Write values with common decimals and power of ten.

    The decimals give the value at `digits_of` (None: the largest) its significant digits, but never more than six
    to the largest.
    """
    largest = max(map(abs, values))
    if largest == 0:
        return ["0"] * len(values), ""
    exponent = math.floor(math.log10(largest))
    power = exponent if not -3 <= exponent < 5 else 0  # noqa: PLR2004 - where decimals stay readable
    scaled = [value / 10.0**power for value in values]
    leading = abs(scaled[digits_of]) if digits_of is not None else largest / 10.0**power
    decimals = digits - 1 - math.floor(math.log10(leading)) if leading > 0 else 0
    decimals = max(0, min(decimals, 5 - exponent + power))
    return [_minus(f"{value:.{decimals}f}") for value in scaled], _power(power)


def _power(exponent: int) -> str:
    return f"{TIMES}10{str(exponent).translate(SUPERSCRIPTS)}" if exponent else ""


def _trimmed(value: float, decimals: int = 2) -> str:
    return _minus(_stripped(f"{value:.{decimals}f}"))


def _stripped(text: str) -> str:
    return text.rstrip("0").rstrip(".") if "." in text else text


def _minus(text: str) -> str:
    """Use the minus sign of typography, and none for a zero."""
    return text.removeprefix("-") if not text.strip("-0.") else text.replace("-", MINUS)
