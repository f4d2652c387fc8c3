"""Class-balanced weights for training on a long tail."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Tensor


def class_weights(counts: Tensor, beta: float) -> Tensor:
    """Weigh classes by one over their effective number of samples, (1 - beta^n) / (1 - beta).

    The weights are scaled to a mean of 1 over the classes that have samples, as Cui et al. 2019
    (doi:10.48550/arXiv.1901.05555) scale them; a class without samples gets 0 (own choice).

    Parameters
    ----------
    counts
        Training samples of each class, (K,).
    beta
        From 0, equal weights, towards 1, weights inverse to the counts.

    Returns
    -------
    Tensor
        float32, (K,).

    Examples
    --------
    >>> class_weights(torch.tensor([2, 1]), 0.5)
    tensor([0.8000, 1.2000])
    """
    present = counts > 0
    if not beta:
        return present.float()
    rarity = present / -torch.expm1(counts.double() * math.log(beta)).where(present, -1)
    return (rarity * present.sum() / rarity.sum()).float()
