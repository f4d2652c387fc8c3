"""Ranks, correlations and spread within bins, against scipy and closed forms."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from bceprobe.metrics.association import (
    BINS,
    correlation,
    paired,
    pool,
    pooled_spearman,
    relation,
    slope,
    spearman_interval,
    tied_ranks,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]

FEW = st.integers(-3, 3).map(float)
MANY = st.integers(-(2**40), 2**40).map(lambda number: number / 2**20)


def columns(least: int, most: int, *, number: int = 2) -> st.SearchStrategy[Values]:
    """Some columns of equal length, full of ties or of many values."""
    return st.integers(least, most).flatmap(
        lambda n: st.sampled_from([FEW, MANY]).flatmap(lambda kind: arrays(np.float64, (number, n), elements=kind))
    )


@given(columns(0, 30, number=1))
def test_tied_ranks_are_those_of_scipy(values: Values) -> None:
    """Equal values share the mean of their ranks."""
    ordered = np.sort(values[0])
    np.testing.assert_array_equal(tied_ranks(ordered), stats.rankdata(ordered))


@given(columns(2, 40))
def test_rank_correlation_is_that_of_scipy(xy: Values) -> None:
    """Spearman's correlation is scipy's, with ties; NaN where either side does not vary."""
    x, y = xy[0], np.sort(xy[1])
    found = relation(x, y)
    np.testing.assert_array_equal(found.ordered, np.sort(x))
    if np.ptp(x) == 0 or np.ptp(y) == 0:
        assert np.isnan(found.rank)
    else:
        assert found.rank == pytest.approx(stats.spearmanr(x, y).statistic, rel=1e-12, abs=1e-14)


@given(columns(2, 40), st.sampled_from([1, -1]))
def test_rank_correlation_of_monotone_values(xy: Values, direction: int) -> None:
    """Where x rises or falls strictly with y the correlation is 1 or -1, exactly; ties of y make it scipy's."""
    x, y = np.unique(xy[0])[::direction], np.sort(xy[1])[: len(np.unique(xy[0]))]
    assume(len(x) > 1 and np.ptp(y) > 0)
    found = relation(x, y).rank
    if len(np.unique(y)) == len(y):
        assert found == direction
    assert found == pytest.approx(stats.spearmanr(x, y).statistic, rel=1e-12)


@pytest.mark.parametrize("number", [0, 1])
def test_fewer_than_two_pairs_have_no_correlation(number: int) -> None:
    """Nothing can be told of one pair or none, but how the values spread."""
    found = relation(np.full(number, 0.5), np.full(number, 2.0))
    assert np.isnan(
        [found.rank, correlation(paired(*np.ones((2, number)))), slope(paired(*np.ones((2, number))))]
    ).all()
    assert found.inside == 0
    assert np.isnan(found.quartile_range) if number == 0 else found.quartile_range == 0


@given(columns(1, 100))
def test_spread_within_bins_equals_a_loop(xy: Values) -> None:
    """Bins of equally many pairs by x, the first ones one larger: squared deviations and mean interquartile range."""
    y = np.sort(xy[1])
    bins = [part for part in np.array_split(y[np.argsort(xy[0], kind="stable")], BINS) if len(part)]
    found = relation(xy[0], y)
    assert found.inside == pytest.approx(sum(part.var() * len(part) for part in bins), rel=1e-9, abs=1e-12)
    ranges = [stats.iqr(part) for part in bins]
    assert found.quartile_range == pytest.approx(np.mean(ranges), rel=1e-12, abs=1e-12)


@given(columns(3, 40))
def test_slope_and_correlation_are_those_of_scipy(xy: Values) -> None:
    """Least squares and Pearson's correlation are scipy's; NaN where x, or either side, does not vary."""
    x, y = xy
    found = paired(x, y)
    if np.ptp(x) == 0:
        assert np.isnan([slope(found), correlation(found)]).all()
        return
    expected = stats.linregress(x, y)
    assert slope(found) == pytest.approx(expected.slope, rel=1e-9, abs=1e-12)
    if np.ptp(y) == 0:
        assert np.isnan(correlation(found))
    else:
        assert correlation(found) == pytest.approx(expected.rvalue, rel=1e-9, abs=1e-12)


@given(st.floats(-1e70, 1e70), st.integers(2, 30), st.integers(0, 2**32 - 1))
def test_equal_values_do_not_vary_by_rounding(value: float, number: int, seed: int) -> None:
    """The mean of equal numbers may be rounded; their correlation is NaN all the same, also when pooled."""
    constant, other = np.full(number, value), np.random.default_rng(seed).normal(size=number)
    groups = np.array([paired(constant[:at], other[:at]) for at in (1, number)])
    for found in (paired(constant, other), pool(groups)):
        assert np.isnan([slope(found), correlation(found)]).all()


@given(columns(0, 30), st.lists(st.integers(0, 30), max_size=5))
def test_pooled_moments_are_those_of_the_whole(xy: Values, cuts: list[int]) -> None:
    """Moments of groups, also of empty ones, make those of all pairs together; of none they are NaN."""
    parts = np.split(xy, sorted(min(cut, xy.shape[1]) for cut in cuts), axis=1)
    found = pool(np.array([paired(*part) for part in parts]))
    expected = paired(*xy) if xy.size else [np.nan] * 6
    scale = 1 + np.abs(xy).max(initial=0) ** 2
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12 * scale)


@given(st.floats(-0.999, 0.999), st.integers(4, 10_000))
def test_interval_of_a_rank_correlation(value: float, number: int) -> None:
    """Fisher's z with Bonett and Wright's variance holds the correlation, and is narrower for more pairs."""
    found, more = spearman_interval(value, number), spearman_interval(value, 2 * number)
    half = stats.norm.ppf(0.975) * np.sqrt((1 + value**2 / 2) / (number - 3))
    assert [found.low, found.high] == pytest.approx(
        [np.tanh(np.arctanh(value) - half), np.tanh(np.arctanh(value) + half)], rel=1e-12, abs=1e-15
    )
    assert -1 <= found.low < more.low < value < more.high < found.high <= 1 or found.high - found.low < 1e-9


@pytest.mark.parametrize(("value", "number"), [(0.5, 3), (0.5, 0), (np.nan, 100)])
def test_no_interval_without_degrees_of_freedom(value: float, number: int) -> None:
    """Three pairs or fewer, or no correlation, have no interval."""
    assert np.isnan(spearman_interval(value, number)[1:]).all()


@given(
    st.lists(st.tuples(st.floats(-0.99, 0.99) | st.just(np.nan), st.integers(0, 500)), min_size=1, max_size=8),
)
def test_pooled_rank_correlation_is_the_weighted_mean_of_z(groups: list[tuple[float, int]]) -> None:
    """Groups count by n - 3 in Fisher's z; those of three or fewer and those without a correlation not at all."""
    found = pooled_spearman(*np.array(groups, dtype=float).T)
    used = [(np.arctanh(value), number - 3, value) for value, number in groups if number > 3 and not np.isnan(value)]
    if not used:
        assert np.isnan(found).all()
        return
    total = sum(weight for _, weight, _ in used)
    middle = sum(z * weight for z, weight, _ in used) / total
    half = stats.norm.ppf(0.975) * np.sqrt(sum(weight * (1 + value**2 / 2) for _, weight, value in used)) / total
    assert found == pytest.approx(np.tanh([middle, middle - half, middle + half]), rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_pooling_perfect_rank_correlations(sign: float) -> None:
    """Groups that are all perfectly correlated are so together; of opposite ones nothing can be said."""
    numbers = np.array([10.0, 20.0, 2.0])
    assert pooled_spearman(np.array([sign, sign, 0.3]), numbers) == (sign, sign, sign)
    assert np.isnan(pooled_spearman(np.array([sign, -sign, 0.3]), numbers)).all()
    mixed = pooled_spearman(np.array([sign, 0.5 * sign, 0.3]), numbers)
    assert 0.5 < sign * mixed.value < 1
