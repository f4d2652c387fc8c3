"""CIFAR-10, through torchvision's own class, which verifies the MD5 of every file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from bceprobe.datasets.base import DataInfo, Place, Split, dataset
from bceprobe.datasets.files import damaged, require_files

if TYPE_CHECKING:
    from pathlib import Path

INFO = DataInfo(
    name="cifar10",
    classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
    shape=(3, 32, 32),
    mean=(0.4914, 0.4822, 0.4465),
    std=(0.2023, 0.1994, 0.2010),
)


@dataset(INFO)
def cifar10(place: Place) -> tuple[Split, Split]:
    """CIFAR-10: 60000 colour photographs of 10 kinds of objects, 3x32x32 (Krizhevsky 2009)."""
    from torchvision.datasets import CIFAR10  # noqa: PLC0415 - torchvision is slow to import

    checksums = _checksums(CIFAR10, place.data_dir)
    require_files("cifar10", list(checksums), place, lambda: CIFAR10(place.data_dir, download=True))
    try:
        return _split(CIFAR10(place.data_dir, train=True)), _split(CIFAR10(place.data_dir, train=False))
    except RuntimeError as error:
        raise damaged("CIFAR-10", _first_damaged(checksums)) from error


def _checksums(kind: Any, root: Path) -> dict[Path, str]:
    """Map the files of the data set to the MD5 that torchvision expects of them."""
    parts = [*kind.train_list, *kind.test_list, (kind.meta["filename"], kind.meta["md5"])]
    return {root / kind.base_folder / name: md5 for name, md5 in parts}


def _first_damaged(checksums: dict[Path, str]) -> Path:
    """Find what torchvision's error does not name."""
    from torchvision.datasets.utils import check_integrity  # noqa: PLC0415 - torchvision is slow to import

    return next(file for file, md5 in checksums.items() if not check_integrity(file, md5))


def _split(data: Any) -> Split:
    images = torch.from_numpy(data.data).permute(0, 3, 1, 2).contiguous()
    return Split(images, torch.tensor(data.targets), torch.arange(len(data.targets)))
