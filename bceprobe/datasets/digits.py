"""scikit-learn's embedded 8x8 digits: real data that needs no download, the default of everything."""

from __future__ import annotations

import torch

from bceprobe.datasets.base import DATASETS, DataInfo, Dataset, Place, Split
from bceprobe.datasets.selection import rank_in_class

BRIGHTEST = 16
TEST_SHARE = 5

INFO = DataInfo(name="digits", classes=tuple("0123456789"), shape=(1, 8, 8), mean=(0.3052,), std=(0.3760,))


@DATASETS.register("digits")
def digits(_place: Place) -> Dataset:
    """scikit-learn's embedded 1797 handwritten digits, 1x8x8; needs no files.

    Of each class, every fifth sample in the order of the data set is for testing. Grey values 0..16 are scaled to
    0..255.
    """
    from sklearn.datasets import load_digits  # noqa: PLC0415 - scikit-learn is slow to import

    bunch = load_digits()
    target = torch.from_numpy(bunch.target).long()
    images = torch.from_numpy(bunch.images).mul(255 / BRIGHTEST).round().to(torch.uint8)
    whole = Split(images[:, None], target, torch.arange(len(target)))
    test = rank_in_class(target) % TEST_SHARE == TEST_SHARE - 1
    return Dataset(INFO, whole.take(~test), whole.take(test))
