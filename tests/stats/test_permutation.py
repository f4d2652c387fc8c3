"""Permutation tests against enumerations written out with itertools, and their edge cases."""

from __future__ import annotations

import math
from itertools import combinations, product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from bceprobe.stats import TestResult, hedges_g, relabelling, sign_flip

if TYPE_CHECKING:
    from collections.abc import Callable

# Quarters: sums are exact in float64, so that ties between permutations are ties.
NUMBERS = st.integers(-40, 40).map(lambda number: number / 4)
# Differences of maize heights, crossed less self-fertilised, in eighths of an inch: Darwin 1876, after Fisher 1935.
MAIZE = [49, -67, 8, 16, 6, 23, 28, 41, 14, 29, 56, 24, 75, 60, -48]


@given(st.lists(NUMBERS, min_size=2, max_size=8).filter(lambda values: len(set(values)) > 1))
def test_sign_flips_are_all_tried(differences: list[float]) -> None:
    """The p-value is the share of sign patterns whose mean is at least as far from zero."""
    observed = abs(sum(differences))
    flipped = [
        sum(map(math.prod, zip(signs, differences, strict=True))) for signs in product([-1, 1], repeat=len(differences))
    ]
    expected = sum(abs(total) >= observed for total in flipped) / len(flipped)
    assert sign_flip(np.zeros(len(differences)), differences).p_value == pytest.approx(expected, rel=1e-12)


def test_sign_flips_of_fishers_maize() -> None:
    """Fisher counts 863 of the 32768 patterns with a total of Darwin's 314 or more: p = 2 * 863 / 32768."""
    found = sign_flip(np.zeros(15), MAIZE)
    assert found.p_value == pytest.approx(2 * 863 / 32768, rel=1e-12)
    assert (found.test, found.n, found.note) == ("sign-flip permutation", (15, 15), "")
    assert found.difference == pytest.approx(314 / 15, rel=1e-12)


@pytest.mark.parametrize("n", [6, 7, 9])
def test_the_interval_holds_the_shifts_that_are_not_rejected(n: int) -> None:
    """Just inside its ends the shifted differences have p >= 0.05 less one step of the test, outside p < 0.05."""
    a, b = np.random.default_rng(n).normal(size=(2, n))
    found = sign_flip(a, b + 1)
    width, step = found.ci_high - found.ci_low, 2 ** (1 - n)
    for end, inwards in ((found.ci_low, 1), (found.ci_high, -1)):
        inside, outside = (sign_flip(a, b + 1 - end - shift * inwards * width * 1e-6).p_value for shift in (1, -1))
        assert outside < 0.05
        assert inside > 0.05 - step


@pytest.mark.parametrize("n", [2, 5])
def test_below_six_pairs_there_is_no_interval(n: int) -> None:
    """Five pairs give p >= 2 / 32 whatever the shift, so no shift is excluded at 95 %."""
    found = sign_flip(np.zeros(n), np.arange(1.0, n + 1))
    assert found.p_value == 2.0 ** (1 - n)
    assert (math.isnan(found.ci_low), math.isnan(found.ci_high), found.note) == (True, True, "")


def test_beyond_sixteen_pairs_patterns_are_sampled() -> None:
    """Of 40 normal pairs p and interval come near those of the t-test, the same for the same seed and never zero."""
    a, b = np.random.default_rng(2).normal(size=(2, 40))
    found, again, other = sign_flip(a, b + 0.3), sign_flip(a, b + 0.3), sign_flip(a, b + 0.3, seed=1)
    expected = ttest_1samp(b + 0.3 - a, 0)
    assert found == again
    assert found.p_value != other.p_value
    assert found.p_value == pytest.approx(expected.pvalue, abs=0.02)
    low, high = expected.confidence_interval()
    assert (found.ci_low, found.ci_high) == pytest.approx((low, high), abs=0.05)
    assert sign_flip(np.zeros(40), np.ones(40) + a / 100).p_value == pytest.approx(2 / (1 + 2**16), rel=1e-9)


@given(*[st.lists(NUMBERS, min_size=2, max_size=5)] * 2)
def test_labels_are_exchanged_in_all_ways(a: list[float], b: list[float]) -> None:
    """The p-value is twice the share of labellings on the rarer side, at most 1."""
    if len(set(a)) == len(set(b)) == 1:
        return
    pool, n_b = a + b, len(b)
    means = [
        sum(pool[at] for at in chosen) / n_b - sum(pool[at] for at in range(len(pool)) if at not in chosen) / len(a)
        for chosen in combinations(range(len(pool)), n_b)
    ]
    observed = sum(b) / n_b - sum(a) / len(a)
    tails = [sum(sign * (mean - observed) >= -1e-9 for mean in means) / len(means) for sign in (1, -1)]
    found = relabelling(a, b)
    assert found.p_value == pytest.approx(min(1, 2 * min(tails)), rel=1e-12)
    assert found.difference == pytest.approx(observed, abs=1e-12)
    assert found.effect == pytest.approx(hedges_g(a, b), nan_ok=True)


@pytest.mark.parametrize("test", [sign_flip, relabelling])
@pytest.mark.parametrize(
    ("a", "b", "note", "difference"),
    [
        ([0.5], [0.75], "one seed", 0.25),
        ([1.0, 1.0], [1.0, 1.0], "no variation", 0.0),
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


def test_values_that_are_no_pairs_are_refused() -> None:
    """Pairs need arms of equal length, and arms one value per seed."""
    with pytest.raises(ValueError, match="3 and 2"):
        sign_flip([1, 2, 3], [1, 2])
    with pytest.raises(ValueError, match="one value per seed"):
        relabelling([[1, 2]], [1, 2])
