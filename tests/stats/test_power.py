"""Sample sizes against Cohen's tables and by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import ttest_1samp

from bceprobe.stats import seeds_needed


def _arms(effect: float, *, paired: bool) -> tuple[list[float], list[float]]:
    """Make arms with exactly this standardised difference."""
    unit = math.sqrt(0.5)  # standard deviation 1 for two values
    return ([0.0, 0.0], [effect - unit, effect + unit]) if paired else ([-unit, unit], [effect - unit, effect + unit])


@pytest.mark.parametrize(("effect", "expected"), [(0.2, 394), (0.5, 64), (0.8, 26), (1.0, 17)])
def test_independent_arms_equal_the_published_table(effect: float, expected: int) -> None:
    """Cohen's small, medium and large effect need 393-394, 64 and 26 per arm (Cohen 1988, table 2.4.1)."""
    assert seeds_needed(*_arms(effect, paired=False)) == expected


@pytest.mark.parametrize(("effect", "expected"), [(0.2, 199), (0.5, 34), (0.8, 15)])
def test_pairs_equal_the_published_values(effect: float, expected: int) -> None:
    """Of pairs 199, 34 and 15 are needed (G*Power 3, one-sample t)."""
    assert seeds_needed(*_arms(effect, paired=True), paired=True) == expected


def test_the_number_found_has_the_power_promised() -> None:
    """In 4000 experiments with the planned number of pairs, p < 0.05 in 80 to 84 %; with two fewer in less."""
    planned = seeds_needed(*_arms(1.0, paired=True), paired=True)
    assert planned is not None
    values = np.random.default_rng(8).normal(1.0, size=(4000, planned))
    shares = [np.mean(ttest_1samp(values[:, : planned - less], 0, axis=1).pvalue < 0.05) for less in (0, 2)]
    assert 0.785 < shares[0] < 0.855
    assert shares[1] < 0.8


def test_the_sign_does_not_matter() -> None:
    """A lower and a higher arm b need as many."""
    a, b = _arms(0.7, paired=False)
    assert seeds_needed(a, b) == seeds_needed(b, a)


@pytest.mark.parametrize("paired", [True, False])
def test_overwhelming_effects_need_two_seeds(*, paired: bool) -> None:
    """However large the effect, the smallest test has two seeds."""
    assert seeds_needed(*_arms(1e9, paired=paired), paired=paired) == 2


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ([1.0], [2.0]),
        ([1.0, 1.0], [2.0, 2.0]),
        ([1.0, math.nan], [1.0, 2.0]),
        ([-1.0, 1.0], [-1.0, 1.0001]),
        ([1, 2], [1, 2]),
    ],
)
def test_what_cannot_be_planned_is_none(a: list[float], b: list[float]) -> None:
    """One seed, no spread, undefined values, no effect, or one too small for 10000 seeds: no number."""
    assert seeds_needed(a, b) is None
