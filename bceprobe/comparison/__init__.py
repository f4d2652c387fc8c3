"""Comparison: arms of runs in, aligned curves, a table of tests and a verdict out.

An arm is one training procedure: a run, or runs that differ in nothing but their seed. The first arm is the reference.
"""

from bceprobe.comparison.arms import Arm
from bceprobe.comparison.building import compare
from bceprobe.comparison.model import Comparison, Curve, Measure, Overall, Quantity, Row

__all__ = ["Arm", "Comparison", "Curve", "Measure", "Overall", "Quantity", "Row", "compare"]
