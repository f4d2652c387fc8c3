"""The baseline: a training loop as tutorials have it, on the CPU.

A DataLoader whose worker processes turn PIL images into tensors by torchvision's transforms, images in NCHW, the loss
of every batch read, and an optimizer that is not fused. The workers stay between epochs, which is kind to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from PIL import Image
from torch.nn import functional
from torch.utils.data import DataLoader
from torch.utils.data import Dataset as TorchDataset
from torchvision import transforms

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import nn

    from bceprobe.datasets import Dataset
    from bceprobe.settings import Settings

WORKERS = 2


class Pictures(TorchDataset[tuple[Any, int]]):
    """The training split as PIL images, each transformed when it is asked for."""

    def __init__(self, dataset: Dataset, settings: Settings) -> None:
        self._pixels = dataset.train.images.permute(0, 2, 3, 1).numpy()
        self._labels = dataset.train.target.tolist()
        augment = settings.augment
        changes = [
            *([transforms.RandomCrop(32, padding=augment.crop)] if augment.crop else []),
            *([transforms.RandomHorizontalFlip(augment.flip)] if augment.flip else []),
        ]
        normalise = transforms.Normalize(dataset.info.mean, dataset.info.std)
        self._transform = transforms.Compose([*changes, transforms.ToTensor(), normalise])

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, place: int) -> tuple[Any, int]:
        return self._transform(Image.fromarray(self._pixels[place])), self._labels[place]


def make_epoch(model: nn.Module, dataset: Dataset, settings: Settings, workers: int = WORKERS) -> Callable[[], float]:
    """Return a function that trains one epoch with SGD and cross-entropy and returns the mean loss of a sample."""
    optim = settings.optim
    optimizer = torch.optim.SGD(model.parameters(), optim.lr, optim.momentum, weight_decay=optim.weight_decay)
    loader = DataLoader(
        Pictures(dataset, settings), optim.batch_size, shuffle=True, num_workers=workers, persistent_workers=workers > 0
    )

    def epoch() -> float:
        model.train()
        total = 0.0
        for images, target in loader:
            optimizer.zero_grad()
            loss = functional.cross_entropy(model(images), target)
            loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
            optimizer.step()
            total += loss.item() * len(target)
        return total / len(dataset.train)

    return epoch
