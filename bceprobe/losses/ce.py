"""Cross-entropy."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from bceprobe.losses.base import LOSSES, admits_soft_targets


@LOSSES.register("ce")
@admits_soft_targets
def ce(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy, -log softmax(z)_y, paper eq. 1; with soft targets t, -sum_j t_j log softmax(z)_j.

    For labels it is computed as log(1 + sum_{j != y} exp(z_j - z_y)), which is the same: a sample that is classified
    with a margin beyond 17 keeps its loss and the gradient softmax(z)_y - 1, both of which
    `torch.nn.functional.cross_entropy` rounds to 0 in float32.

    Parameters
    ----------
    logits
        (N, K), K at least 2.
    target
        Labels 0..K-1 as int64, (N,), or soft targets (N, K).

    Returns
    -------
    Tensor
        For each sample, (N,).
    """
    losses = surprise(logits, target) if target.ndim == 1 else -(target * functional.log_softmax(logits, dim=1))
    return losses.sum(1)


def surprise(logits: Tensor, target: Tensor) -> Tensor:
    """Compute -log softmax(z)_y of every sample, (N, 1), precisely also where it is tiny."""
    column = target[:, None]
    excess = (logits - logits.gather(1, column)).scatter(1, column, -torch.inf)
    # Taken out of the exponentials where it would overflow them; where every excess is negative, it is exactly 0.
    top = excess.detach().amax(1, keepdim=True).clamp(min=0)
    odds = (excess - top).exp().sum(1, keepdim=True)
    return top + torch.log1p(odds + torch.expm1(-top))
