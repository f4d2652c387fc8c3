"""The methods section: which tests, which family, and whose definitions the quantities have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.analysis.expected import BALANCED
from bceprobe.metrics import is_own
from bceprobe.report import Definition, Definitions, Text
from bceprobe.stats import PAIRED_T, WELCH_T

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bceprobe.comparison.model import Comparison
    from bceprobe.report.model import Block

TESTS = {
    PAIRED_T: "Arms with the same seeds are compared by Student's t-test of the differences within pairs of one seed.",
    WELCH_T: "Arms without common seeds are compared by Welch's t-test, which assumes no equal variances.",
}
RATIO = (
    "Quantities that decay over orders of magnitude (NC1 to NC3) vary by factors between seeds: they are tested on "
    "natural logarithms, and compared by the ratio of their geometric means."
)
EFFECT = (
    "Hedges' g is the difference of means over the pooled standard deviation of both arms, with the exact small-sample "
    "correction; it ignores pairing, so that paired and unpaired comparisons are in the same units."
)
LEVEL = (
    "These tests are about the training procedure: the run (seed) is the unit of observation. They say nothing about "
    "differences between samples of one trained model. t-tests assume differences that are about normal, which a few "
    "seeds cannot confirm."
)
NC = (
    "NC values are computed from the stored features, with the mean over all samples as global mean. They may only be "
    "compared at equal numbers of classes and equal feature length, which was checked."
)
OPTIMUM = (
    "The optimum is known in closed form: the paper's Theorems 3.1 and 3.2 (regime etf), and beyond the lambda_b at "
    "which the latter stops holding, weight and features with anti-parallel means (shifted; derived). The regularisers "
    "are those of the loss, to which SGD's weight decay is added; a batch of B samples counts as n = B/K per class "
    f"(derived). Classes count as balanced where the largest has at most {BALANCED} times the samples of the smallest "
    "(bceprobe's own choice). The forecast of CE's mean threshold follows from its initial value, the learning rates, "
    "the momentum and the decay (derived)."
)


def methods(comparison: Comparison) -> tuple[Block, ...]:
    """Describe how the numbers were made."""
    return (*(Text(text) for text in _paragraphs(comparison)), Definitions(tuple(_definitions(comparison))))


def _paragraphs(comparison: Comparison) -> Iterator[str]:
    used = dict.fromkeys(row.result.test for row in comparison.rows)
    yield f"All values are those of epoch {comparison.epoch}, the last that every run has. {NC}"
    yield " ".join([*(TESTS[test] for test in used), "Intervals and p-values are two-sided, at 95 %, by scipy."])
    yield (
        f"The family of tests is all rows of the final tables: {len(comparison.rows)} rows, of which "
        f"{len(comparison.tested)} could be tested. Their p-values are corrected together by Holm's method "
        "(statsmodels). A row without variation between seeds, with an undefined value or with a single seed is not "
        "tested and not counted."
    )
    if any(row.ratio for row in comparison.rows):
        yield RATIO
    yield EFFECT
    yield LEVEL
    if comparison.optima:
        yield OPTIMUM


def _definitions(comparison: Comparison) -> Iterator[Definition]:
    approached = [one.curve.quantity for arm in comparison.optima for one in arm.approaches]
    for quantity in {quantity.name: quantity for quantity in [*comparison.quantities, *approached]}.values():
        meaning = f"{quantity.definition}. Source: {quantity.references}."
        yield Definition(quantity.long_name, meaning, is_own(quantity.definition))
