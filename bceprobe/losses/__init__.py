"""Losses and penalties of a batch: FORMULAS.md, "Losses". A loss is one file.

A loss maps logits (N, K) and targets to the loss of each sample, (N,), for all but CE the sum over classes; `make_loss`
takes the mean over the batch, plain or weighed by class. Targets are labels (N,) or, where a loss admits them, soft
targets (N, K) whose rows add up to 1. Each is written so that neither a value nor a gradient is the difference of two
almost equal numbers: collapse happens exactly where float32 would round that difference to 0, at logits beyond 17.
"""

from bceprobe.losses.balance import class_weights
from bceprobe.losses.base import LOSSES, Loss, admits_soft_targets
from bceprobe.losses.bce import bce
from bceprobe.losses.building import make_loss
from bceprobe.losses.ce import ce
from bceprobe.losses.penalty import penalty
from bceprobe.losses.targets import one_hot, smooth

__all__ = [
    "LOSSES",
    "Loss",
    "admits_soft_targets",
    "bce",
    "ce",
    "class_weights",
    "make_loss",
    "one_hot",
    "penalty",
    "smooth",
]
