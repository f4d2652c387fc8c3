"""t-tests against closed forms, against known error rates, and where no test can be made."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import t as student

from bceprobe.stats import TestResult, paired_t, welch_t

if TYPE_CHECKING:
    from collections.abc import Callable


A = np.array([0.31, 0.27, 0.35, 0.30, 0.36])
B = np.array([0.22, 0.21, 0.29, 0.20, 0.30])


def _agrees(found: TestResult, difference: float, error: float, freedom: float) -> None:
    """Compare with Student's t written out: p = 2 P(T > |difference| / error), interval difference +- t_.975 error."""
    half = student.ppf(0.975, freedom) * error
    assert found.difference == pytest.approx(difference, rel=1e-12)
    assert (found.ci_low, found.ci_high) == pytest.approx((difference - half, difference + half), rel=1e-10)
    assert found.p_value == pytest.approx(2 * student.sf(abs(difference) / error, freedom), rel=1e-10)


def test_paired_t_equals_its_closed_form() -> None:
    """The paired test is Student's t of the mean difference, with n - 1 degrees of freedom."""
    differences = B - A
    found = paired_t(A, B)
    _agrees(found, differences.mean(), differences.std(ddof=1) / math.sqrt(5), 4)
    assert (found.test, found.n, found.note) == ("paired t", (5, 5), "")


def test_welch_t_equals_its_closed_form() -> None:
    """The unpaired test uses both variances and the Welch-Satterthwaite degrees of freedom."""
    a, b = A[:3], B
    parts = a.var(ddof=1) / 3, b.var(ddof=1) / 5
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / 2 + parts[1] ** 2 / 4)
    found = welch_t(a, b)
    _agrees(found, b.mean() - a.mean(), math.sqrt(sum(parts)), freedom)
    assert (found.test, found.n) == ("Welch's t", (3, 5))


@pytest.mark.parametrize("test", [paired_t, welch_t])
def test_exchanging_the_arms_only_turns_the_sign(test: Callable[..., TestResult]) -> None:
    """With a and b exchanged the p-value stays and difference, interval and effect turn their sign."""
    one, other = test(A, B), test(B, A)
    assert one.p_value == pytest.approx(other.p_value, rel=1e-12)
    assert one.difference == pytest.approx(-other.difference, rel=1e-12)
    assert one.effect == pytest.approx(-other.effect, rel=1e-12)
    assert (one.ci_low, one.ci_high) == pytest.approx((-other.ci_high, -other.ci_low), rel=1e-12)


@pytest.mark.parametrize("test", [paired_t, welch_t])
def test_false_positives_are_as_rare_as_promised(test: Callable[..., TestResult]) -> None:
    """Among 500 comparisons without a true difference, p < 0.05 comes in 5 % +- 2 %, and so do missing intervals."""
    generator = np.random.default_rng(2025)
    found = [test(*generator.normal(size=(2, 5))) for _ in range(500)]
    assert np.mean([result.p_value < 0.05 for result in found]) == pytest.approx(0.05, abs=0.02)
    assert np.mean([not result.ci_low < 0 < result.ci_high for result in found]) == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize("test", [paired_t, welch_t])
@pytest.mark.parametrize(
    ("a", "b", "note", "difference"),
    [
        ([0.5], [0.75], "one seed", 0.25),
        ([1.0, 1.0, 1.0], [1.0, 1.0, 1.0], "no variation", 0.0),
        ([0.0, 0.0], [0.0, 0.0], "no variation", 0.0),
        ([0.3, 0.3, 0.3], [0.1 + 0.2, 0.3, 0.3], "no variation", 0.0),
        ([0.5, math.nan], [0.5, 0.25], "undefined", math.nan),
        ([0.5, math.inf], [0.5, math.inf], "undefined", math.nan),
    ],
)
def test_a_test_that_cannot_be_made_says_why(
    test: Callable[..., TestResult], a: list[float], b: list[float], note: str, difference: float
) -> None:
    """One seed, values equal up to rounding, or undefined values: no p-value, a reason, and no warning."""
    found = test(a, b)
    assert found.note.startswith(note)
    assert found.difference == pytest.approx(difference, abs=1e-12, nan_ok=True)
    assert all(map(math.isnan, (found.p_value, found.ci_low, found.ci_high, found.effect)))


def test_a_constant_difference_has_no_p_value() -> None:
    """Pairs that all differ by the same amount, up to rounding, give the difference but no test of it."""
    found = paired_t([0.7, 0.8, 0.9], [0.8, 0.9, 1.0])
    assert found.difference == pytest.approx(0.1, rel=1e-12)
    assert (found.note, math.isnan(found.p_value)) == ("no variation", True)


def test_one_constant_arm_is_tested_all_the_same() -> None:
    """An arm at 100 % for every seed can be compared with one that varies; only the latter's variance counts."""
    b = np.array([0.96, 0.97, 0.99])
    _agrees(welch_t(np.ones(3), b), b.mean() - 1, b.std(ddof=1) / math.sqrt(3), 2)
    _agrees(paired_t(np.ones(3), b), b.mean() - 1, b.std(ddof=1) / math.sqrt(3), 2)


def test_pairs_of_unequal_number_are_refused() -> None:
    """Arms of different length cannot be paired."""
    with pytest.raises(ValueError, match="3 and 2"):
        paired_t([1, 2, 3], [1, 2])


@pytest.mark.parametrize(("a", "b"), [([], []), ([], [1.0, 2.0])])
def test_an_empty_arm_has_no_difference(a: list[float], b: list[float]) -> None:
    """Without a value in an arm even the difference is undefined."""
    found = welch_t(a, b)
    assert math.isnan(found.difference)
    assert found.note.startswith("one seed")
