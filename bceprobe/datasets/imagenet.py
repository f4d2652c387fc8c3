"""ImageNet-1k, as torchvision lays it out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.datasets.base import DATASETS
from bceprobe.datasets.folders import read_folders
from bceprobe.errors import UsageError

if TYPE_CHECKING:
    from bceprobe.datasets.base import Dataset, Place

CLASSES = 1000


@DATASETS.register("imagenet")
def imagenet(place: Place, *, image_size: int = 224) -> Dataset:
    """ImageNet-1k: 1.3 million photographs of 1000 kinds, DATA_DIR/train/WNID/* and DATA_DIR/val/WNID/* (2012).

    The classes are the sorted WordNet ids, such as n01440764, which is the order of torchvision's pretrained weights.

    Parameters
    ----------
    place
        Where the folders are; ``torchvision.datasets.ImageNet`` makes them from the published archives.
    image_size
        Side of the images in pixels; the shorter side is resized to 256/224 of it and the centre is cut out.
    """
    dataset = read_folders("imagenet", place, image_size, test=("val",))
    if len(dataset.info.classes) != CLASSES:
        what = f"{place.data_dir} has {len(dataset.info.classes)} classes, not the {CLASSES} of ImageNet"
        raise UsageError(what, "Use --dataset imagefolder for images of your own")
    return dataset
