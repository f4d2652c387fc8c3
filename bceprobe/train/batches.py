"""Batches of a split: uint8 on the device once, or read from files ahead of their use; normalised on the device."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import torch

from bceprobe.datasets import ImageFiles
from bceprobe.train.parts import Part, part
from bceprobe.train.reading import FileReader, FilesOnDevice

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from torch import Tensor

    from bceprobe.datasets import DataInfo, Dataset, Split

CAPTURE_BATCH = 512


class Pixels(Protocol):
    """Images of a split, wherever they are."""

    def read(self, parts: Sequence[Tensor]) -> Iterator[Tensor]:
        """Yield the images of one list of rows after the other: uint8 (B, c, H, W) on the device."""


@dataclass(frozen=True)
class InMemory:
    """Images that are on the device: uint8 (N, c, H, W)."""

    images: Tensor

    def read(self, parts: Sequence[Tensor]) -> Iterator[Tensor]:
        """Yield the images of one list of rows after the other."""
        return (self.images[rows] for rows in parts)


@dataclass(frozen=True)
class DeviceSplit:
    """A split as batches on the device: its ``pixels``, ``target`` (N,), and how images are normalised.

    ``index`` (N,), on the host, is each sample's place in the original data set.
    """

    pixels: Pixels
    target: Tensor
    index: Tensor
    scale: Tensor
    shift: Tensor

    @classmethod
    def of(cls, split: Split, info: DataInfo, device: torch.device, reader: FileReader | None = None) -> DeviceSplit:
        """Move a split to a device; images in files stay there and are read by `reader`, or in this process."""
        mean, std = (torch.tensor(values, device=device).view(1, -1, 1, 1) for values in (info.mean, info.std))
        pixels = _pixels(split.images, device, reader)
        return cls(pixels, split.target.to(device), split.index, 1 / (255 * std), -mean / std)

    def __len__(self) -> int:
        return len(self.target)

    def shuffled(
        self,
        batch_size: int,
        generator: torch.Generator,
        change: Callable[[Tensor], Tensor] | None = None,
        cut: Callable[[int], Part] = part,
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield one epoch of training batches in random order; images are changed before they are normalised.

        Of each batch the part is yielded that `cut` returns for its size: the whole, unless processes share it.
        """
        order = torch.randperm(len(self), generator=generator).to(self.target.device)
        whole = torch.split(order, self.sizes(batch_size))
        parts = [cut(len(rows)) for rows in whole]
        own = [rows[part.start : part.stop] for rows, part in zip(whole, parts, strict=True)]
        yield from self.batches(own, change)

    def sizes(self, batch_size: int) -> list[int]:
        """Divide an epoch into training batches; a single left-over sample joins the last: batch norm needs two."""
        sizes = [batch_size] * (len(self) // batch_size)
        if rest := len(self) % batch_size:
            sizes = [*sizes[:-1], batch_size + 1] if rest == 1 and sizes else [*sizes, rest]
        return sizes

    def batches(
        self, parts: Sequence[Tensor], change: Callable[[Tensor], Tensor] | None = None
    ) -> Iterator[tuple[Tensor, Tensor]]:
        """Yield normalised images (B, C, H, W) and target (B,) of lists of rows; grey images get C equal channels."""
        for rows, images in zip(parts, self.pixels.read(parts), strict=True):
            changed = change(images) if change else images
            normalised = changed.float() * self.scale + self.shift
            yield normalised.contiguous(memory_format=torch.channels_last), self.target[rows]

    def batch(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return one batch."""
        return next(self.batches([rows]))


@dataclass(frozen=True)
class Ordered:
    """Chosen rows of a split in a fixed order, as the Recorder reads them."""

    data: DeviceSplit
    rows: Tensor

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        if len(self.rows):
            yield from self.data.batches(torch.split(self.rows, CAPTURE_BATCH))

    def between(self, start: int, stop: int) -> Ordered:
        """Return the rows from one place to another."""
        return Ordered(self.data, self.rows[start:stop])

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


def on_device(dataset: Dataset, device: torch.device, workers: int = 0) -> tuple[DeviceSplit, DeviceSplit]:
    """Move both splits of a data set to a device; if they are in files, the same worker processes read them."""
    splits, images = (dataset.train, dataset.test), dataset.train.images
    reader = FileReader(images.size, workers, device) if isinstance(images, ImageFiles) else None
    train, test = (DeviceSplit.of(split, dataset.info, device, reader) for split in splits)
    return train, test


def _pixels(images: Tensor | ImageFiles, device: torch.device, reader: FileReader | None) -> Pixels:
    if isinstance(images, ImageFiles):
        return FilesOnDevice(images, reader or FileReader(images.size, 0, device))
    return InMemory(images.to(device).contiguous(memory_format=torch.channels_last))
