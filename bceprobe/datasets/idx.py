"""What MNIST and Fashion-MNIST share: four idx files of 28x28 grey images and labels, verified and resized once."""

from __future__ import annotations

import gzip
import hashlib
import math
from typing import TYPE_CHECKING, Any

import torch

from bceprobe.datasets.base import DataInfo, Dataset, Place, Split
from bceprobe.datasets.files import damaged, require_files

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from torch import Tensor

SIDE = 32
PARTS = {part: (f"{part}-images-idx3-ubyte", f"{part}-labels-idx1-ubyte") for part in ("train", "t10k")}


def read_idx_set(kind: Any, info: DataInfo, place: Place, checksums: Mapping[str, str], *, algorithm: str) -> Dataset:
    """Read the files of one of torchvision's classes, whose names end in .gz or not, after checking them.

    torchvision's classes check only the archives, only when they download them, and prefer an unverified legacy cache.
    """
    files = {name: place.data_dir / kind.__name__ / "raw" / name for name in checksums}
    require_files(info.name, list(files.values()), place, lambda: kind(place.data_dir, download=True))
    values = {
        name.removesuffix(".gz"): _parse(_verified(path, info.name, checksums[name], algorithm))
        for name, path in files.items()
    }
    train, test = (_split(values[images], values[labels]) for images, labels in PARTS.values())
    return Dataset(info, train, test)


def _verified(file: Path, name: str, checksum: str, algorithm: str) -> bytes:
    content = file.read_bytes()
    if hashlib.new(algorithm, content, usedforsecurity=False).hexdigest() != checksum:
        raise damaged(name, file)
    return gzip.decompress(content) if file.suffix == ".gz" else content


def _parse(content: bytes) -> Tensor:
    """Parse an idx file of bytes: two zeros, the type, the number of dimensions, each size in four bytes, the values.

    Examples
    --------
    >>> _parse(bytes([0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 1, 5, 7])).tolist()
    [[5], [7]]
    """
    first = 4 + 4 * content[3]
    shape = [int.from_bytes(content[place : place + 4]) for place in range(4, first, 4)]
    return torch.frombuffer(bytearray(content), dtype=torch.uint8, offset=first, count=math.prod(shape)).view(shape)


def _split(images: Tensor, labels: Tensor) -> Split:
    from torchvision.transforms.v2.functional import resize  # noqa: PLC0415 - torchvision is slow to import

    resized = resize(images[:, None], [SIDE, SIDE], antialias=True)
    return Split(resized, labels.long(), torch.arange(len(labels)))
