"""Losses and penalties of a batch: FORMULAS.md, "Losses".

A loss maps logits (N, K) and labels (N,) to a scalar: the mean over the batch and, for BCE, the sum over classes.
Each is written so that neither a value nor a gradient is the difference of two almost equal numbers: collapse
happens exactly where float32 would round that difference to 0, at logits beyond 17.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional

from bceprobe.registry import Registry

Loss: TypeAlias = Callable[[Tensor, Tensor], Tensor]
LOSSES: Registry[Loss] = Registry("loss", "bceprobe.losses")

# Above it softplus(x) is x: e^-40 is below the resolution of float64 there, and e^40 is finite in float32.
LINEAR_FROM = 40


@LOSSES.register("ce")
def ce(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy, -log softmax(z)_y, paper eq. 1.

    It is computed as log(1 + sum_{j != y} exp(z_j - z_y)), which is the same: a sample that is classified with a
    margin beyond 17 keeps its loss and the gradient softmax(z)_y - 1, both of which
    `torch.nn.functional.cross_entropy` rounds to 0 in float32.

    Parameters
    ----------
    logits
        (N, K), K at least 2.
    target
        Labels 0..K-1 as int64, (N,).

    Returns
    -------
    Tensor
        The mean over the batch, a scalar.
    """
    column = target[:, None]
    excess = (logits - logits.gather(1, column)).scatter(1, column, -torch.inf)
    # Taken out of the exponentials where it would overflow them; where every excess is negative, it is exactly 0.
    top = excess.detach().amax(1, keepdim=True).clamp(min=0)
    odds = (excess - top).exp().sum(1, keepdim=True)
    return (top + torch.log1p(odds + torch.expm1(-top))).sum() / len(target)


@LOSSES.register("bce")
def bce(logits: Tensor, target: Tensor) -> Tensor:
    """Binary cross-entropy, softplus(-z_y) + sum_{j != y} softplus(z_j), paper eq. 2.

    The sum over classes is not divided by K. A positive keeps its gradient -sigmoid(-z_y) at every logit;
    `torch.nn.functional.binary_cross_entropy_with_logits` computes it as sigmoid(z_y) - 1 and so loses it from
    17 on.

    Parameters
    ----------
    logits
        (N, K).
    target
        Labels 0..K-1 as int64, (N,).

    Returns
    -------
    Tensor
        The mean over the batch of the sum over classes, a scalar.
    """
    column = target[:, None]
    signed = logits.scatter(1, column, -logits.gather(1, column))
    return _softplus(signed).sum() / len(target)


def penalty(
    features: Tensor, weight: Tensor, bias: Tensor | None, *, lambda_w: float, lambda_h: float, lambda_b: float
) -> Tensor:
    """Regularise the features and the classifier: lambda_W/2 ||W||_F^2 + lambda_b/2 ||b||^2 + lambda_H/2 sum ||h||^2.

    The squared norms of the features are **summed** over the batch, not averaged, as the authors' code does; with
    batch size B the penalty then acts like the theory's with n = B/K samples per class (paper eq. 3).

    Parameters
    ----------
    features
        (N, d), as the classifier receives them in training mode.
    weight, bias
        The classifier's, (K, d) and (K,); the sign of the bias does not matter, and None means that it has none.
    lambda_w, lambda_h, lambda_b
        Weights of the three terms.

    Returns
    -------
    Tensor
        A scalar, to be added to the loss of the batch.
    """
    terms = ((lambda_w, weight), (lambda_h, features), (lambda_b, bias))
    return torch.stack([factor / 2 * values.square().sum() for factor, values in terms if values is not None]).sum()


def _softplus(values: Tensor) -> Tensor:
    return functional.softplus(values, threshold=LINEAR_FROM)
