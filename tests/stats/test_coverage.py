"""Intervals: 95 % of them hold the truth, +- 2 %, for every interval of a difference over seeds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bceprobe.stats import bca, rank_sum, sign_flip, signed_rank

if TYPE_CHECKING:
    from collections.abc import Callable

    from bceprobe.stats import TestResult

SIMULATED, TRUTH = 500, 0.7


def _arms(size: int, seed: int) -> np.ndarray:
    """Make arms of normal seeds, b higher by the truth."""
    arms = np.random.default_rng(seed).normal(size=(SIMULATED, 2, size))
    arms[:, 1] += TRUTH
    return arms


@pytest.mark.parametrize(("test", "size"), [(sign_flip, 8), (signed_rank, 10), (rank_sum, 9)])
def test_intervals_of_tests_hold_the_truth_as_often_as_promised(test: Callable[..., TestResult], size: int) -> None:
    """Those that invert an exact test, where its level can be attained."""
    found = [test(*pair) for pair in _arms(size, 3)]
    assert np.mean([one.ci_low <= TRUTH <= one.ci_high for one in found]) == pytest.approx(0.95, abs=0.02)


def _bca_coverage(size: int, *, paired: bool) -> float:
    bounds = np.array([bca(*pair, paired=paired) for pair in _arms(size, 4)])
    return float(np.mean((bounds[:, 0] <= TRUTH) & (bounds[:, 1] >= TRUTH)))


@pytest.mark.parametrize("paired", [True, False])
def test_the_bootstrap_holds_the_truth_with_thirty_seeds(*, paired: bool) -> None:
    """BCa covers 95 % +- 2 % where there are many seeds."""
    assert _bca_coverage(30, paired=paired) == pytest.approx(0.95, abs=0.02)


@pytest.mark.parametrize(("size", "covered"), [(4, 0.80), (10, 0.90)])
def test_the_bootstrap_of_few_seeds_is_too_narrow_as_it_says(size: int, covered: float) -> None:
    """The coverage that the docstring of `bca` admits for four and ten pairs is what is measured, within 3 %."""
    assert _bca_coverage(size, paired=True) == pytest.approx(covered, abs=0.03)
