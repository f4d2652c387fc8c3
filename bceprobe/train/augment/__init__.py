"""Augmentation of training batches on the device, as tensor operations over a whole batch.

What is drawn is drawn on the CPU, from generators of the epoch alone: it depends neither on the device nor on whether
the run was resumed. An augmentation is one function, in `CHANGES` if it changes images and in `MIXES` if it mixes a
batch with itself; its name there is its setting in [augment].
"""

from bceprobe.train.augment.augmentation import Augmentation
from bceprobe.train.augment.changes import CHANGES
from bceprobe.train.augment.draws import Draws
from bceprobe.train.augment.mixing import MIXES

__all__ = ["CHANGES", "MIXES", "Augmentation", "Draws"]
