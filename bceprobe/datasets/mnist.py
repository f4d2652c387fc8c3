"""MNIST, from the four unpacked files that torchvision lays out, resized once to 32x32."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import torch

from bceprobe.datasets.base import DataInfo, Place, Split, dataset
from bceprobe.datasets.files import damaged, require_files

if TYPE_CHECKING:
    from pathlib import Path

# torchvision checks the archives when it downloads them, but of the unpacked files only that they exist.
SHA256 = {
    "train-images-idx3-ubyte": "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    "train-labels-idx1-ubyte": "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    "t10k-images-idx3-ubyte": "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    "t10k-labels-idx1-ubyte": "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
}

INFO = DataInfo(name="mnist", classes=tuple("0123456789"), shape=(3, 32, 32), mean=(0.1307,) * 3, std=(0.3081,) * 3)


@dataset(INFO)
def mnist(place: Place) -> tuple[Split, Split]:
    """MNIST: 70000 handwritten digits, resized to 32x32 and fed as 3 equal channels (LeCun et al. 1998).

    In memory the images keep their one channel, (N, 1, 32, 32); a batch expands it.
    """
    from torchvision.datasets import MNIST  # noqa: PLC0415 - torchvision is slow to import

    folder = place.data_dir / "MNIST" / "raw"
    files = [folder / name for name in SHA256]
    require_files("mnist", files, place, lambda: MNIST(place.data_dir, download=True))
    for file in files:
        _verify(file)
    return _read(folder, "train"), _read(folder, "t10k")


def _verify(file: Path) -> None:
    with file.open("rb") as content:
        if hashlib.file_digest(content, "sha256").hexdigest() != SHA256[file.name]:
            raise damaged("MNIST", file)


def _read(folder: Path, part: str) -> Split:
    """Read one split by torchvision's readers; its MNIST class would prefer an unverified legacy cache."""
    from torchvision.datasets.mnist import read_image_file, read_label_file  # noqa: PLC0415 - slow to import
    from torchvision.transforms.v2.functional import resize  # noqa: PLC0415 - slow to import

    images = read_image_file(str(folder / f"{part}-images-idx3-ubyte"))
    target = read_label_file(str(folder / f"{part}-labels-idx1-ubyte"))
    return Split(resize(images[:, None], list(INFO.shape[1:]), antialias=True), target, torch.arange(len(target)))
