"""MNIST, from the four unpacked files that torchvision lays out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.datasets.base import DATASETS, DataInfo
from bceprobe.datasets.idx import SIDE, read_idx_set

if TYPE_CHECKING:
    from bceprobe.datasets.base import Dataset, Place

SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}
INFO = DataInfo("mnist", tuple("0123456789"), (3, SIDE, SIDE), mean=(0.1307,) * 3, std=(0.3081,) * 3)


@DATASETS.register("mnist")
def mnist(place: Place) -> Dataset:
    """MNIST: 70000 handwritten digits, resized to 32x32 and fed as 3 equal channels (LeCun et al. 1998).

    In memory the images keep their one channel, (N, 1, 32, 32); a batch expands it.
    """
    from torchvision.datasets import MNIST  # noqa: PLC0415 - torchvision is slow to import

    return read_idx_set(MNIST, INFO, place, SHA256, algorithm="sha256")
