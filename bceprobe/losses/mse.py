"""The squared error to one-hot targets (as in Zhou et al. 2022, doi:10.48550/arXiv.2203.01238)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.losses.base import LOSSES, admits_soft_targets
from bceprobe.losses.targets import one_hot

if TYPE_CHECKING:
    from torch import Tensor


@LOSSES.register("mse")
@admits_soft_targets
def mse(logits: Tensor, target: Tensor) -> Tensor:
    """Squared error sum_j (z_j - t_j)^2 to the one-hot or soft target t, without a factor 1/2 or 1/K (own choice).

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
    return (logits - one_hot(target, logits)).square().sum(1)
