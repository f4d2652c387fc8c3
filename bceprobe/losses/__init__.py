"""Losses and penalties of a batch: FORMULAS.md, "Losses". A loss is one file.

A loss maps logits (N, K) and targets to a scalar: the mean over the batch and, for all but CE, the sum over classes.
Targets are labels (N,) or, where a loss admits them, soft targets (N, K) whose rows add up to 1. Each is written so
that neither a value nor a gradient is the difference of two almost equal numbers: collapse happens exactly where
float32 would round that difference to 0, at logits beyond 17.
"""

from bceprobe.losses.base import LOSSES, Loss, admits_soft_targets
from bceprobe.losses.bce import bce
from bceprobe.losses.building import make_loss
from bceprobe.losses.ce import ce
from bceprobe.losses.penalty import penalty
from bceprobe.losses.targets import one_hot, smooth

__all__ = ["LOSSES", "Loss", "admits_soft_targets", "bce", "ce", "make_loss", "one_hot", "penalty", "smooth"]
