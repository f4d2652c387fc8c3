"""Batches of a data set that lives on the device: uint8 once, normalised when used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from torch import Tensor

    from bceprobe.datasets import DataInfo, Split

CAPTURE_BATCH = 512


@dataclass(frozen=True)
class DeviceSplit:
    """A split on the device: ``images`` uint8 (N, c, H, W) and ``target`` (N,), and how images are normalised.

    ``index`` (N,), on the host, is each sample's place in the original data set.
    """

    images: Tensor
    target: Tensor
    index: Tensor
    scale: Tensor
    shift: Tensor

    @classmethod
    def of(cls, split: Split, info: DataInfo, device: torch.device) -> DeviceSplit:
        """Move a split to a device."""
        mean, std = (torch.tensor(values, device=device).view(1, -1, 1, 1) for values in (info.mean, info.std))
        images = split.images.to(device).contiguous(memory_format=torch.channels_last)
        return cls(images, split.target.to(device), split.index, 1 / (255 * std), -mean / std)

    def __len__(self) -> int:
        return len(self.target)

    def shuffled(self, batch_size: int, generator: torch.Generator) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield one epoch of training batches in random order; the last one may be smaller.

        A single left-over sample joins the batch before it: batch norm cannot train on one sample.
        """
        order = torch.randperm(len(self), generator=generator).to(self.images.device)
        sizes = [batch_size] * (len(self) // batch_size)
        if rest := len(self) % batch_size:
            sizes = [*sizes[:-1], batch_size + 1] if rest == 1 and sizes else [*sizes, rest]
        for rows in torch.split(order, sizes):
            yield self.batch(rows)

    def batch(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return normalised images (B, C, H, W) and target (B,) of some rows; grey images get C equal channels."""
        images = self.images[rows].float() * self.scale + self.shift
        return images, self.target[rows]


@dataclass(frozen=True)
class Ordered:
    """Chosen rows of a split in a fixed order, as the Recorder reads them."""

    data: DeviceSplit
    rows: Tensor

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        for rows in torch.split(self.rows, CAPTURE_BATCH):
            yield self.data.batch(rows)

    @property
    def index(self) -> list[int]:
        """Each sample's place in the original data set."""
        places: list[int] = self.data.index[self.rows.cpu()].tolist()
        return places

    @classmethod
    def by_class(cls, data: DeviceSplit, per_class: int = 0) -> Ordered:
        """Order all samples (or the first of each class) by class, then by their place in the data set."""
        order = torch.argsort(data.target, stable=True)
        if per_class:
            counts = torch.bincount(data.target)
            starts = (counts.cumsum(0) - counts)[data.target[order]]
            order = order[torch.arange(len(order), device=order.device) - starts < per_class]
        return cls(data, order)
