"""Statistics: numbers in, numbers out, by scipy and statsmodels; nothing here knows a run, a plot or a file."""

from bceprobe.stats.bootstrap import bca
from bceprobe.stats.correction import Corrected, correct, holm
from bceprobe.stats.effects import cliffs_delta, hedges_g
from bceprobe.stats.equivalence import Equivalence, tost
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
from bceprobe.stats.mixed import MixedEffect, mixed_effect, mixed_effect_unpaired
from bceprobe.stats.permutation import RELABELLING, SIGN_FLIPS, relabelling, sign_flip
from bceprobe.stats.power import seeds_needed
from bceprobe.stats.ranks import RANK_SUM, SIGNED_RANK, rank_sum, signed_rank

__all__ = [
    "NO_VARIATION",
    "ONE_SEED",
    "PAIRED_T",
    "RANK_SUM",
    "RELABELLING",
    "SIGNED_RANK",
    "SIGN_FLIPS",
    "UNDEFINED",
    "WELCH_T",
    "Corrected",
    "Equivalence",
    "MixedEffect",
    "TestResult",
    "bca",
    "cliffs_delta",
    "correct",
    "hedges_g",
    "holm",
    "mixed_effect",
    "mixed_effect_unpaired",
    "paired_t",
    "rank_sum",
    "relabelling",
    "seeds_needed",
    "sign_flip",
    "signed_rank",
    "tost",
    "welch_t",
]
