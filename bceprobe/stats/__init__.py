"""Statistics: numbers in, numbers out, by scipy and statsmodels; nothing here knows a run, a plot or a file."""

from bceprobe.stats.bootstrap import bca
from bceprobe.stats.calibration import brier_score, expected_calibration_error, probabilities
from bceprobe.stats.correction import Corrected, correct, holm
from bceprobe.stats.curves import Band, difference_band, log_area
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
from bceprobe.stats.mcnemar import mcnemar
from bceprobe.stats.mixed import MixedEffect, mixed_effect, mixed_effect_unpaired
from bceprobe.stats.partial import PartialCorrelation, partial_correlation
from bceprobe.stats.permutation import RELABELLING, SIGN_FLIPS, relabelling, sign_flip
from bceprobe.stats.power import seeds_needed
from bceprobe.stats.ranks import RANK_SUM, SIGNED_RANK, rank_sum, signed_rank
from bceprobe.stats.resampling import PAIRED_BOOTSTRAP, paired_bootstrap
from bceprobe.stats.survival import LOG_RANK, Arrivals, KaplanMeier, first_below, kaplan_meier, log_rank
from bceprobe.stats.weighted import calibration_quantities, decision_quantities, geometry_quantities

__all__ = [
    "LOG_RANK",
    "NO_VARIATION",
    "ONE_SEED",
    "PAIRED_BOOTSTRAP",
    "PAIRED_T",
    "RANK_SUM",
    "RELABELLING",
    "SIGNED_RANK",
    "SIGN_FLIPS",
    "UNDEFINED",
    "WELCH_T",
    "Arrivals",
    "Band",
    "Corrected",
    "Equivalence",
    "KaplanMeier",
    "MixedEffect",
    "PartialCorrelation",
    "TestResult",
    "bca",
    "brier_score",
    "calibration_quantities",
    "cliffs_delta",
    "correct",
    "decision_quantities",
    "difference_band",
    "expected_calibration_error",
    "first_below",
    "geometry_quantities",
    "hedges_g",
    "holm",
    "kaplan_meier",
    "log_area",
    "log_rank",
    "mcnemar",
    "mixed_effect",
    "mixed_effect_unpaired",
    "paired_bootstrap",
    "paired_t",
    "partial_correlation",
    "probabilities",
    "rank_sum",
    "relabelling",
    "seeds_needed",
    "sign_flip",
    "signed_rank",
    "tost",
    "welch_t",
]
