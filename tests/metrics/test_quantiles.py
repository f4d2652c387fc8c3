"""Quantiles of numbers that come in chunks, against numpy.quantile of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from bceprobe.metrics import quantiles as module
from bceprobe.metrics.quantiles import PERCENTS, merged_quantiles, names, pooled_quantiles, quantiles, quantiles_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Values = NDArray[np.float64]

FEW = st.integers(-3, 3).map(float)
WIDE = st.floats(-1e300, 1e300)
NARROW = st.floats(0, 1e-13).map(lambda step: 1 + step)
TINY = st.floats(-1e-300, 1e-300)
NUMBERS = st.one_of(*(arrays(np.float64, st.integers(1, 60), elements=kind) for kind in (FEW, WIDE, NARROW, TINY)))
CUTS = st.lists(st.integers(0, 60), max_size=8)


def expected(values: Values) -> Values:
    """The quantiles by numpy, which interpolates linearly."""
    found: Values = np.quantile(values, np.array(PERCENTS) / 100)
    return found


def same(found: Values, wanted: Values, values: Values) -> None:
    """Compare to the rounding of one interpolation."""
    np.testing.assert_allclose(found, wanted, rtol=0, atol=1e-15 * np.abs(values).max() + 5e-324)


@pytest.fixture(scope="module", autouse=True, params=[0, module.FEW], ids=["binned", "sorted"])
def way(request: pytest.FixtureRequest) -> Iterator[None]:
    """Both ways to find quantiles of pooled numbers, and of merged ones, are tested, whatever their number."""
    usual = module.FEW, module.LONG, module.MARKS
    module.FEW = request.param
    if not request.param:
        module.LONG, module.MARKS = 0, 8
    yield
    module.FEW, module.LONG, module.MARKS = usual


@given(NUMBERS)
def test_quantiles_equal_those_of_numpy(values: Values) -> None:
    """Quantiles of values, increasing or in any order, are numpy's, whatever ties and ranges there are."""
    same(quantiles(np.sort(values)), expected(values), values)
    np.testing.assert_array_equal(quantiles_of(values), quantiles(np.sort(values)))


@given(NUMBERS, CUTS)
def test_pooled_quantiles_equal_those_of_the_whole(values: Values, cuts: list[int]) -> None:
    """However the numbers are cut into chunks, also empty ones, the quantiles are exactly those of all together."""
    chunks = np.split(values, sorted(min(cut, len(values)) for cut in cuts))
    pooled = pooled_quantiles(lambda: chunks)
    np.testing.assert_array_equal(pooled, quantiles(np.sort(values)))
    same(pooled, expected(values), values)


@given(NUMBERS, CUTS)
def test_merged_quantiles_equal_those_of_the_whole(values: Values, cuts: list[int]) -> None:
    """Increasing chunks, some of them empty, have the quantiles of all together, and those of what rises with them."""
    chunks = [np.sort(chunk) for chunk in np.split(values, sorted(min(cut, len(values)) for cut in cuts))]
    np.testing.assert_array_equal(merged_quantiles(chunks), quantiles(np.sort(values)))
    np.testing.assert_array_equal(merged_quantiles(chunks, np.arctan), quantiles(np.arctan(np.sort(values))))


@pytest.mark.parametrize(
    "draw",
    [
        lambda source, n: source.normal(size=n),
        lambda source, n: source.integers(0, 4, n).astype(float),
        lambda source, n: np.exp(20 * source.normal(size=n)),
        lambda source, n: np.where(source.random(n) < 0.001, 1e300, source.normal(size=n)),
        lambda source, n: 1 + 1e-16 * source.integers(0, 100, n),
    ],
    ids=["normal", "ties", "heavy tails", "outliers", "neighbouring numbers"],
)
def test_many_numbers(draw: Callable[[np.random.Generator, int], Values]) -> None:
    """A hundred thousand numbers in chunks of very different sizes have the quantiles of all together."""
    values = draw(np.random.default_rng(0), 100_001)
    chunks = np.split(values, [1, 2, 10, 1000, 1000, 50_000, 99_999])
    np.testing.assert_array_equal(pooled_quantiles(lambda: chunks), quantiles(np.sort(values)))
    np.testing.assert_array_equal(merged_quantiles([np.sort(chunk) for chunk in chunks]), quantiles(np.sort(values)))
    np.testing.assert_allclose(quantiles(np.sort(values)), expected(values), rtol=1e-14)


@given(WIDE, st.integers(1, 50))
def test_equal_numbers_are_all_their_quantiles(value: float, number: int) -> None:
    """Of equal numbers, and of one, every quantile is that number."""
    chunks = [np.full(number, value), np.empty(0)]
    assert pooled_quantiles(lambda: chunks).tolist() == quantiles(chunks[0]).tolist() == [value] * len(PERCENTS)
    assert merged_quantiles(chunks).tolist() == [value] * len(PERCENTS)


def test_no_numbers_have_no_quantiles() -> None:
    """Quantiles of nothing are NaN."""
    pooled = pooled_quantiles(list), pooled_quantiles(lambda: [np.empty(0)])
    for found in (quantiles(np.empty(0)), *pooled, merged_quantiles([]), merged_quantiles([np.empty(0)])):
        assert np.isnan(found).all()
        assert len(found) == len(PERCENTS)


def test_names_of_the_metrics() -> None:
    """The names have two digits, so that they sort by size."""
    assert list(names("score"))[:3] == ["score_q01", "score_q05", "score_q25"]
