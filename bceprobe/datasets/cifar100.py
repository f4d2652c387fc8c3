"""CIFAR-100, balanced as it was published and with a long tail."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.datasets.base import DATASETS
from bceprobe.datasets.cifar import read_cifar
from bceprobe.datasets.tail import with_tail

if TYPE_CHECKING:
    from bceprobe.datasets.base import Dataset, Place

MEAN = (0.5071, 0.4867, 0.4408)
STD = (0.2675, 0.2565, 0.2761)


@DATASETS.register("cifar100")
def cifar100(place: Place) -> Dataset:
    """CIFAR-100: 60000 colour photographs of 100 kinds of objects, 3x32x32, fine labels (Krizhevsky 2009)."""
    from torchvision.datasets import CIFAR100  # noqa: PLC0415 - torchvision is slow to import

    return read_cifar(CIFAR100, "cifar100", place, mean=MEAN, std=STD)


@DATASETS.register("cifar100-lt")
def cifar100_lt(place: Place) -> Dataset:
    """CIFAR-100 with a long tail: 500 to 5 training images of a class at imbalance factor 100 (Cui et al. 2019)."""
    return with_tail(cifar100(place), "cifar100-lt")
