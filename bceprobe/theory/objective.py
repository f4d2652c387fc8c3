"""The layer-peeled objective and its gradient of weight, features and thresholds; nothing here knows the optimum."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.theory.problem import Problem

    Array = NDArray[np.float64]


class Variables(NamedTuple):
    """Weight (K, d), features (N, d) and thresholds (K,), in float64."""

    weight: Array
    features: Array
    threshold: Array


def labels(problem: Problem) -> NDArray[np.int64]:
    """Label the samples, n of each class, (N,); where n is not whole, the next whole number of lighter samples."""
    return np.repeat(np.arange(problem.classes), math.ceil(problem.per_class))


def objective_and_gradient(problem: Problem, at: Variables) -> tuple[float, Variables]:
    """Compute the objective of (3) in float64, and its gradient, for the samples of `labels`.

    A sample counts n / ceil(n) times, in the loss's mean (where that cancels) and in the regulariser of the features.
    """
    target = labels(problem)
    logits = at.features @ at.weight.T - at.threshold
    losses, slopes = (_ce if problem.loss == "ce" else _bce)(logits, target)
    slopes /= len(target)
    share = problem.per_class / math.ceil(problem.per_class)
    lambdas = problem.lambda_w, problem.lambda_h * share, problem.lambda_b
    data = Variables(slopes.T @ at.features, slopes @ at.weight, -slopes.sum(axis=0))
    size = sum(decay / 2 * float(np.vdot(one, one)) for decay, one in zip(lambdas, at, strict=True))
    gradient = Variables(*(own + decay * one for own, decay, one in zip(data, lambdas, at, strict=True)))
    return float(losses.mean()) + size, gradient


def _ce(logits: Array, target: NDArray[np.int64]) -> tuple[Array, Array]:
    """Return the losses of the samples, (N,), and their derivatives by the logits, (N, K)."""
    rows = np.arange(len(target))
    apart = logits - logits.max(axis=1, keepdims=True)
    masses = np.exp(apart)
    total = masses.sum(axis=1)
    losses = np.log(total) - apart[rows, target]
    masses /= total[:, None]
    masses[rows, target] -= 1
    return losses, masses


def _bce(logits: Array, target: NDArray[np.int64]) -> tuple[Array, Array]:
    """Return the losses of the samples, (N,), and their derivatives by the logits, (N, K)."""
    sign = np.ones_like(logits)
    sign[np.arange(len(target)), target] = -1
    wrong = sign * logits
    small = np.exp(-np.abs(wrong))
    losses = (np.maximum(wrong, 0) + np.log1p(small)).sum(axis=1)
    return losses, sign * np.where(wrong >= 0, 1.0, small) / (1 + small)
