"""Choosing samples by a rule without randomness, and the checksum that says which ones were chosen."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import torch

from bceprobe.errors import UsageError

if TYPE_CHECKING:
    from torch import Tensor

    from bceprobe.datasets.base import Split


def rank_in_class(target: Tensor) -> Tensor:
    """Count, for every sample, the earlier samples of its class, (N,).

    Examples
    --------
    >>> rank_in_class(torch.tensor([2, 0, 2, 2, 0])).tolist()
    [0, 0, 1, 2, 1]
    """
    order, counts = torch.argsort(target, stable=True), torch.bincount(target)
    rank = torch.empty_like(target)
    rank[order] = torch.arange(len(target)) - torch.repeat_interleave(counts.cumsum(0) - counts, counts)
    return rank


def first_of_each_class(split: Split, count: int) -> Split:
    """Keep the first samples of each class, in their order; a class that has fewer keeps all.

    Raises
    ------
    UsageError
        `count` is below 1.
    """
    if count < 1:
        raise UsageError(f"the limit per class is {count}; it must be 1 or more")
    return split.take(rank_in_class(split.target) < count)


def checksum(split: Split) -> str:
    """SHA-256 over the bytes of the images and of the target: equal for equal samples in equal order."""
    digest = hashlib.sha256(split.images.contiguous().numpy().data)
    digest.update(split.target.contiguous().numpy().data)
    return digest.hexdigest()
