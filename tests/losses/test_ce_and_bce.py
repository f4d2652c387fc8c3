"""Losses and the penalty against closed forms in float64, above all where float32 loses what matters."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from bceprobe.errors import UnknownNameError
from bceprobe.losses import LOSSES, make_loss, penalty

if TYPE_CHECKING:
    from collections.abc import Callable

Array = np.ndarray[Any, np.dtype[np.float64]]

# A few float32 roundings; below 1e-38 float32 has no relative precision, only steps of its smallest subnormal.
RTOL, ATOL = 8 * 2.0**-24, float(np.finfo(np.float32).smallest_subnormal)
EXTREME = [
    [100.0, 0.0, -3.0],
    [-100.0, 0.0, 2.0],
    [0.5, 100.0, -100.0],
    [100.0, 100.0, -100.0],
    [-100.0, -100.0, -100.0],
    [20.0, -20.0, -20.0],
    [20.0, 0.0, 1.0],
    [-20.0, 20.0, 0.0],
    [17.0, 0.25, 0.5],
    [40.0, 0.0, 40.0],
    [0.0, 0.0, 0.0],
]


def exact_bce(logits: Array, target: Array) -> tuple[float, Array]:
    """BCE and its gradient as FORMULAS.md prints them: softplus(-z_y) + sum softplus(z_j)."""
    own = np.eye(logits.shape[1], dtype=bool)[target]
    signed = np.where(own, -logits, logits)
    value = np.logaddexp(0, signed).sum() / len(logits)
    slope = 1 / (1 + np.exp(-signed))
    return value, np.where(own, -slope, slope) / len(logits)


def exact_ce(logits: Array, target: Array) -> tuple[float, Array]:
    """CE as log(1 + sum_{j != y} exp(z_j - z_y)) and its gradient, softmax_j and -(the sum of the others)."""
    own = np.eye(logits.shape[1], dtype=bool)[target]
    odds = np.where(own, 0, np.exp(logits - logits[own][:, None]))
    value = np.log1p(odds.sum(axis=1)).mean()
    share = odds / (1 + odds.sum(axis=1, keepdims=True))
    return value, np.where(own, -share.sum(axis=1, keepdims=True), share) / len(logits)


ce, bce = make_loss("ce"), make_loss("bce")
EXACT: dict[str, tuple[Any, Any]] = {"bce": (bce, exact_bce), "ce": (ce, exact_ce)}


def evaluated(loss: Callable[[Tensor, Tensor], Tensor], logits: Any, target: Any) -> tuple[float, Array]:
    """The value and the gradient of a loss in float32."""
    values = torch.tensor(logits, dtype=torch.float32, requires_grad=True)
    result = loss(values, torch.tensor(target))
    (gradient,) = torch.autograd.grad(result, values)
    return result.item(), gradient.numpy().astype(np.float64)


@pytest.mark.parametrize("name", EXACT)
@pytest.mark.parametrize("logits", EXTREME, ids=str)
def test_values_and_gradients_are_precise_at_extreme_logits(name: str, logits: list[float]) -> None:
    """In float32, value and gradient equal the float64 closed form to float32's relative precision, also at 100."""
    loss, exact = EXACT[name]
    value, gradient = evaluated(loss, [logits], [0])
    exact_value, exact_gradient = exact(np.array([logits]), np.array([0]))
    np.testing.assert_allclose(value, exact_value, rtol=RTOL, atol=ATOL)
    np.testing.assert_allclose(gradient, exact_gradient, rtol=RTOL, atol=ATOL)


@pytest.mark.parametrize("name", EXACT)
@given(data=st.data())
def test_losses_equal_their_closed_forms(name: str, data: st.DataObject) -> None:
    """For any batch, the loss is the mean over samples of the closed form, summed over classes for BCE."""
    samples, classes = data.draw(st.integers(1, 6)), data.draw(st.integers(2, 5))
    row = st.lists(st.floats(-100, 100, width=32), min_size=classes, max_size=classes)
    logits = data.draw(st.lists(row, min_size=samples, max_size=samples))
    target = data.draw(st.lists(st.integers(0, classes - 1), min_size=samples, max_size=samples))
    loss, exact = EXACT[name]
    value, gradient = evaluated(loss, logits, target)
    exact_value, exact_gradient = exact(np.array(logits), np.array(target))
    # Differences of float32 logits are rounded at 200 * 2^-24, which exp turns into a relative error.
    np.testing.assert_allclose(value, exact_value, rtol=3e-5, atol=1e-36)
    np.testing.assert_allclose(gradient, exact_gradient, rtol=3e-5, atol=1e-36)


@pytest.mark.parametrize("name", EXACT)
def test_gradients_equal_finite_differences(name: str) -> None:
    """In float64, the gradient that autograd finds is that of the value."""
    logits = torch.randn(5, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(0)).mul(3)
    target = torch.tensor([0, 3, 1, 1, 2])
    loss, _ = EXACT[name]
    assert torch.autograd.gradcheck(lambda values: loss(values, target), logits.requires_grad_())


def test_losses_equal_torchs_where_those_are_precise() -> None:
    """On moderate logits, CE is torch's and BCE is torch's times K, because BCE sums over the classes."""
    logits = torch.randn(7, 4, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    target = torch.tensor([0, 3, 1, 1, 2, 0, 0])
    onehot = functional.one_hot(target, 4).double()
    torch.testing.assert_close(ce(logits, target), functional.cross_entropy(logits, target))
    mean = functional.binary_cross_entropy_with_logits(logits, onehot)
    torch.testing.assert_close(bce(logits, target), 4 * mean)


@pytest.mark.parametrize("logit", [20.0, 60.0, 80.0])
def test_bce_keeps_the_gradient_of_a_positive_that_torch_loses(logit: float) -> None:
    """A positive at 20 or more still pulls with -sigmoid(-z); torch's own function gives exactly 0 there."""
    ours = evaluated(bce, [[logit]], [0])[1].item()
    theirs = evaluated(lambda z, _: functional.binary_cross_entropy_with_logits(z, torch.ones_like(z)), [[logit]], [0])
    assert theirs[1].item() == 0
    np.testing.assert_allclose(ours, -1 / (1 + np.exp(logit)), rtol=1e-6)


def test_ce_keeps_the_gradient_of_a_margin_that_torch_loses() -> None:
    """A sample with a margin of 20 still pulls with softmax(z)_y - 1; torch's cross-entropy gives exactly 0 there."""
    assert evaluated(functional.cross_entropy, [[20.0, 0.0]], [0])[1][0, 0] == 0
    np.testing.assert_allclose(evaluated(ce, [[20.0, 0.0]], [0])[1][0, 0], -1 / (1 + np.exp(20)), rtol=1e-6)


def test_unknown_losses_name_the_nearest() -> None:
    """A misspelt loss is refused with the one that was probably meant."""
    with pytest.raises(UnknownNameError, match=r"unknown loss 'bcee'. Did you mean bce\."):
        LOSSES["bcee"]


def test_penalty_sums_the_features_over_the_batch() -> None:
    """lambda_W/2 |W|^2 + lambda_b/2 |b|^2 + lambda_H/2 sum |h|^2; twice the batch doubles only the last term."""
    features, weight, bias = torch.tensor([[1.0, 2.0], [3.0, 0.0]]), torch.tensor([[2.0, 1.0]]), torch.tensor([-4.0])
    factors = {"lambda_w": 0.1, "lambda_h": 0.01, "lambda_b": 0.001}
    once = 0.1 / 2 * 5 + 0.01 / 2 * 14 + 0.001 / 2 * 16
    assert penalty(features, weight, bias, **factors).item() == pytest.approx(once)
    twice = penalty(features.repeat(2, 1), weight, bias, **factors).item()
    assert twice == pytest.approx(once + 0.01 / 2 * 14)


def test_penalty_decays_each_part_by_its_own_factor() -> None:
    """The gradient with respect to features, weight and bias is lambda times each of them."""
    parts = [torch.tensor(values, requires_grad=True) for values in ([[1.0, -2.0]], [[3.0, 0.5]], [7.0])]
    features, weight, bias = parts
    gradients = torch.autograd.grad(penalty(features, weight, bias, lambda_w=0.1, lambda_h=0.2, lambda_b=0.3), parts)
    for gradient, part, factor in zip(gradients, parts, (0.2, 0.1, 0.3), strict=True):
        torch.testing.assert_close(gradient, factor * part.detach())


def test_penalty_of_a_classifier_without_bias_has_no_bias_term() -> None:
    """Without a bias, the other two terms remain."""
    features, weight = torch.ones(2, 3), torch.ones(4, 3)
    value = penalty(features, weight, None, lambda_w=0.5, lambda_h=0.25, lambda_b=9.0)
    assert value.item() == pytest.approx(0.5 / 2 * 12 + 0.25 / 2 * 6)
