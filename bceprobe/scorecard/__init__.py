"""The scorecard: runs in, a verdict on each claim of the paper out, as data, JSON and one HTML page."""

from bceprobe.scorecard.judging import Judged, Scorecard, judge

__all__ = ["Judged", "Scorecard", "judge"]
