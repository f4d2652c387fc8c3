"""Data sets of one's own: a folder of images for each class, below train/ and test/ or val/."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import torch

from bceprobe.datasets.base import DATASETS, DataInfo, Dataset, Split
from bceprobe.datasets.images import ImageFiles
from bceprobe.datasets.ranges import require_at_least
from bceprobe.errors import DataNotFoundError, UsageError

if TYPE_CHECKING:
    from bceprobe.datasets.base import Place

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HINT = "Give the folder that holds train/ and test/ or val/, each with a folder per class, with --data-dir"


@DATASETS.register("imagefolder")
def imagefolder(place: Place, *, image_size: int = 224) -> Dataset:
    """Images of one's own: DATA_DIR/train/CLASS/* and DATA_DIR/test/CLASS/* (or val), cut to squares of 3 channels.

    Classes are the names of the folders, sorted; samples are in the order of torchvision's ``ImageFolder``. Images are
    decoded when they are used and normalised as ImageNet is.

    Parameters
    ----------
    place
        Where the folders are.
    image_size
        Side of the images in pixels; the shorter side is resized to 256/224 of it and the centre is cut out.
    """
    return read_folders("imagefolder", place, image_size, test=("test", "val"))


def read_folders(name: str, place: Place, image_size: int, *, test: tuple[str, ...]) -> Dataset:
    """List the images of both splits; that for testing is the first folder of the names `test` that is there.

    Raises
    ------
    DataNotFoundError
        A split, or a class of it, has no images.
    UsageError
        The splits have different classes, or fewer than two.
    """
    require_at_least(1, "image_size", image_size)
    train_folder, test_folder = _folder(name, place, ("train",)), _folder(name, place, test)
    classes = _class_names(train_folder)
    _require_same(classes, _class_names(test_folder), train_folder, test_folder)
    info = DataInfo(name, classes, (3, image_size, image_size), MEAN, STD)
    return Dataset(info, _list(train_folder, image_size), _list(test_folder, image_size))


def _folder(name: str, place: Place, names: tuple[str, ...]) -> Path:
    """Find the folder of a split by the first of its names that is there."""
    folders = [place.data_dir / one for one in names]
    for folder in folders:
        if folder.is_dir():
            return folder
    raise DataNotFoundError(f"no {name} data in {place.data_dir}: {folders[0]} is missing", HINT)


def _class_names(folder: Path) -> tuple[str, ...]:
    names = tuple(sorted(path.name for path in folder.iterdir() if path.is_dir()))
    if not names:
        raise DataNotFoundError(f"{folder} has no folders of classes", HINT)
    return names


def _require_same(train: tuple[str, ...], test: tuple[str, ...], *folders: Path) -> None:
    if len(train) == 1:
        raise UsageError(f"{folders[0]} has one class, {train[0]!r}; two are needed", HINT)
    for name in sorted({*train} ^ {*test}):
        here, there = folders if name in train else folders[::-1]
        raise UsageError(f"the classes differ: {name!r} is in {here} but not in {there}", "Make them the same")


def _list(folder: Path, image_size: int) -> Split:
    """List the images of a split by torchvision's own class."""
    from torchvision.datasets import ImageFolder  # noqa: PLC0415 - torchvision is slow to import

    found = ImageFolder(str(folder), allow_empty=True)
    target = torch.tensor(found.targets, dtype=torch.int64)
    empty = torch.bincount(target, minlength=len(found.classes)) == 0
    if empty.any():
        name = found.classes[int(empty.int().argmax())]
        raise DataNotFoundError(f"class folder {folder / name} has no images", "Add some, or remove it in both splits")
    names = tuple(Path(path).relative_to(folder).as_posix() for path, _ in found.samples)
    return Split(ImageFiles(folder, names, image_size), target, torch.arange(len(target)))
