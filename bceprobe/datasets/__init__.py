"""Data sets: images of both splits in memory as uint8, in the order of the original data set.

One file per data set; `@dataset` registers its reader together with its description. Nothing is downloaded
unless it is asked for, and files are used only after their checksums were verified.
"""

from bceprobe.datasets.base import DATASETS, DataInfo, Dataset, Place, Source, Split, dataset
from bceprobe.datasets.loading import load
from bceprobe.datasets.selection import checksum

__all__ = ["DATASETS", "DataInfo", "Dataset", "Place", "Source", "Split", "checksum", "dataset", "load"]
