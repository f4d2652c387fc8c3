"""Partial correlations against closed forms, regression and known error rates."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import pearsonr
from statsmodels.api import OLS, add_constant

from bceprobe.stats import partial_correlation
from bceprobe.stats.correlation import correlate


def _data(seed: int, n: int = 25, k: int = 2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Make x and y that share k quantities."""
    generator = np.random.default_rng(seed)
    others = generator.normal(size=(k, n))
    x, y = others.sum(axis=0) + generator.normal(size=(2, n))
    return x, y + 0.3 * x, others


def test_one_covariate_equals_the_closed_form() -> None:
    """(r_xy - r_xz r_yz) / sqrt((1 - r_xz^2)(1 - r_yz^2)), Fisher's interval with n - 4, t with n - 3."""
    x, y, others = _data(0, k=1)
    xy, xz, yz = (pearsonr(*pair).statistic for pair in ((x, y), (x, others[0]), (y, others[0])))
    expected = (xy - xz * yz) / math.sqrt((1 - xz**2) * (1 - yz**2))
    found = partial_correlation(x, y, others)
    assert found.r == pytest.approx(expected, rel=1e-12)
    half = 1.959963984540054 / math.sqrt(21)
    bounds = [math.tanh(math.atanh(expected) - half), math.tanh(math.atanh(expected) + half)]
    assert [found.ci_low, found.ci_high] == pytest.approx(bounds, rel=1e-10)
    assert (found.n, found.given, found.note, found.test) == (25, 1, "", "partial correlation")


@pytest.mark.parametrize("k", [1, 2, 5])
def test_the_p_value_is_that_of_the_regression_coefficient(k: int) -> None:
    """Testing the partial correlation is testing x in the regression of y on x and the covariates."""
    x, y, others = _data(k, k=k)
    fit = OLS(y, add_constant(np.column_stack([x, others.T]))).fit()
    found = partial_correlation(x, y, others)
    assert found.p_value == pytest.approx(fit.pvalues[1], rel=1e-8)
    assert math.copysign(1, found.r) == math.copysign(1, fit.params[1])


def test_without_covariates_it_is_pearsons() -> None:
    """Nothing held fixed leaves the plain correlation with its interval and p-value."""
    x, y, _ = _data(3)
    found, plain = partial_correlation(x, y, np.empty((0, 25))), correlate(x, y)
    expected = [plain.pearson, plain.pearson_low, plain.pearson_high, plain.pearson_p]
    assert [found.r, found.ci_low, found.ci_high, found.p_value] == pytest.approx(expected, rel=1e-10)


def test_units_and_repeated_covariates_do_not_matter() -> None:
    """Other units and offsets, a covariate twice or a constant one: the same correlation and degrees of freedom."""
    x, y, others = _data(4)
    one = partial_correlation(x, y, others)
    more = np.stack([*(1e6 + 1e-3 * others), others[0], np.ones(25)])
    other = partial_correlation(1e200 * x, 7 - y, more)
    assert [other.r, other.p_value] == pytest.approx([-one.r, one.p_value], rel=1e-5)
    assert other.given == 2


@pytest.mark.parametrize(
    ("x", "y", "others", "note"),
    [
        ([1, 2, 3], [1, 3, 2], [[3, 1, 2]], "no more pairs"),
        ([], [], [[]], "no more pairs"),
        ([1, 2, 3, math.nan], [1, 3, 2, 5], [[3, 1, 2, 2]], "undefined"),
        ([1, 2, 3, 4, 5], [1, 3, 2, 5, 2], [[2, 4, 6, 8, 10]], "no variation beyond"),
        ([1, 1, 1, 1], [1, 3, 2, 5], np.empty((0, 4)), "no variation"),
    ],
)
def test_what_cannot_be_correlated_says_why(
    x: list[float], y: list[float], others: list[list[float]], note: str
) -> None:
    """Too few pairs, undefined values, or nothing left of x: NaN, a reason, and no warning."""
    found = partial_correlation(x, y, others)
    assert found.note.startswith(note)
    assert all(map(math.isnan, (found.r, found.ci_low, found.ci_high, found.p_value)))


def test_values_of_other_lengths_are_refused() -> None:
    """One value of each quantity is needed per pair."""
    with pytest.raises(ValueError, match="one value per pair"):
        partial_correlation([1, 2, 3], [1, 2, 3], [[1, 2]])


def test_level_and_coverage_are_as_promised() -> None:
    """Of 500 samples p < 0.05 in 5 % +- 2 % without a partial correlation; with one of 0.5, 95 % +- 2 % hold it."""
    generator = np.random.default_rng(2032)
    rejected = held = 0
    for _ in range(500):
        others = generator.normal(size=(2, 15))
        x, noise = generator.normal(size=(2, 15))
        y = 0.5 * x + math.sqrt(0.75) * noise
        shared = 3 * others[0] - others[1]
        rejected += partial_correlation(x + shared, noise + shared, others).p_value < 0.05
        found = partial_correlation(x + shared, y + shared, others)
        held += found.ci_low < 0.5 < found.ci_high
    assert rejected / 500 == pytest.approx(0.05, abs=0.02)
    assert held / 500 == pytest.approx(0.95, abs=0.02)
