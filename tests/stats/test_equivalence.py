"""Equivalence tests against Student's t written out, and their edge cases."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import t as student
from scipy.stats import ttest_1samp, ttest_ind

from bceprobe.stats import hedges_g, tost

A = np.array([0.90, 0.93, 0.91, 0.94, 0.92, 0.95])
B = np.array([0.91, 0.92, 0.92, 0.95, 0.91, 0.96])


def test_pairs_equal_two_one_sided_t_tests() -> None:
    """The p-value is the larger of two one-sided t-tests against either margin, the interval that of 90 %."""
    differences, found = B - A, tost(A, B, 0.02, paired=True)
    sides = [ttest_1samp(differences, -0.02, alternative="greater"), ttest_1samp(differences, 0.02, alternative="less")]
    assert found.p_value == pytest.approx(max(side.pvalue for side in sides), rel=1e-10)
    half = student.ppf(0.95, 5) * differences.std(ddof=1) / math.sqrt(6)
    mean = differences.mean()
    assert (found.difference, found.ci_low, found.ci_high) == pytest.approx((mean, mean - half, mean + half), rel=1e-10)
    assert (found.test, found.n, found.margin, found.note) == ("two one-sided t", (6, 6), 0.02, "")
    assert found.effect == hedges_g(A, B)


def test_independent_arms_equal_two_one_sided_welch_tests() -> None:
    """Likewise with Welch's variances, for arms of unequal size."""
    a, b = A[:4], 3 * B
    found = tost(a, b, 2.0)
    sides = [
        ttest_ind(b, a - 2, equal_var=False, alternative="greater"),
        ttest_ind(b, a + 2, equal_var=False, alternative="less"),
    ]
    assert found.p_value == pytest.approx(max(side.pvalue for side in sides), rel=1e-8)
    low, high = ttest_ind(b, a, equal_var=False).confidence_interval(0.9)
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high), rel=1e-8)


@given(st.floats(0.001, 0.1), st.booleans())
def test_it_is_shown_exactly_where_the_interval_lies_within_the_margin(margin: float, paired: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    """P < 0.05 and the 90 % interval inside the margin are one statement."""
    found = tost(A, B, margin, paired=paired)
    assert found.shown == (-margin < found.ci_low and found.ci_high < margin)


def test_a_large_p_of_a_test_of_difference_shows_no_equivalence() -> None:
    """Two noisy arms whose difference is far from significant are not equivalent at a small margin."""
    a, b = np.random.default_rng(7).normal(size=(2, 5))
    assert ttest_ind(a, b).pvalue > 0.2
    assert not tost(a, b, 0.1).shown


def test_at_the_margin_equivalence_is_claimed_in_five_percent() -> None:
    """With a true difference of exactly the margin, 500 comparisons show equivalence in 5 % +- 2 %."""
    a, b = np.random.default_rng(2027).normal(size=(2, 500, 20))
    for paired in (True, False):
        shown = [tost(one, other + 1.5, 1.5, paired=paired).shown for one, other in zip(a, b, strict=True)]
        assert np.mean(shown) == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize(
    ("a", "b", "note"),
    [
        ([1.0], [2.0], "one seed"),
        ([1.0, 1.0], [1.0, 1.0], "no variation"),
        ([1.0, math.inf], [1.0, math.inf], "undefined"),
    ],
)
def test_a_test_that_cannot_be_made_says_why(a: list[float], b: list[float], note: str) -> None:
    """One seed, no variation or undefined values: no p-value, equivalence not shown, a reason."""
    found = tost(a, b, 1.0, paired=True)
    assert found.note.startswith(note)
    assert (math.isnan(found.p_value), found.shown) == (True, False)


@pytest.mark.parametrize("margin", [0.0, -1.0, math.nan, math.inf])
def test_a_margin_that_is_none_is_refused(margin: float) -> None:
    """The margin must be positive and finite."""
    with pytest.raises(ValueError, match="margin"):
        tost(A, B, margin)
