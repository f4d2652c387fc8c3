"""Class-balanced losses: the weights of classes in closed form, and what they do to values and gradients."""

from __future__ import annotations

from fractions import Fraction

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor
from torch.nn import functional

from bceprobe.errors import UsageError
from bceprobe.losses import LOSSES, class_weights, make_loss

NAMES = ("ce", "bce", "focal", "mse")
WEIGHTS = torch.tensor([0.25, 3.0, 0.75], dtype=torch.float64)


def batch(seed: int = 0) -> tuple[Tensor, Tensor]:
    """Logits (5, 3) in float64 and labels (5,)."""
    logits = 3 * torch.randn(5, 3, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))
    return logits, torch.tensor([1, 0, 0, 2, 1])


def exact_weights(counts: list[int], beta: Fraction) -> list[float]:
    """Cui et al. 2019, eq. 4, in exact arithmetic: (1 - beta) / (1 - beta^n), scaled to a mean of 1."""
    raw = [(1 - beta) / (1 - beta**count) for count in counts]
    return [float(weight * len(counts) / sum(raw)) for weight in raw]


@pytest.mark.parametrize("beta", [Fraction(1, 2), Fraction(99, 100), Fraction(9999, 10000)])
def test_weights_are_inverse_effective_numbers(beta: Fraction) -> None:
    """The weights equal the published formula in exact arithmetic, also where 1 - beta^n is tiny."""
    counts = [500, 37, 5, 1]
    ours = class_weights(torch.tensor(counts), float(beta))
    torch.testing.assert_close(ours, torch.tensor(exact_weights(counts, beta)), rtol=1e-6, atol=0)


@given(st.lists(st.integers(1, 5000), min_size=2, max_size=8), st.floats(0.0, 0.999999))
def test_rarer_classes_weigh_more(counts: list[int], beta: float) -> None:
    """Weights have a mean of 1, never fall as a class gets rarer, and lie between equal and inversely proportional."""
    weights = class_weights(torch.tensor(counts), beta).double()
    assert weights.mean().item() == pytest.approx(1, rel=1e-6)
    for weight, count in zip(weights, counts, strict=True):
        for other, more in zip(weights, counts, strict=True):
            if more >= count:
                assert other <= weight * (1 + 1e-6)
                assert weight / other <= more / count * (1 + 1e-6)


def test_towards_1_weights_are_inverse_counts() -> None:
    """As beta approaches 1 the effective number of samples is their number."""
    counts = torch.tensor([4000, 40, 4])
    inverse = 1 / counts.double()
    expected = (3 * inverse / inverse.sum()).float()
    torch.testing.assert_close(class_weights(counts, 1 - 1e-12), expected, rtol=1e-4, atol=0)


def test_beta_0_and_equal_counts_weigh_all_alike() -> None:
    """Without a beta, or without a tail, every class has weight 1."""
    torch.testing.assert_close(class_weights(torch.tensor([9, 1]), 0.0), torch.ones(2))
    torch.testing.assert_close(class_weights(torch.tensor([7, 7, 7]), 0.999), torch.ones(3))


@pytest.mark.parametrize("beta", [0.0, 0.99])
def test_classes_without_samples_count_for_nothing(beta: float) -> None:
    """An absent class has weight 0 and does not change those of the others."""
    ours = class_weights(torch.tensor([50, 0, 2]), beta)
    torch.testing.assert_close(ours[[0, 2]], class_weights(torch.tensor([50, 2]), beta))
    assert ours[1] == 0


def test_balanced_cross_entropy_is_torchs_but_for_its_divisor() -> None:
    """CE with weights is torch's with `weight=`, summed and divided by the batch; gradients too."""
    logits, target = batch()
    logits.requires_grad_()
    ours = make_loss("ce")(logits, target, WEIGHTS)
    theirs = functional.cross_entropy(logits, target, weight=WEIGHTS, reduction="sum") / len(target)
    torch.testing.assert_close(ours, theirs)
    torch.testing.assert_close(*(torch.autograd.grad(value, logits) for value in (ours, theirs)))


def test_balanced_bce_weighs_all_scores_of_a_sample() -> None:
    """BCE with weights is torch's with the weight of the sample's class on each of its K terms."""
    logits, target = batch(1)
    rows, weights = functional.one_hot(target, 3).double(), WEIGHTS[target][:, None].expand(5, 3)
    theirs = functional.binary_cross_entropy_with_logits(logits, rows, weight=weights, reduction="sum") / 5
    torch.testing.assert_close(make_loss("bce")(logits, target, WEIGHTS), theirs)


@pytest.mark.parametrize("name", NAMES)
def test_gradients_of_balanced_losses_are_those_of_the_values(name: str) -> None:
    """In float64, with labels and soft targets, the gradient of a weighed loss is that of finite differences."""
    logits, target = batch(2)
    soft = torch.softmax(torch.flip(logits, (0,)), 1)
    for given_target in (target, soft):
        loss = make_loss(name)
        assert torch.autograd.gradcheck(lambda z, t=given_target, f=loss: f(z, t, WEIGHTS), logits.requires_grad_())


@pytest.mark.parametrize("name", NAMES)
def test_labels_and_one_hot_rows_weigh_the_same(name: str) -> None:
    """A label and its one-hot row have one weight; smoothing changes the target and not the weight."""
    logits, target = batch(3)
    rows = functional.one_hot(target, 3).double()
    for smoothing in (0.0, 0.1):
        loss = make_loss(name, smoothing=smoothing)
        torch.testing.assert_close(loss(logits, target, WEIGHTS), loss(logits, rows, WEIGHTS))
        one = [loss(logits[[at]], target[[at]]) * WEIGHTS[target[at]] for at in range(5)]
        torch.testing.assert_close(loss(logits, target, WEIGHTS), torch.stack(one).mean())


def test_a_loss_of_the_whole_batch_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plug-in that averages by itself could not be weighed: it is told to return a value for each sample."""
    _ = list(LOSSES)
    entries = LOSSES._entries  # noqa: SLF001 - so that it is gone after the test
    monkeypatch.setitem(entries, "averaged", lambda logits, _target: logits.square().mean())
    with pytest.raises(UsageError, match=r"loss averaged returns values of shape \(\) for 5 samples"):
        make_loss("averaged")(*batch())
