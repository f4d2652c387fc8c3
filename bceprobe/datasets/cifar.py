"""What CIFAR-10 and CIFAR-100 share: torchvision's own class, which verifies the MD5 of every file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch

from bceprobe.datasets.base import DataInfo, Dataset, Place, Split
from bceprobe.datasets.files import damaged, require_files

if TYPE_CHECKING:
    from pathlib import Path

Numbers = tuple[float, float, float]


def read_cifar(kind: Any, name: str, place: Place, *, mean: Numbers, std: Numbers) -> Dataset:
    """Read a data set by torchvision's class of it; class names are those of its files."""
    checksums = _checksums(kind, place.data_dir)
    require_files(name, list(checksums), place, lambda: kind(place.data_dir, download=True))
    try:
        train, test = kind(place.data_dir, train=True), kind(place.data_dir, train=False)
    except RuntimeError as error:
        raise damaged(name, _first_damaged(checksums)) from error
    return Dataset(DataInfo(name, tuple(train.classes), (3, 32, 32), mean, std), _split(train), _split(test))


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
