"""Fashion-MNIST, from the four archives that torchvision downloads; it publishes checksums of these alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.datasets.base import DATASETS, DataInfo
from bceprobe.datasets.idx import SIDE, read_idx_set

if TYPE_CHECKING:
    from bceprobe.datasets.base import Dataset, Place

MEAN, STD = 0.2860, 0.3530


@DATASETS.register("fashionmnist")
def fashionmnist(place: Place) -> Dataset:
    """Fashion-MNIST: 70000 photographs of clothes, resized to 32x32, fed as 3 equal channels (Xiao et al. 2017).

    In memory the images keep their one channel, (N, 1, 32, 32); a batch expands it.
    """
    from torchvision.datasets import FashionMNIST  # noqa: PLC0415 - torchvision is slow to import

    info = DataInfo("fashionmnist", tuple(FashionMNIST.classes), (3, SIDE, SIDE), mean=(MEAN,) * 3, std=(STD,) * 3)
    return read_idx_set(FashionMNIST, info, place, dict(FashionMNIST.resources), algorithm="md5")
