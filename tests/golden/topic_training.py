"""What training does to scores and thresholds, and topic bias, from FORMULAS.md, "Decision scores, bias, updates"."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING, Any

from golden.make_nc import ZERO, Matrix, Vector
from golden.topic_arithmetic import (
    ONE,
    average,
    by_class,
    deviation,
    frobenius,
    norm,
    sigmoid,
)

if TYPE_CHECKING:
    from golden.topic_exact import Exact


@dataclass(frozen=True)
class Trained:
    """A snapshot, the loss that it was trained with and the settings of the training."""

    snapshot: Exact
    loss: str
    settings: dict[str, Decimal]

    @cached_property
    def amplitudes(self) -> Matrix:
        """(N, K): of the own class A+, equations (18), (19); of the others A-."""
        return [self._row(z, own) for z, own in zip(self.snapshot.logits, self.snapshot.target, strict=True)]

    def _row(self, logits: Vector, own: int) -> Vector:
        if self.loss == "bce":
            return [sigmoid(-z) if k == own else sigmoid(z) for k, z in enumerate(logits)]
        odds = [z.exp() for z in logits]
        softmax = [one / sum(odds, ZERO) for one in odds]
        return [ONE - p if k == own else p for k, p in enumerate(softmax)]

    @property
    def positive(self) -> Vector:
        """A+ of every sample."""
        return self.snapshot.own(self.amplitudes)

    def negative(self, label: int) -> Vector:
        """A- of a column, over the samples of other classes."""
        return self.snapshot.column(label, self.amplitudes)

    @cached_property
    def gradient(self) -> Vector:
        """Equations (20), (21), with respect to b: regularisation, pull of the positives, push of the negatives."""
        decay = [self.settings["lambda_b"] * b for b in self.snapshot.threshold]
        pull = [sum(self.snapshot.of(k, self.positive), ZERO) for k in self.snapshot.labels]
        push = [sum(self.negative(k), ZERO) for k in self.snapshot.labels]
        count = len(self.snapshot.target)
        return [d + (up - down) / count for d, up, down in zip(decay, pull, push, strict=True)]


def bias(trained: Trained) -> dict[str, Any]:
    """All of the topic bias."""
    snapshot, b = trained.snapshot, trained.snapshot.threshold
    above = [Decimal(s > b[k]) for s, k in zip(snapshot.own(snapshot.scores), snapshot.target, strict=True)]
    below = [[Decimal(s < b[k]) for s in snapshot.column(k, snapshot.scores)] for k in snapshot.labels]
    parts = [
        {
            "threshold_mean": b[k],
            "share_positive_above": average(snapshot.of(k, above)),
            "share_negative_below": average(below[k]),
            "bias_gradient_mean": trained.gradient[k],
        }
        for k in snapshot.labels
    ]
    return by_class({}, parts) | {
        "threshold_mean": average(b),
        "threshold_std": deviation(b),
        "alpha": _alpha(trained),
        "separated": _separated(snapshot),
        "share_positive_above": average(above),
        "share_negative_below": average([one for column in below for one in column]),
        "bias_gradient_mean": average(trained.gradient),
        "bias_gradient_norm": norm(trained.gradient),
    }


def _alpha(trained: Trained) -> Decimal:
    """Right minus left side of equation (12) at the mean b; rho = ||W||_F^2, c = sqrt(lW / (n lH)), n = B / K."""
    settings, classes = trained.settings, Decimal(len(trained.snapshot.weight))
    rho, b = frobenius(trained.snapshot.weight) ** 2, average(trained.snapshot.threshold)
    c = (settings["lambda_w"] / (settings["batch_size"] / classes * settings["lambda_h"])).sqrt()
    negatives = (classes - 1) / (classes * (ONE + (b + c * rho / (classes * (classes - 1))).exp()))
    positives = ONE / (classes * (ONE + (c * rho / classes - b).exp()))
    return negatives - positives - settings["lambda_b"] * b


def _separated(snapshot: Exact) -> Decimal:
    negatives = [value for k in snapshot.labels for value in snapshot.column(k, snapshot.scores)]
    b, positives = snapshot.threshold, snapshot.own(snapshot.scores)
    return Decimal(min(b) > max(negatives) and max(b) < min(positives))
