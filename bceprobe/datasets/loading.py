"""Loading a data set by its name, from where the user keeps data."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bceprobe.datasets.base import DATASETS, Dataset, Place
from bceprobe.datasets.selection import first_of_each_class
from bceprobe.datasets.tail import long_tail
from bceprobe.keywords import checked_options

if TYPE_CHECKING:
    from collections.abc import Mapping

DATA_DIR = "BCEPROBE_DATA_DIR"
DEFAULT_DATA_DIR = "~/.cache/bceprobe/data"


def load(
    name: str,
    *,
    data_dir: Path | None = None,
    download: bool = False,
    limit_per_class: int | None = None,
    imbalance_factor: float | None = None,
    options: Mapping[str, Any] | None = None,
) -> Dataset:
    """Read a data set into memory; images in files are only listed.

    Parameters
    ----------
    name
        A name in `DATASETS`.
    data_dir
        Folder of torchvision's data sets, or of images; the environment variable ``BCEPROBE_DATA_DIR``, or else
        ``~/.cache/bceprobe/data``, if left out. Embedded data sets do not look at it.
    download
        Download missing files to that folder; never done unless asked for.
    limit_per_class
        Keep only the first samples of each class, in both splits; all if left out.
    imbalance_factor
        Then give the training split a long tail; that of the data set, mostly none, if left out.
    options
        Keyword options of the data set.

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
        A file is damaged (the message names it), a limit or factor is below 1, or an option is not one of its own.
    """
    read = DATASETS[name]
    whole = read(Place(_folder(data_dir), download), **checked_options(f"data set {name}", read, options or {}))
    train, test = whole.train, whole.test
    if limit_per_class is not None:
        train, test = first_of_each_class(train, limit_per_class), first_of_each_class(test, limit_per_class)
    factor = whole.info.imbalance_factor if imbalance_factor is None else imbalance_factor
    return Dataset(whole.info, train if factor == 1 else long_tail(train, factor), test)


def _folder(data_dir: Path | None) -> Path:
    return Path(data_dir or os.environ.get(DATA_DIR) or DEFAULT_DATA_DIR).expanduser().absolute()
