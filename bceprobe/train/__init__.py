"""Training: one visible loop that stores features by the Recorder, as anyone would."""

from bceprobe.train.plan import Plan, make_plan
from bceprobe.train.run import train

__all__ = ["Plan", "make_plan", "train"]
