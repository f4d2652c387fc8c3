"""Targets: labels as one-hot rows, and labels or soft targets smoothed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch.nn import functional

if TYPE_CHECKING:
    from torch import Tensor


def one_hot(target: Tensor, like: Tensor) -> Tensor:
    """Return targets as rows, (N, K), in the data type of the logits (N, K); soft targets as they are.

    Examples
    --------
    >>> import torch
    >>> one_hot(torch.tensor([1]), torch.zeros(1, 3))
    tensor([[0., 1., 0.]])
    """
    return (functional.one_hot(target, like.shape[1]) if target.ndim == 1 else target).to(like.dtype)


def smooth(target: Tensor, like: Tensor, share: float) -> Tensor:
    """Smooth labels (N,) or soft targets (N, K): t = (1 - share) t + share/K (FORMULAS.md, "Losses").

    Examples
    --------
    >>> import torch
    >>> smooth(torch.tensor([1]), torch.zeros(1, 4), 0.2)
    tensor([[0.0500, 0.8500, 0.0500, 0.0500]])
    """
    return one_hot(target, like) * (1 - share) + share / like.shape[1]
