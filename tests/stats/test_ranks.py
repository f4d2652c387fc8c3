"""Rank tests against enumerations and published tables, and their edge cases."""

from __future__ import annotations

import math
from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, rankdata

from bceprobe.stats import TestResult, cliffs_delta, rank_sum, signed_rank
from bceprobe.stats.ranks import _u_counts

if TYPE_CHECKING:
    from collections.abc import Callable

WHOLE = st.integers(-6, 6)
# Depression scores of nine patients at two visits: Hollander & Wolfe 1973, table 3.1, the example of R's wilcox.test.
FIRST = [1.83, 0.50, 1.62, 2.48, 1.68, 1.88, 1.55, 3.06, 1.30]
SECOND = [0.878, 0.647, 0.598, 2.05, 1.06, 1.29, 1.06, 3.14, 1.29]
# Permeability constants of the human chorioamnion: Hollander & Wolfe 1973, p. 69, the example of R's wilcox.test.
TERM = [0.80, 0.83, 1.89, 1.04, 1.45, 1.38, 1.91, 1.64, 0.73, 1.46]
EARLY = [1.15, 0.88, 0.90, 0.74, 1.21]


@given(st.lists(WHOLE, min_size=2, max_size=7).filter(lambda values: len(set(values)) > 1))
def test_signed_ranks_equal_their_enumeration(differences: list[int]) -> None:
    """Ties and zeros among them: p is twice the share of sign patterns on the rarer side, ranks with Pratt's zeros."""
    ranks = rankdata(np.abs(differences))
    patterns = product(*[[0, rank] if value else [0, 0] for value, rank in zip(differences, ranks, strict=True)])
    sums = np.array([sum(pattern) for pattern in patterns])
    observed = ranks[np.array(differences) > 0].sum()
    expected = min(1, 2 * min((sums >= observed).mean(), (sums <= observed).mean()))
    assert signed_rank(np.zeros(len(differences)), differences).p_value == pytest.approx(expected, rel=1e-9)


def test_signed_rank_of_a_published_example() -> None:
    """R prints V = 40, p = 0.03906 for the depression scores: 2 * 10 of the 512 sign patterns."""
    found = signed_rank(SECOND, FIRST)
    assert found.p_value == pytest.approx(20 / 512, rel=1e-12)
    assert (found.test, found.n, found.note) == ("Wilcoxon signed-rank", (9, 9), "")


def test_the_shift_of_pairs_is_the_median_of_walsh_averages() -> None:
    """Estimate and interval are the median and the 6th from either end of 45 means of two: P(T <= 5) = 10 / 512."""
    differences = np.subtract(FIRST, SECOND)
    walsh = sorted((x + y) / 2 for at, x in enumerate(differences) for y in differences[at:])
    found = signed_rank(SECOND, FIRST)
    assert found.difference == pytest.approx(float(np.median(walsh)), rel=1e-10)
    assert (found.ci_low, found.ci_high) == pytest.approx((walsh[5], walsh[-6]), rel=1e-10)
    assert found.effect == cliffs_delta(SECOND, FIRST)


def test_rounding_breaks_no_ties() -> None:
    """Differences of accuracies that are equal but for float64 rounding share a rank."""
    a, b = np.array([70, 80, 90, 60]), np.array([80, 90, 100, 50])
    assert len(set((b / 100 - a / 100).tolist())) > 2
    assert signed_rank(a / 100, b / 100).p_value == signed_rank(a, b).p_value


@given(*[st.lists(WHOLE, min_size=2, max_size=5)] * 2)
def test_rank_sums_equal_their_enumeration(a: list[int], b: list[int]) -> None:
    """Ties or none: p is twice the share of labellings on the rarer side of U, at most 1."""
    if len(set(a)) == len(set(b)) == 1:
        return
    pool = a + b
    ranks = rankdata(pool)
    sums = np.array([ranks[list(chosen)].sum() for chosen in combinations(range(len(pool)), len(b))])
    observed = ranks[len(a) :].sum()
    expected = min(1, 2 * min((sums >= observed - 1e-9).mean(), (sums <= observed + 1e-9).mean()))
    assert rank_sum(a, b).p_value == pytest.approx(expected, rel=1e-9)


def test_rank_sum_of_a_published_example() -> None:
    """R gives W = 35, one-sided p = 0.1272 for the permeability constants; the shift is the median of differences."""
    found = rank_sum(EARLY, TERM)
    assert found.p_value == pytest.approx(2 * 0.1272, abs=1e-4)
    shifts = sorted(y - x for x in EARLY for y in TERM)
    assert found.difference == pytest.approx(float(np.median(shifts)), rel=1e-12)
    assert (found.test, found.n) == ("Mann-Whitney U", (5, 10))
    assert found.effect == pytest.approx((35 - 15) / 50)


def test_the_shift_of_arms_is_bounded_by_the_tables() -> None:
    """For arms of 5 and 10 the critical U of the tables is 8: the 9th difference from either end bounds it."""
    shifts, found = sorted(y - x for x in EARLY for y in TERM), rank_sum(EARLY, TERM)
    assert (found.ci_low, found.ci_high) == pytest.approx((shifts[8], shifts[-9]), rel=1e-12)


@pytest.mark.parametrize(("first", "second"), [(1, 1), (2, 3), (4, 4), (5, 2)])
def test_the_distribution_of_u_equals_its_enumeration(first: int, second: int) -> None:
    """The recursion counts every order of two samples once."""
    sums = [sum(chosen) for chosen in combinations(range(first + second), first)]
    expected = np.bincount(np.array(sums) - first * (first - 1) // 2, minlength=first * second + 1)
    assert _u_counts(first, second).tolist() == expected.tolist()


def test_large_samples_come_near_the_normal_distribution() -> None:
    """60 pairs, beyond the exact tables: p equals that of the normal distribution with continuity correction."""
    differences = np.random.default_rng(1).normal(0.2, size=60)
    ranks = rankdata(np.abs(differences))
    z = (abs(ranks[differences > 0].sum() - 915) - 0.5) / math.sqrt(60 * 61 * 121 / 24)
    assert signed_rank(np.zeros(60), differences).p_value == pytest.approx(2 * norm.sf(z), rel=0.05)


@pytest.mark.parametrize("test", [signed_rank, rank_sum])
def test_few_seeds_have_no_interval(test: Callable[..., TestResult]) -> None:
    """Three seeds exclude no shift at 95 %; estimate, p and effect stay."""
    found = test([1, 2, 3], [4, 6, 8])
    assert (math.isnan(found.ci_low), math.isnan(found.ci_high)) == (True, True)
    assert (found.difference, found.effect, found.note) == (4.0, 1.0, "")
    assert found.p_value == pytest.approx(0.25 if test is signed_rank else 0.1)


@pytest.mark.parametrize("test", [signed_rank, rank_sum])
@pytest.mark.parametrize(
    ("a", "b", "note", "difference"),
    [
        ([0.5], [0.75], "one seed", 0.25),
        ([1.0, 1.0], [1.0, 1.0], "no variation", 0.0),
        ([0.5, math.nan], [0.5, 0.25], "undefined", math.nan),
        ([0.5, math.inf], [0.5, math.inf], "undefined", math.nan),
        ([], [], "one seed", math.nan),
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
