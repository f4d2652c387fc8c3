"""CIFAR-10, balanced as it was published and with a long tail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.datasets.base import DATASETS
from bceprobe.datasets.cifar import read_cifar
from bceprobe.datasets.tail import with_tail

if TYPE_CHECKING:
    from bceprobe.datasets.base import Dataset, Place

MEAN = (0.4914, 0.4822, 0.4465)
STD = (0.2023, 0.1994, 0.2010)


@DATASETS.register("cifar10")
def cifar10(place: Place) -> Dataset:
    """CIFAR-10: 60000 colour photographs of 10 kinds of objects, 3x32x32 (Krizhevsky 2009)."""
    from torchvision.datasets import CIFAR10  # noqa: PLC0415 - torchvision is slow to import

    return read_cifar(CIFAR10, "cifar10", place, mean=MEAN, std=STD)


@DATASETS.register("cifar10-lt")
def cifar10_lt(place: Place) -> Dataset:
    """CIFAR-10 with a long tail: 5000 to 50 training images of a class at imbalance factor 100 (Cui et al. 2019)."""
    return with_tail(cifar10(place), "cifar10-lt")
