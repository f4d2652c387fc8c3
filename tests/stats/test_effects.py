"""Effect sizes against a simulation-free independent form of the correction."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import somersd

from bceprobe.stats import cliffs_delta, hedges_g

VALUES = st.lists(st.integers(-50, 50).map(lambda number: number / 4), min_size=2, max_size=6)


def _slow_hedges_g(a: list[float], b: list[float]) -> float:
    """Compute g by loops, with the correction as a ratio of `math.gamma`."""
    mean_a, mean_b = sum(a) / len(a), sum(b) / len(b)
    squares = sum((value - mean_a) ** 2 for value in a) + sum((value - mean_b) ** 2 for value in b)
    m = len(a) + len(b) - 2
    correction = math.gamma(m / 2) / (math.sqrt(m / 2) * math.gamma((m - 1) / 2))
    return correction * (mean_b - mean_a) / math.sqrt(squares / m)


@given(VALUES, VALUES)
def test_hedges_g_equals_its_definition(a: list[float], b: list[float]) -> None:
    """Hedges' g equals the corrected difference of means over the pooled standard deviation, by plain loops."""
    if len(set(a)) == 1 and len(set(b)) == 1:
        assert math.isnan(hedges_g(a, b))
    else:
        assert hedges_g(a, b) == pytest.approx(_slow_hedges_g(a, b), rel=1e-12, abs=1e-14)


def test_hedges_g_is_unbiased() -> None:
    """Over many small samples of normals one standard deviation apart, the mean of g is 1."""
    generator = np.random.default_rng(0)
    a, b = generator.normal(size=(2, 20_000, 4))
    effects = [hedges_g(first, second + 1) for first, second in zip(a, b, strict=True)]
    assert np.mean(effects) == pytest.approx(1.0, abs=float(4 * np.std(effects) / math.sqrt(len(effects))))


@pytest.mark.parametrize(
    ("a", "b"), [([1.0], [2.0]), ([1.0, 2.0], [3.0]), ([1.0, math.inf], [2.0, math.inf]), ([], [1.0, 2.0, 3.0, 4.0])]
)
def test_hedges_g_is_undefined_for_too_few_values(a: list[float], b: list[float]) -> None:
    """With fewer than four values, an empty arm, or an infinite value, the effect is NaN."""
    assert math.isnan(hedges_g(a, b))


@given(VALUES, VALUES)
def test_cliffs_delta_is_somers_d_of_the_arms(a: list[float], b: list[float]) -> None:
    """Cliff's delta equals Somers' D of the values given the arm, ties among them."""
    assume(len(set(a + b)) > 1)  # else Somers' D is undefined
    labels = [0] * len(a) + [1] * len(b)
    assert cliffs_delta(a, b) == pytest.approx(somersd(labels, a + b).statistic, abs=1e-12)


@pytest.mark.parametrize(("b", "expected"), [([4, 5], 1.0), ([0, 0], -1.0), ([2, 2], 0.0), ([3, 3], 2 / 3)])
def test_cliffs_delta_of_small_arms(b: list[float], expected: float) -> None:
    """All above, all below, neither, and ties by hand, against 1, 2, 3."""
    assert cliffs_delta([1, 2, 3], b) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("a", [[], [1.0, math.nan]])
def test_cliffs_delta_is_undefined_without_values(a: list[float]) -> None:
    """An empty arm or an undefined value gives NaN."""
    assert math.isnan(cliffs_delta(a, [1.0, 2.0]))
