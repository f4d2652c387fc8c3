"""Correlations against closed forms, hand-ranked values, statsmodels and known error rates; and their edge cases."""

from __future__ import annotations

import math
from dataclasses import astuple, replace
from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import PermutationMethod, pearsonr
from statsmodels.api import OLS, add_constant

from bceprobe.stats.correlation import Correlation, correlate

Z = 1.959963984540054  # 97.5 % quantile of the standard normal distribution
T3 = 3.182446305284263  # and of Student's t with 3 degrees of freedom
X, Y = [1, 2, 3, 4, 5], [2, 1, 4, 3, 5]  # r = r_s = slope = 0.8
PAIRS = st.lists(st.tuples(*[st.integers(-40, 40).map(lambda number: number / 4)] * 2), min_size=4, max_size=9)


@st.composite
def varying(draw: st.DrawFn) -> tuple[list[float], list[float]]:
    """Four to nine pairs in which both x and y vary, many ties among them."""
    x, y = map(list, zip(*draw(PAIRS), strict=True))
    assume(len(set(x)) > 1 and len(set(y)) > 1)
    return x, y


def _close(found: Correlation, expected: Correlation) -> None:
    """Compare all fields, as closely as an r next to 1 allows: sqrt(1 - r^2) keeps half of the digits."""
    assert found.note == expected.note
    assert astuple(found)[:-1] == pytest.approx(astuple(expected)[:-1], rel=1e-6, abs=1e-6, nan_ok=True)


def _student_3(t: float) -> float:
    """Two-sided p-value of Student's t with 3 degrees of freedom, in its closed form."""
    share = t / math.sqrt(3)
    return 1 - 2 / math.pi * (share / (1 + share**2) + math.atan(share))


def test_pearson_equals_its_closed_form() -> None:
    """Five pairs with r = 0.8: Fisher's artanh(0.8) = ln 3 with standard error 1/sqrt(2), t = r sqrt(3 / 0.36)."""
    found = correlate(X, Y)
    assert (found.n, found.note) == (5, "")
    assert found.pearson == pytest.approx(0.8, rel=1e-14)
    expected = [math.tanh(math.log(3) - Z / math.sqrt(2)), math.tanh(math.log(3) + Z / math.sqrt(2))]
    assert [found.pearson_low, found.pearson_high] == pytest.approx(expected, rel=1e-12)
    assert found.pearson_p == pytest.approx(_student_3(0.8 * math.sqrt(3 / 0.36)), rel=1e-10)


def test_spearman_equals_its_closed_form() -> None:
    """r_s = 1 - 6 * 4 / (5 * 24) = 0.8 of stretched values, with Bonett and Wright's variance (1 + 0.32) / 2.

    Its p-value counts the permutations whose rank differences have squares that sum to 4 or less (r_s >= 0.8), or to
    36 or more.
    """
    found = correlate(np.exp(X), np.power(Y, 3))
    half = Z * math.sqrt((1 + 0.8**2 / 2) / 2)
    assert found.spearman == pytest.approx(0.8, rel=1e-14)
    expected = [math.tanh(math.log(3) - half), math.tanh(math.log(3) + half)]
    assert [found.spearman_low, found.spearman_high] == pytest.approx(expected, rel=1e-12)
    sums = [sum((a - b) ** 2 for a, b in zip(range(5), one, strict=True)) for one in permutations(range(5))]
    assert found.spearman_p == sum(total <= 4 or total >= 36 for total in sums) / 120


def test_slope_equals_its_closed_form() -> None:
    """Sums of squares 10 and 10, of products 8: slope 0.8 with standard error sqrt(0.36 / 3)."""
    found = correlate(X, Y)
    half = T3 * math.sqrt(0.36 / 3)
    assert [found.slope, found.slope_low, found.slope_high] == pytest.approx([0.8, 0.8 - half, 0.8 + half], rel=1e-12)


def test_ties_share_their_mean_rank() -> None:
    """Ranks (1, 2.5, 2.5, 4) and (2, 1, 3.5, 3.5) correlate by 2.25 / 4.5."""
    assert correlate([10, 20, 20, 40], [3, 1, 4, 4]).spearman == pytest.approx(0.5, rel=1e-14)


def test_slope_agrees_with_statsmodels() -> None:
    """Slope and interval are those of an ordinary least-squares fit with intercept."""
    x, noise = np.random.default_rng(3).normal(size=(2, 12))
    fit = OLS(5 + 2 * x + noise, add_constant(1e3 + x)).fit()
    found = correlate(1e3 + x, 5 + 2 * x + noise)
    expected = [fit.params[1], *fit.conf_int()[1]]
    assert [found.slope, found.slope_low, found.slope_high] == pytest.approx(expected, rel=1e-8)


def test_p_values_agree_with_permutations() -> None:
    """Of all 5040 ways to pair seven values, about the share p correlates as strongly, by values and by ranks."""
    x, noise = np.random.default_rng(5).normal(size=(2, 7))
    found = correlate(x, x + noise)
    ranks = np.argsort(np.argsort([x, x + noise]))
    exact = [pearsonr(*pair, method=PermutationMethod()).pvalue for pair in ([x, x + noise], ranks)]
    assert [found.pearson_p, found.spearman_p] == pytest.approx(exact, abs=0.02)
    assert found.pearson_p > 0.01


@pytest.mark.parametrize("rho", [0.0, 0.6])
def test_intervals_hold_the_truth_as_often_as_promised(rho: float) -> None:
    """In 500 samples of 20 normal pairs each interval holds its population value in 95 % +- 2 % of cases."""
    x, noise = np.random.default_rng(11).normal(size=(2, 500, 20))
    found = [correlate(*pair) for pair in zip(x, rho * x + math.sqrt(1 - rho**2) * noise, strict=True)]
    rank_rho = 6 / math.pi * math.asin(rho / 2)
    assert np.mean([part.pearson_low < rho < part.pearson_high for part in found]) == pytest.approx(0.95, abs=0.02)
    assert np.mean([part.spearman_low < rank_rho < part.spearman_high for part in found]) == pytest.approx(
        0.95, abs=0.02
    )
    assert np.mean([part.slope_low < rho < part.slope_high for part in found]) == pytest.approx(0.95, abs=0.02)


@given(varying())
def test_x_and_y_may_be_exchanged(pairs: tuple[list[float], list[float]]) -> None:
    """Both correlations are symmetric, and the product of the two slopes is r squared."""
    one, other = correlate(*pairs), correlate(*reversed(pairs))
    _close(replace(other, slope=one.slope, slope_low=one.slope_low, slope_high=one.slope_high), one)
    assert one.slope * other.slope == pytest.approx(one.pearson**2, rel=1e-10, abs=1e-12)


@given(varying(), st.sampled_from([1, 3, 7]), st.sampled_from([0.5, 2]), st.integers(-9, 9))
def test_increasing_affine_maps_only_scale_the_slope(
    pairs: tuple[list[float], list[float]], width: float, height: float, shift: int
) -> None:
    """With x times a and y times b, both shifted, correlations stay and slopes are b/a as steep."""
    x, y = np.array(pairs)
    one, other = correlate(x, y), correlate(width * x + shift, height * y - shift)
    slope, low, high = (value * height / width for value in (one.slope, one.slope_low, one.slope_high))
    _close(other, replace(one, slope=slope, slope_low=low, slope_high=high))


@given(varying())
def test_turning_y_turns_every_sign(pairs: tuple[list[float], list[float]]) -> None:
    """With -y instead of y every estimate turns its sign, the bounds change places, and p-values stay."""
    one, other = correlate(*pairs), correlate(pairs[0], np.negative(pairs[1]))
    for name in ("pearson", "spearman", "slope"):
        estimates = [getattr(one, name + end) for end in ("", "_low", "_high")]
        turned = [-getattr(other, name + end) for end in ("", "_high", "_low")]
        assert turned == pytest.approx(estimates, rel=1e-6, abs=1e-6)
    assert [other.pearson_p, other.spearman_p] == pytest.approx([one.pearson_p, one.spearman_p], abs=1e-6)


@given(varying())
def test_intervals_enclose_their_estimates(pairs: tuple[list[float], list[float]]) -> None:
    """Estimates lie in their intervals up to rounding, correlations in [-1, 1], p-values in [0, 1]; nothing warns."""
    found = correlate(*pairs)
    for name in ("pearson", "spearman", "slope"):
        estimate, low, high = (getattr(found, name + end) for end in ("", "_low", "_high"))
        assert low - 1e-12 <= estimate <= high + 1e-12
    correlations = astuple(found)[1:4] + astuple(found)[5:8]
    assert max(map(abs, correlations)) <= 1
    assert 0 <= min(found.pearson_p, found.spearman_p) <= max(found.pearson_p, found.spearman_p) <= 1


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("x", [[1, 2, 3, 4], [-2, -1, 1, 2], [1.5, 2.25, 8, 9, 77]])
def test_pairs_on_a_line_leave_no_doubt(sign: int, x: list[float]) -> None:
    """On a line both correlations and their bounds are 1 or -1 up to rounding, and the slope is the line's.

    Pearson's p vanishes; Spearman's is that of two permutations out of all.
    """
    found = correlate(x, [5 + sign * 2 * value for value in x])
    assert (found.n, found.note) == (len(x), "")
    expected = [*[sign] * 3, 0, *[sign] * 3, 2 / math.factorial(len(x)), *[2 * sign] * 3]
    assert astuple(found)[1:-1] == pytest.approx(expected, rel=1e-6, abs=1e-6)


def test_exact_correlation_has_an_interval_of_a_point() -> None:
    """Where r is 1 in float64 the interval is [1, 1]."""
    found = correlate([-1, 1, -1, 1], [-1, 1, -1, 1])
    assert [found.pearson, found.pearson_low, found.pearson_high] == [1, 1, 1]
    assert [found.spearman, found.spearman_low, found.spearman_high] == [1, 1, 1]


@pytest.mark.parametrize(
    ("x", "y", "note"),
    [
        ([], [], "fewer than three pairs"),
        ([1], [2], "fewer than three pairs"),
        ([1, 2], [2, 1], "fewer than three pairs"),
        ([1, 2, math.nan, 4], [1, 2, 3, 5], "undefined values"),
        ([1, 2, 3, 4], [1, 2, math.inf, 5], "undefined values"),
        ([1, math.nan], [1, 2], "undefined values"),
        ([0, 0, 0], [1, 2, 3], "no variation"),
        ([1, 2, 3, 5], [0.3, 0.1 + 0.2, 0.3, 0.3], "no variation"),
        ([-7e200, -7e200, -7e200], [1, 2, 3], "no variation"),
    ],
)
def test_what_cannot_be_correlated_says_why(x: list[float], y: list[float], note: str) -> None:
    """Too few pairs, undefined values or no variation: NaN in every field, a reason, and no warning."""
    found = correlate(x, y)
    assert (found.n, found.note) == (len(x), note)
    assert all(map(math.isnan, astuple(found)[1:-1]))


def test_three_pairs_have_no_interval_of_a_correlation() -> None:
    """Fisher's standard error needs a fourth pair; estimates, p-values and the slope with its interval stay."""
    found = correlate([1, 2, 3], [1, 2, 4])
    assert found.note == "three pairs: no interval of a correlation"
    bounds = [found.pearson_low, found.pearson_high, found.spearman_low, found.spearman_high]
    assert all(map(math.isnan, bounds))
    assert [found.pearson, found.slope] == pytest.approx([3 / math.sqrt(28 / 3), 1.5], rel=1e-12)
    assert found.pearson_p == pytest.approx(1 - 2 / math.pi * math.atan(math.sqrt(27)), rel=1e-10)
    assert found.slope_low < found.slope < found.slope_high


@pytest.mark.parametrize("size", [1e-290, 1e-12, 1e9, 1e290])
def test_size_does_not_matter(size: float) -> None:
    """Values whose squares would over- or underflow correlate as any others."""
    found = correlate(np.multiply(X, size), Y)
    slope, low, high = (value * size for value in (found.slope, found.slope_low, found.slope_high))
    _close(replace(found, slope=slope, slope_low=low, slope_high=high), correlate(X, Y))


@pytest.mark.parametrize(("x", "y"), [([1, 2, 3], [1, 2]), ([[1, 2, 3]], [[1, 2, 3]])])
def test_values_that_are_no_pairs_are_refused(x: list[float], y: list[float]) -> None:
    """Both must be lists of one length."""
    with pytest.raises(ValueError, match="one value per pair"):
        correlate(x, y)
