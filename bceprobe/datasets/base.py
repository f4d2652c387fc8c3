"""What a data set is: its description, its splits in memory, and the registry that finds it by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bceprobe.registry import Registry

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import Tensor


@dataclass(frozen=True)
class DataInfo:
    """What a model and a table need to know of a data set, without reading it.

    Parameters
    ----------
    name
        The name it is registered under.
    classes
        Names of the classes, in the order of the labels.
    shape
        (C, H, W) of an image as a model receives it. Stored images may have one channel where C is 3: grey
        images are expanded in the batch.
    mean, std
        Normalisation for each channel of ``shape``, of images scaled to 0..1 (FORMULAS.md, "Settings").
    """

    name: str
    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True, eq=False)
class Split:
    """Samples in memory.

    Parameters
    ----------
    images
        uint8, (N, c, H, W).
    target
        Labels 0..K-1, int64, (N,).
    index
        Position of each sample in the original data set, int64, (N,).
    """

    images: Tensor
    target: Tensor
    index: Tensor

    def __len__(self) -> int:
        return len(self.target)

    def take(self, rows: Tensor) -> Split:
        """Keep the samples that a boolean mask (N,) or an index tensor selects."""
        return Split(self.images[rows], self.target[rows], self.index[rows])


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set in memory."""

    info: DataInfo
    train: Split
    test: Split


@dataclass(frozen=True)
class Place:
    """Where the files of data sets are looked for, and whether missing ones may be downloaded to it."""

    data_dir: Path
    download: bool = False


@dataclass(frozen=True)
class Source:
    """A registered data set: its description, and the function that reads its train and test split.

    The docstring of an instance is that of its reader, so that every registry's entries describe themselves alike.
    """

    info: DataInfo
    read: Callable[[Place], tuple[Split, Split]]

    def __post_init__(self) -> None:
        object.__setattr__(self, "__doc__", self.read.__doc__)


DATASETS: Registry[Source] = Registry("data set", "bceprobe.datasets")


def dataset(
    info: DataInfo,
) -> Callable[[Callable[[Place], tuple[Split, Split]]], Callable[[Place], tuple[Split, Split]]]:
    """Register a function that reads the train and test split of a data set; `info` describes and names it."""

    def register(read: Callable[[Place], tuple[Split, Split]]) -> Callable[[Place], tuple[Split, Split]]:
        DATASETS.add(info.name, Source(info, read))
        return read

    return register
