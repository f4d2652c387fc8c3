"""The inequalities of the paper's proofs as properties."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bceprobe.theory import Problem, lower_bound, optimum, separates

LOGITS = st.floats(-40, 40)
SHARES = st.floats(1e-6, 1 - 1e-6)


def loss(positive: float, negatives: list[float]) -> float:
    """BCE of one sample, from its definition."""
    return float(np.logaddexp(0, -positive) + np.logaddexp(0, np.array(negatives)).sum())


@given(LOGITS, st.lists(LOGITS, min_size=1, max_size=6), SHARES, SHARES)
def test_the_bound_is_below_the_loss(positive: float, negatives: list[float], c1: float, c2: float) -> None:
    """(81) bounds the loss for any logits and any constants."""
    bound = lower_bound(np.array(positive), np.array(negatives), c1, c2)
    assert bound <= loss(positive, negatives) + 1e-12


@given(LOGITS.filter(lambda z: abs(z) < 30), LOGITS.filter(lambda z: abs(z) < 30), st.integers(1, 6))
def test_the_bound_is_attained(positive: float, negative: float, others: int) -> None:
    """It is the loss itself where the constants are the probabilities of deciding rightly."""
    c1, c2 = (1 / (1 + np.exp(-z)) for z in (positive, -negative))
    negatives = [negative] * others
    bound = lower_bound(np.array(positive), np.array(negatives), c1, c2)
    assert bound == pytest.approx(loss(positive, negatives), rel=1e-9, abs=1e-9)


def test_the_bound_takes_many_samples() -> None:
    """Samples are the leading axes."""
    source = np.random.default_rng(0)
    positive, negatives = source.normal(size=(4, 3)), source.normal(size=(4, 3, 2))
    whole = lower_bound(positive, negatives, 0.3, 0.2)
    assert whole.shape == (4, 3)
    assert whole[1, 2] == pytest.approx(lower_bound(positive[1, 2], negatives[1, 2], 0.3, 0.2))


@given(st.integers(3, 1000), st.floats(-6, -0.01), st.floats(-8, 3))
def test_the_separation_condition(classes: int, pull: float, decay: float) -> None:
    """At the paper's optimum (167) holds exactly where the threshold is below the positive score.

    It is above the negative score always. Decays are a share of lambda_b*, where the optimum is the paper's.
    """
    size = 10**pull / classes
    switch = optimum(Problem("bce", classes, classes, 1, size, size)).lambda_b_star
    problem = Problem("bce", classes, classes, 1, size, size, min(switch, 10**decay) * (1 - 1e-9))
    found = optimum(problem)
    assert found.regime == "etf"
    assert found.threshold > found.negative_score
    if abs(found.threshold - found.positive_score) > 1e-9:
        assert separates(problem, found.rho) == (found.threshold < found.positive_score) == bool(found.separated)


def test_both_sides_of_the_separation_condition_occur() -> None:
    """Weak regularisers let the threshold separate the scores, strong ones do not."""
    found = [optimum(Problem("bce", 10, 10, 1, pull / 10, pull / 10, 0.0)).separated for pull in (0.01, 0.9)]
    assert found == [1, 0]
