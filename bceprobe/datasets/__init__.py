"""Data sets: both splits as uint8 images in memory or in files, in the order of the original data set.

One file per data set; ``@DATASETS.register(name)`` registers its reader. Nothing is downloaded unless it is asked for,
and files of published data sets are used only after their checksums were verified.
"""

from bceprobe.datasets.base import DATASETS, DataInfo, Dataset, Place, Reader, Split
from bceprobe.datasets.images import ImageFiles
from bceprobe.datasets.loading import load
from bceprobe.datasets.selection import checksum

__all__ = ["DATASETS", "DataInfo", "Dataset", "ImageFiles", "Place", "Reader", "Split", "checksum", "load"]
