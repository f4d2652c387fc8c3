"""What a data set is: its description, its splits, and the registry that finds its reader by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from bceprobe.registry import Registry

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor


@dataclass(frozen=True)
class DataInfo:
    """What a model and a batch need to know of a data set.

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
    imbalance_factor
        Of the long tail that it is given where no other is asked for; 1 leaves it as it is.
    """

    name: str
    classes: tuple[str, ...]
    shape: tuple[int, int, int]
    mean: tuple[float, ...]
    std: tuple[float, ...]
    imbalance_factor: float = 1.0


@dataclass(frozen=True, eq=False)
class Split:
    """Samples in memory, or in image files.

    Parameters
    ----------
    images
        A uint8 tensor (N, c, H, W), or `ImageFiles` that are decoded when they are used.
    target
        Labels 0..K-1, int64, (N,).
    index
        Position of each sample in the original data set, int64, (N,).
    """

    images: Any
    target: Tensor
    index: Tensor

    def __len__(self) -> int:
        return len(self.target)

    def take(self, rows: Tensor) -> Split:
        """Keep the samples that a boolean mask (N,) or an index tensor selects."""
        return Split(self.images[rows], self.target[rows], self.index[rows])


@dataclass(frozen=True, eq=False)
class Dataset:
    """A data set: its description, and its splits in the order of the original data set."""

    info: DataInfo
    train: Split
    test: Split


@dataclass(frozen=True)
class Place:
    """Where the files of data sets are looked for, and whether missing ones may be downloaded to it."""

    data_dir: Path
    download: bool = False


# (place, *, options...) -> data set; options are keyword-only and annotated as int, float, bool or str.
Reader: TypeAlias = Callable[..., Dataset]
DATASETS: Registry[Reader] = Registry("data set", "bceprobe.datasets")
