"""Binary cross-entropy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

from bceprobe.losses.base import LOSSES, admits_soft_targets

if TYPE_CHECKING:
    from torch import Tensor

# Above it softplus(x) is x: e^-40 is below the resolution of float64 there, and e^40 is finite in float32.
LINEAR_FROM = 40


@LOSSES.register("bce")
@admits_soft_targets
def bce(logits: Tensor, target: Tensor) -> Tensor:
    """Binary cross-entropy, softplus(-z_y) + sum_{j != y} softplus(z_j), paper eq. 2.

    With soft targets t: sum_j [t_j softplus(-z_j) + (1 - t_j) softplus(z_j)]. The sum over classes is not divided by K.
    A positive keeps its gradient -sigmoid(-z_y) at every logit;
    `torch.nn.functional.binary_cross_entropy_with_logits` computes it as sigmoid(z_y) - 1 and so loses it from
    17 on.

    Parameters
    ----------
    logits
        (N, K).
    target
        Labels 0..K-1 as int64, (N,), or soft targets (N, K).

    Returns
    -------
    Tensor
        The sum over classes for each sample, (N,).
    """
    if target.ndim > 1:
        return (target * _softplus(-logits) + (1 - target) * _softplus(logits)).sum(1)
    column = target[:, None]
    signed = logits.scatter(1, column, -logits.gather(1, column))
    return _softplus(signed).sum(1)


def _softplus(values: Tensor) -> Tensor:
    return functional.softplus(values, threshold=LINEAR_FROM)
