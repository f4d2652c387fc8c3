"""The gradient of the threshold against finite differences of the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_cases import changed, everything, gaussian, trained
from scipy.special import logsumexp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.snapshot import Snapshot

STEP = 1e-5


def loss_of(snapshot: Snapshot, threshold: NDArray[np.float64], loss: str, decay: float) -> float:
    """Mean loss with the decay of the threshold, from its definition."""
    logits = np.asarray(snapshot.features) @ snapshot.weight.T - threshold
    own = logits[np.arange(snapshot.samples), snapshot.target]
    if loss == "ce":
        losses = logsumexp(logits, axis=1) - own
    else:
        others = np.logaddexp(0, logits).sum(axis=1) - np.logaddexp(0, own)
        losses = np.logaddexp(0, -own) + others
    return float(losses.mean() + decay / 2 * threshold @ threshold)


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["ce", "bce"]), st.sampled_from([0.0, 0.05, 1.0]))
def test_gradient_is_the_difference_quotient(seed: int, loss: str, decay: float) -> None:
    """By class it is the derivative of the loss by the paper's b, also of a class that is absent."""
    snapshot = gaussian(seed, [9, 0, 5, 12], 4)
    found = everything(trained(snapshot, loss, lambda_b=decay))
    for label in range(4):
        step = STEP * np.eye(4)[label]
        ends = [loss_of(snapshot, snapshot.threshold + sign * step, loss, decay) for sign in (1, -1)]
        assert found["bias_gradient_mean_by_class"][label] == pytest.approx((ends[0] - ends[1]) / (2 * STEP), abs=1e-9)
    by_class = found["bias_gradient_mean_by_class"]
    assert found["bias_gradient_mean"] == pytest.approx(by_class.mean())
    assert found["bias_gradient_norm"] == pytest.approx(np.linalg.norm(by_class))


@settings(max_examples=30)
@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_the_mean_ce_threshold_feels_only_its_decay(seed: int, decay: float) -> None:
    """CE's data part sums to zero over the classes: the mean gradient is lambda_b times the mean threshold."""
    snapshot = trained(gaussian(seed, [9, 5, 12], 4), "ce", lambda_b=decay)
    expected = decay * snapshot.threshold.mean()
    assert everything(snapshot)["bias_gradient_mean"] == pytest.approx(expected, rel=1e-9, abs=1e-15)


@pytest.mark.parametrize("loss", ["ce", "bce"])
def test_amplitudes_keep_their_digits_where_they_are_tiny(loss: str) -> None:
    """With scores of +-300 the amplitudes are about e^-600 or e^-300, not zero and without overflow."""
    drawn = gaussian(0, [1, 1], 2)
    features = 300 * np.array([[1.0, -1.0], [-1.0, 1.0]])
    found = everything(trained(changed(drawn, features=features, target=[0, 1], weight=np.eye(2), bias=None), loss))
    expected = np.exp(-600) if loss == "ce" else np.exp(-300)
    assert found["positive_amplitude_mean"] == pytest.approx(expected, rel=1e-12)
    assert found["negative_amplitude_mean"] == pytest.approx(expected, rel=1e-12)
