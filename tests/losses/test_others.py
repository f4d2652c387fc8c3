"""Focal loss, squared error, soft targets and label smoothing, against their definitions in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from bceprobe.errors import UsageError
from bceprobe.losses import LOSSES, make_loss, smooth

NAMES = ("ce", "bce", "focal", "mse")
GAMMA = 2.0


def random(seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    """Logits (6, 4) in float64, labels (6,), and soft targets (6, 4) whose rows add up to 1."""
    source = torch.Generator().manual_seed(seed)
    logits = 3 * torch.randn(6, 4, dtype=torch.float64, generator=source)
    soft = torch.rand(6, 4, dtype=torch.float64, generator=source)
    return logits, torch.tensor([0, 3, 1, 1, 2, 0]), soft / soft.sum(1, keepdim=True)


def defined(name: str, logits: Tensor, soft: Tensor) -> float:
    """Each loss as FORMULAS.md and the papers print it, for soft targets."""
    z, t = logits.numpy(), soft.numpy()
    p, share = np.exp(z) / np.exp(z).sum(1, keepdims=True), 1 / (1 + np.exp(-z))
    terms = {
        "ce": -t * np.log(p),
        "bce": -t * np.log(share) - (1 - t) * np.log(1 - share),
        "focal": -t * (1 - p) ** GAMMA * np.log(p),
        "mse": (z - t) ** 2,
    }
    return float(terms[name].sum(1).mean())


@pytest.mark.parametrize("name", NAMES)
def test_soft_targets_are_weighed_as_defined(name: str) -> None:
    """With soft targets every loss is the sum over classes that its definition weighs by them."""
    logits, _, soft = random()
    assert make_loss(name, soft=True)(logits, soft).item() == pytest.approx(defined(name, logits, soft), rel=1e-13)


@pytest.mark.parametrize("name", NAMES)
def test_labels_are_one_hot_soft_targets(name: str) -> None:
    """A label and the soft target that is 1 for it and 0 elsewhere have the same loss and gradient."""
    logits, target, _ = random(1)
    rows = torch.eye(4, dtype=torch.float64)[target]
    loss = make_loss(name)
    logits.requires_grad_()
    values = [loss(logits, given) for given in (target, rows)]
    gradients = [torch.autograd.grad(value, logits)[0] for value in values]
    for ours, theirs in (values, gradients):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("soft", [False, True])
def test_gradients_are_those_of_the_values(name: str, soft: bool) -> None:  # noqa: FBT001 - a case of the test
    """In float64, the gradient that autograd finds is that of finite differences."""
    logits, target, rows = random(2)
    loss = make_loss(name)
    assert torch.autograd.gradcheck(lambda z: loss(z, rows if soft else target), logits.requires_grad_())


@pytest.mark.parametrize("name", NAMES)
def test_label_smoothing_mixes_with_the_uniform_distribution(name: str) -> None:
    """Smoothed labels are (1 - eps) one-hot + eps/K; soft targets are smoothed alike."""
    logits, target, soft = random(3)
    rows = torch.eye(4, dtype=torch.float64)
    for given, plain in ((target, rows[target]), (soft, soft)):
        expected = defined(name, logits, 0.9 * plain + 0.1 / 4)
        assert make_loss(name, smoothing=0.1)(logits, given).item() == pytest.approx(expected, rel=1e-12)


def test_focal_without_focus_is_cross_entropy() -> None:
    """With gamma 0 the focal loss is CE, with labels and soft targets; gamma makes easy samples count less."""
    logits, target, soft = random(4)
    ce, focal = make_loss("ce"), make_loss("focal", options={"gamma": 0})
    assert focal(logits, target) == ce(logits, target)
    torch.testing.assert_close(focal(logits, soft), ce(logits, soft))
    easy = torch.tensor([[4.0, 0.0]])
    values = [make_loss("focal", options={"gamma": g})(easy, torch.tensor([0])).item() for g in (0, 1, 2, 5)]
    assert sorted(values, reverse=True) == values


@pytest.mark.parametrize("gamma", [0.5, 1.0, 2.0])
@pytest.mark.parametrize("margin", [20.0, 60.0, 200.0, -200.0])
def test_focal_has_finite_gradients_at_extreme_margins(gamma: float, margin: float) -> None:
    """However sure or wrong the classifier is, value and gradient are finite in float32."""
    logits = torch.tensor([[margin, 0.0, 0.0]], requires_grad=True)
    value = make_loss("focal", options={"gamma": gamma})(logits, torch.tensor([0]))
    (gradient,) = torch.autograd.grad(value, logits)
    assert torch.isfinite(value)
    assert torch.isfinite(gradient).all()


def test_smoothing_keeps_the_data_type_of_the_logits() -> None:
    """Targets of half precision logits are of half precision."""
    assert smooth(torch.tensor([1]), torch.zeros(1, 3, dtype=torch.bfloat16), 0.1).dtype == torch.bfloat16


@pytest.mark.parametrize(
    ("name", "options", "text"),
    [
        ("focal", {"gama": 2.0}, "loss focal has no option 'gama'"),
        ("focal", {"gamma": "much"}, "option gamma of loss focal is 'much'; it must be a number"),
        ("ce", {"gamma": 2.0}, "loss ce has no option 'gamma'"),
    ],
)
def test_wrong_options_are_refused(name: str, options: dict[str, Any], text: str) -> None:
    """An option that a loss does not take, or one of the wrong type, is named."""
    with pytest.raises(UsageError, match=text):
        make_loss(name, options=options)


def test_a_negative_focus_is_refused() -> None:
    """Gamma below 0 would weigh easy samples infinitely."""
    with pytest.raises(UsageError, match="must be 0 or more"):
        make_loss("focal", options={"gamma": -1.0})(torch.zeros(1, 2), torch.tensor([0]))


def test_a_loss_for_labels_alone_refuses_soft_targets(monkeypatch: pytest.MonkeyPatch) -> None:
    """A registered loss that does not say that it admits soft targets gets labels or a clear refusal."""

    def hinge(logits: Tensor, target: Tensor) -> Tensor:
        return (1 - logits.gather(1, target[:, None])).clamp(min=0).mean(1)

    _ = list(LOSSES)
    monkeypatch.setitem(LOSSES._entries, "hinge", hinge)  # noqa: SLF001 - so that it is gone after the test
    assert make_loss("hinge")(torch.zeros(2, 3), torch.tensor([0, 1])).item() == 1
    for soft in ({"smoothing": 0.1}, {"soft": True}):
        with pytest.raises(UsageError, match="loss hinge takes labels alone"):
            make_loss("hinge", **soft)
