"""Decisions: scores, logits, and the paper's sign of the bias."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_cases import changed, gaussian, snapshots
from scipy.special import logsumexp

from bceprobe.snapshot import Snapshot


def test_bias_is_zero_if_left_out() -> None:
    """Without a bias the logits are the scores, and the thresholds are 0, not -0."""
    bare = changed(gaussian(0, [2, 3], 4), bias=None)
    np.testing.assert_array_equal(bare.biased_decisions, bare.decisions)
    assert [str(value) for value in bare.threshold.tolist()] == ["0.0", "0.0"]


def test_threshold_has_the_sign_of_the_paper() -> None:
    """The threshold is the negative of PyTorch's bias: logits = Wh + bias = scores - threshold."""
    one = Snapshot(np.array([[2.0, 3.0]]), np.array([0]), np.array([[1.0, 1.0], [0.0, 2.0]]), np.array([10.0, -1.0]))
    assert one.threshold.tolist() == [-10.0, 1.0]
    assert [float(value[0]) for value in one.decisions] == [5.0, 6.0]
    assert [float(value[0]) for value in one.biased_decisions] == [15.0, 5.0]


@given(snapshots(), st.booleans())
def test_decisions_equal_a_loop(drawn: Snapshot, with_bias: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    """Each sample has the score of its own class and the largest of the others, with or without bias."""
    found = drawn.biased_decisions if with_bias else drawn.decisions
    bias = -drawn.threshold if with_bias else np.zeros(drawn.classes)
    for row, label, positive, negative in zip(drawn.features[:], drawn.target, *found, strict=True):
        scores = [math.fsum(row * weight) + offset for weight, offset in zip(drawn.weight, bias, strict=True)]
        others = scores[:label] + scores[label + 1 :]
        assert positive == pytest.approx(scores[label], rel=1e-12, abs=1e-12)
        assert negative == pytest.approx(max(others), rel=1e-12, abs=1e-12)


@given(snapshots(), st.booleans())
def test_mass_and_rivals_equal_a_loop(drawn: Snapshot, after_means: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    """The mass is log sum exp of the other logits, and rivals are those as large; the same before and after means."""
    if after_means:
        _ = drawn.class_means
    logits = drawn.features[:] @ drawn.weight.T - drawn.threshold
    others = [np.delete(row, label) for row, label in zip(logits, drawn.target, strict=True)]
    np.testing.assert_allclose(drawn.negative_mass, logsumexp(others, axis=1), rtol=1e-12, atol=1e-12)
    own = logits[np.arange(drawn.samples), drawn.target]
    assert drawn.rivals.tolist() == [np.sum(row >= value) for row, value in zip(others, own, strict=True)]
