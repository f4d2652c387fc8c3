"""Numbers as the report writes them."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bceprobe.report.numbers import MINUS, SHARE, TIMES, difference, interval, mean_and_spread, number, p_value

EXPONENT = str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789")
FINITE = st.floats(-1e12, 1e12).filter(lambda value: abs(value) > 1e-12)


def read(text: str) -> float:
    """Read a number back as a person would."""
    digits, _, power = text.replace(MINUS, "-").partition(f"{TIMES}10")
    return float(digits) * 10.0 ** int(power.translate(EXPONENT) or 0)


@given(FINITE)
def test_a_number_is_right_to_three_digits(value: float) -> None:
    """Whatever its size, a number is shown within half a unit of its third significant digit."""
    assert read(number(value)) == pytest.approx(value, rel=5.1e-3)


@given(FINITE)
def test_a_difference_has_its_sign(value: float) -> None:
    """A difference is shown with a plus or a true minus."""
    assert difference(value)[0] == ("+" if value > 0 else MINUS)


@given(st.floats(1e-9, 1e9), st.floats(1e-9, 1e9))
def test_a_spread_has_two_digits_and_the_decimals_of_its_mean(mean: float, std: float) -> None:
    """Mean and spread share their decimals, and the spread is right to two digits unless it is very small or large."""
    body, power = re.fullmatch(r"\(?([^)]*?)\)?((?:×10.*)?)", mean_and_spread(mean, std)).groups()  # type: ignore[union-attr] # noqa: RUF001 - a true multiplication sign
    first, second = body.split(" ± ")
    assert len(first.partition(".")[2]) == len(second.partition(".")[2])
    if 1e-4 < std / mean < 1e3:
        assert read(second + power) == pytest.approx(std, rel=0.051)


@pytest.mark.parametrize(
    ("shown", "text"),
    [
        (number(0.0), "0"),
        (number(-4.2e-9), f"{MINUS}4.20{TIMES}10⁻⁹"),
        (number(0.98612, SHARE), "98.61 %"),
        (mean_and_spread(3.214e-7, 2.1e-8), f"(3.21 ± 0.21){TIMES}10⁻⁷"),
        (mean_and_spread(1.0, 0.0, SHARE), "100 ± 0 %"),
        (mean_and_spread(0.98612, 0.0, SHARE), "98.61 ± 0 %"),
        (mean_and_spread(-3.2e-7, 0.0), f"({MINUS}3.2 ± 0){TIMES}10⁻⁷"),
        (mean_and_spread(0.5, math.nan), "0.500"),
        (difference(-0.012945), f"{MINUS}0.0129"),
        (interval(-0.016123, -0.0097), f"[{MINUS}0.0161, {MINUS}0.0097]"),
    ],
)
def test_numbers_in_prose(shown: str, text: str) -> None:
    """Zero, powers of ten, percent, a missing spread and true minus signs read as in a paper."""
    assert shown == text


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.00099, "< 0.001"), (0.001, "0.001"), (0.0496, "0.0496"), (0.0504, "0.0504"), (0.05, "0.05"), (0.5, "0.5")],
)
def test_p_values(p: float, text: str) -> None:
    """Small p-values are bounded; one near 0.05 is shown so that its side can be seen."""
    assert p_value(p) == text
