"""The BCa bootstrap against its definition by an enumeration, and its edge cases."""

from __future__ import annotations

import math
from itertools import product

import numpy as np
import pytest
from scipy.stats import norm, skew

from bceprobe.stats import bca

# Sugar of a skewed kind: one seed far out.
DIFFERENCES = [0.1, 0.3, 0.2, 0.5, 0.4, 2.9]


def _exact_bca(values: list[float]) -> list[float]:
    """Efron's interval of a mean over all n^n resamples; its acceleration is a sixth of the skewness of the mean."""
    means = np.sort([np.mean(chosen) for chosen in product(values, repeat=len(values))])
    below = (np.mean(means < np.mean(values)) + np.mean(means <= np.mean(values))) / 2
    shift, acceleration = norm.ppf(below), skew(values) / 6 / math.sqrt(len(values))
    ends = [shift + norm.ppf(share) for share in (0.025, 0.975)]
    shares = [norm.cdf(shift + end / (1 - acceleration * end)) for end in ends]
    return list(map(float, np.quantile(means, shares)))


def test_pairs_equal_efrons_interval_over_all_resamples() -> None:
    """With 9999 resamples the interval of skewed pairs comes near that of all 46656, which is far from symmetric."""
    found, expected = bca(np.zeros(6), DIFFERENCES, paired=True), _exact_bca(DIFFERENCES)
    assert found == pytest.approx(expected, abs=0.06)
    assert expected[1] - np.mean(DIFFERENCES) > 2 * (np.mean(DIFFERENCES) - expected[0])


def test_exchanging_the_arms_only_turns_the_sign() -> None:
    """With a and b exchanged the ends change places and signs; of pairs exactly, else up to other resamples."""
    a, b = np.random.default_rng(3).normal(size=(2, 8))
    low, high = bca(a, b, paired=True)
    assert bca(b, a, paired=True) == pytest.approx((-high, -low), abs=0.03)
    low, high = bca(a, b)
    assert bca(b, a) == pytest.approx((-high, -low), abs=0.06)


def test_shift_and_scale_carry_over() -> None:
    """Adding c to b moves the interval by c; other units of both arms change its units."""
    a, b = np.random.default_rng(4).normal(size=(2, 6))
    low, high = bca(a, b)
    assert bca(a, b + 3) == pytest.approx((low + 3, high + 3), rel=1e-9)
    assert bca(a * 1e-9, b * 1e-9) == pytest.approx((low * 1e-9, high * 1e-9), rel=1e-9)


def test_the_seed_decides_the_resamples() -> None:
    """The same seed gives the same interval, another one another."""
    a, b = np.random.default_rng(5).normal(size=(2, 6))
    assert bca(a, b) == bca(a, b)
    assert bca(a, b) != bca(a, b, seed=1)


def test_pairing_narrows_the_interval() -> None:
    """Arms that move together differ by little when paired and by their whole spread when not."""
    a = np.arange(10.0)
    b = a + np.random.default_rng(6).normal(1, 0.1, size=10)
    paired, unpaired = bca(a, b, paired=True), bca(a, b)
    assert (np.ptp(paired) < 0.2, np.ptp(unpaired) > 2) == (True, True)


@pytest.mark.parametrize("paired", [True, False])
@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([1.0], [2.0]),
        ([1.0, 2.0], [2.0, 4.0]),
        ([1.0, 1.0, 1.0], [2.0, 2.0, 2.0]),
        ([1.0, 2.0, math.nan], [1.0, 2.0, 4.0]),
        ([1.0, 2.0, math.inf], [1.0, 3.0, math.inf]),
        ([], []),
    ],
)
def test_where_nothing_can_be_resampled_there_is_no_interval(a: list[float], b: list[float], *, paired: bool) -> None:
    """Fewer than three seeds, no variation or undefined values: NaN, without a warning."""
    assert all(map(math.isnan, bca(a, b, paired=paired)))


def test_one_constant_arm_leaves_an_interval() -> None:
    """An arm at 100 % for every seed can be compared with one that varies."""
    low, high = bca([1.0, 1.0, 1.0, 1.0], [0.9, 0.95, 0.97, 0.99])
    assert -0.1 < low < high < 0


def test_pairs_of_unequal_number_are_refused() -> None:
    """Arms of different length cannot be paired."""
    with pytest.raises(ValueError, match="3 and 4"):
        bca([1, 2, 3], [1, 2, 3, 4], paired=True)
