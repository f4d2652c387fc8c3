"""Uniform accuracy against trying every threshold, on decisions full of ties."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from metric_cases import gaussian, values

from bceprobe.metrics.accuracy import GRID, uniform_accuracy_grid
from bceprobe.metrics.intervals import best_uniform, uniform_curve
from bceprobe.snapshot import Decisions, Snapshot

FEW = st.integers(-4, 4).map(float)
MANY = st.floats(-1e6, 1e6)
PAIRS = st.lists(st.tuples(FEW, FEW) | st.tuples(MANY, MANY), min_size=1, max_size=12)


def classified(pairs: list[tuple[float, float]], threshold: float) -> float:
    """Share of samples with positive > t >= largest negative."""
    return sum(positive > threshold >= negative for positive, negative in pairs) / len(pairs)


def decisions(pairs: list[tuple[float, float]]) -> Decisions:
    """Lay pairs out as arrays."""
    positive, negative = np.array(pairs).T
    return Decisions(positive, negative)


@given(PAIRS)
def test_exact_equals_trying_every_threshold(pairs: list[tuple[float, float]]) -> None:
    """The best share equals the largest over every score and every midpoint between neighbouring scores."""
    scores = sorted({score for pair in pairs for score in pair})
    candidates = scores + [(low + high) / 2 for low, high in pairwise(scores)]
    assert best_uniform(decisions(pairs)).accuracy == max(classified(pairs, threshold) for threshold in candidates)


@given(PAIRS)
def test_best_threshold_reaches_the_best_share(pairs: list[tuple[float, float]]) -> None:
    """The reported threshold classifies the reported share; there is none where no sample can be classified."""
    best = best_uniform(decisions(pairs))
    assert np.isnan(best.threshold) == (best.accuracy == 0)
    assert classified(pairs, best.threshold) == best.accuracy


@given(PAIRS, st.lists(FEW | MANY, min_size=1))
def test_curve_counts_the_classified_samples(pairs: list[tuple[float, float]], thresholds: list[float]) -> None:
    """A_uni(t) is the share that t classifies, at scores as well as between them."""
    expected = [classified(pairs, threshold) for threshold in thresholds]
    np.testing.assert_array_equal(uniform_curve(decisions(pairs), np.array(thresholds)), expected)


def test_threshold_is_the_middle_of_the_lowest_best_interval() -> None:
    """Of the intervals [0, 4), [1, 3) and [10, 12), two share [1, 3), so the threshold is 2."""
    best = best_uniform(decisions([(4.0, 0.0), (3.0, 1.0), (12.0, 10.0)]))
    assert best == (2 / 3, 2.0)


def test_threshold_between_neighbouring_numbers() -> None:
    """An interval that holds one number has that number as its threshold, whichever way its middle is rounded."""
    first, second, third = 1.0, 1.0 + 2**-52, 1.0 + 2**-51
    assert best_uniform(decisions([(second, first)])) == (1.0, first)
    assert best_uniform(decisions([(third, second)])) == (1.0, second)


def one_feature(pairs: list[tuple[float, float]]) -> Snapshot:
    """A snapshot of two classes whose scores are the given pairs."""
    features = np.array([pair if at % 2 == 0 else pair[::-1] for at, pair in enumerate(pairs)])
    return Snapshot(features, np.arange(len(pairs)) % 2, np.eye(2))


@given(PAIRS)
def test_grid_tries_even_thresholds(pairs: list[tuple[float, float]]) -> None:
    """Where scores overlap, the grid takes the best of even thresholds from the least positive to the top negative."""
    low, high = min(positive for positive, _ in pairs), max(negative for _, negative in pairs)
    assume(low <= high)
    expected = max(classified(pairs, threshold) for threshold in np.linspace(low, high, GRID))
    assert uniform_accuracy_grid(one_feature(pairs)) == expected


@given(PAIRS)
def test_grid_of_separated_scores(pairs: list[tuple[float, float]]) -> None:
    """Where the smallest positive exceeds the largest negative score, grid and exact share are 1."""
    shift = max(negative for _, negative in pairs) - min(positive for positive, _ in pairs) + 1
    found = values_of_decisions([(positive + shift, negative) for positive, negative in pairs])
    assert found == (1.0, 1.0)


def values_of_decisions(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    """Grid and exact uniform accuracy of some scores."""
    return uniform_accuracy_grid(one_feature(pairs)), best_uniform(decisions(pairs)).accuracy


@pytest.mark.parametrize("seed", range(3))
def test_bias_is_left_out_of_uniform_accuracy(seed: int) -> None:
    """Uniform accuracy judges decision scores, so a bias changes the accuracy alone."""
    snapshot = gaussian(seed, [20, 20, 20], 4)
    plain = Snapshot(snapshot.features, snapshot.target, snapshot.weight)
    assert values(plain)["uniform_accuracy"] == values(snapshot)["uniform_accuracy"]
    assert values(plain)["uniform_threshold"] == values(snapshot)["uniform_threshold"]
