"""The focal loss (Lin et al. 2017, doi:10.1109/ICCV.2017.324) of several classes."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from bceprobe.errors import UsageError
from bceprobe.losses.base import LOSSES, admits_soft_targets
from bceprobe.losses.ce import surprise


@LOSSES.register("focal")
@admits_soft_targets
def focal(logits: Tensor, target: Tensor, *, gamma: float = 2.0) -> Tensor:
    """Focal loss, -(1 - p_y)^gamma log p_y, p = softmax(z); with soft targets, -sum_j t_j (1 - p_j)^gamma log p_j.

    Parameters
    ----------
    logits
        (N, K), K at least 2.
    target
        Labels 0..K-1 as int64, (N,), or soft targets (N, K).
    gamma
        0 is cross-entropy; the larger, the less what is classified already counts.

    Returns
    -------
    Tensor
        For each sample, (N,).
    """
    if not gamma >= 0:
        raise UsageError(f"option gamma of loss focal is {gamma}; it must be 0 or more")
    if target.ndim == 1:
        return _focused(surprise(logits, target), gamma).sum(1)
    return (target * _focused(-functional.log_softmax(logits, dim=1), gamma)).sum(1)


def _focused(surprises: Tensor, gamma: float) -> Tensor:
    """Weigh -log p by (1 - p)^gamma, whose gradient stays finite where 1 - p vanishes."""
    if gamma == 0:
        return surprises
    tiny = torch.finfo(surprises.dtype).tiny
    return (-torch.expm1(-surprises)).clamp(min=tiny) ** gamma * surprises
