"""Loading a data set by its name, from where the user keeps data."""

from __future__ import annotations

import os
from pathlib import Path

from bceprobe.datasets.base import DATASETS, Dataset, Place
from bceprobe.datasets.selection import first_of_each_class

DATA_DIR = "BCEPROBE_DATA_DIR"
DEFAULT_DATA_DIR = "~/.cache/bceprobe/data"


def load(
    name: str, *, data_dir: Path | None = None, download: bool = False, limit_per_class: int | None = None
) -> Dataset:
    """Read a data set into memory.

    Parameters
    ----------
    name
        A name in `DATASETS`.
    data_dir
        Folder of torchvision's data sets; the environment variable ``BCEPROBE_DATA_DIR``, or else
        ``~/.cache/bceprobe/data``, if left out. Embedded data sets do not look at it.
    download
        Download missing files to that folder; never done unless asked for.
    limit_per_class
        Keep only the first samples of each class, in both splits; all if left out.

    Returns
    -------
    Dataset
        Both splits, in the order of the original data set.

    Raises
    ------
    UnknownNameError
        No data set has this name.
    DataNotFoundError
        Its files are missing; the message says where they were looked for.
    UsageError
        A file is damaged (the message names it), or `limit_per_class` is below 1.
    """
    source = DATASETS[name]
    train, test = source.read(Place(_folder(data_dir), download))
    if limit_per_class is not None:
        train, test = first_of_each_class(train, limit_per_class), first_of_each_class(test, limit_per_class)
    return Dataset(source.info, train, test)


def _folder(data_dir: Path | None) -> Path:
    return Path(data_dir or os.environ.get(DATA_DIR) or DEFAULT_DATA_DIR).expanduser().absolute()
