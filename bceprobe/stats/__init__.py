"""Statistics: numbers in, numbers out, by scipy and statsmodels; nothing here knows a run, a plot or a file."""

from bceprobe.stats.correction import holm
from bceprobe.stats.effects import hedges_g
from bceprobe.stats.hypothesis_tests import (
    NO_VARIATION,
    ONE_SEED,
    PAIRED_T,
    UNDEFINED,
    WELCH_T,
    TestResult,
    paired_t,
    welch_t,
)

__all__ = [
    "NO_VARIATION",
    "ONE_SEED",
    "PAIRED_T",
    "UNDEFINED",
    "WELCH_T",
    "TestResult",
    "hedges_g",
    "holm",
    "paired_t",
    "welch_t",
]
