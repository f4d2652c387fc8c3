"""Snapshot: the features of one epoch and split with the classifier of that epoch, and the machinery to measure it.

Metrics are functions of a Snapshot. What they have in common is gathered in walks over the features: block by block, in
threads, in float64, so that memory is bounded whatever the number of samples.
"""

from bceprobe.snapshot.blocks import Block, groups_of
from bceprobe.snapshot.columns import Column, keeps_order
from bceprobe.snapshot.decisions import Decisions, decided
from bceprobe.snapshot.memo import once
from bceprobe.snapshot.model import GlobalMean, Snapshot
from bceprobe.snapshot.moments import EPS
from bceprobe.snapshot.statistics import Before, Statistic, deciding, per_class, per_sample, scattering, summed, tiled
from bceprobe.snapshot.threads import buffer, cores, one_blas_thread, work_alone
from bceprobe.snapshot.training import Training

__all__ = [
    "EPS",
    "Before",
    "Block",
    "Column",
    "Decisions",
    "GlobalMean",
    "Snapshot",
    "Statistic",
    "Training",
    "buffer",
    "cores",
    "decided",
    "deciding",
    "groups_of",
    "keeps_order",
    "once",
    "one_blas_thread",
    "per_class",
    "per_sample",
    "scattering",
    "summed",
    "tiled",
    "work_alone",
]
