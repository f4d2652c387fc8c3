"""Choosing samples by a rule without randomness, and the checksum that says which ones were chosen."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import torch

from bceprobe.datasets.images import ImageFiles
from bceprobe.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

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
    """SHA-256 over the images and the target: equal for equal samples in equal order.

    Of images in memory it covers the bytes; of images in files their names and sizes, so that a large data set need
    not be read for it. A file whose pixels change while its size stays is not noticed.
    """
    digest = hashlib.sha256()
    for part in _content(split.images):
        digest.update(part)
    digest.update(split.target.contiguous().numpy().data)
    return digest.hexdigest()


def _content(images: Tensor | ImageFiles) -> Iterable[bytes | memoryview]:
    return images.fingerprint() if isinstance(images, ImageFiles) else [images.contiguous().numpy().data]
