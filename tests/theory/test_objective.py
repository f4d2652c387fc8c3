"""The objective and its gradient, against torch's own losses and automatic differentiation."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from bceprobe.theory import Problem
from bceprobe.theory.objective import Variables, labels, objective_and_gradient


@pytest.mark.parametrize("loss", ["ce", "bce"])
@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_objective_and_gradient_are_those_of_torch(loss: str, scale: float) -> None:
    """Value and gradient equal what torch's losses and autograd give for the same numbers, also for large logits."""
    problem = Problem(loss, classes=5, dim=7, per_class=4, lambda_w=0.01, lambda_h=0.02, lambda_b=0.03)
    source = np.random.default_rng(0)
    at = Variables(*(scale**0.5 * source.normal(size=shape) for shape in ((5, 7), (20, 7), (5,))))
    value, gradient = objective_and_gradient(problem, at)
    weight, features, threshold = (torch.tensor(part, requires_grad=True) for part in at)
    logits, target = features @ weight.T - threshold, torch.tensor(labels(problem))
    if loss == "ce":
        mean = functional.cross_entropy(logits, target)
    else:
        wanted = functional.one_hot(target, 5).to(logits.dtype)
        mean = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="sum") / 20
    terms = ((0.01, weight), (0.02, features), (0.03, threshold))
    expected = mean + sum(decay / 2 * part.square().sum() for decay, part in terms)
    expected.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    assert value == pytest.approx(expected.item(), rel=1e-13)
    for found, part in zip(gradient, (weight, features, threshold), strict=True):
        assert part.grad is not None
        np.testing.assert_allclose(found, part.grad.numpy(), rtol=1e-10, atol=1e-14)


def test_lighter_samples_stand_for_fewer() -> None:
    """Samples that count for part of one add up to the problem with that number per class."""
    source = np.random.default_rng(1)
    weight, means, threshold = source.normal(size=(3, 4)), source.normal(size=(3, 4)), source.normal(size=3)
    values = []
    for per_class in (2.0, 1.5):
        problem = Problem("bce", classes=3, dim=4, per_class=per_class, lambda_h=0.3 / per_class)
        at = Variables(weight, means[labels(problem)], threshold)
        values.append(objective_and_gradient(problem, at)[0])
    assert values[0] == pytest.approx(values[1], rel=1e-14)
