"""The methods section: which tests, which family, and whose definitions the quantities have."""

from __future__ import annotations

from importlib.metadata import version
from typing import TYPE_CHECKING

from bceprobe.analysis.expected import BALANCED
from bceprobe.comparison.wording import count, design_words, joined, some
from bceprobe.metrics import is_own
from bceprobe.report import Definition, Definitions, Text, printable
from bceprobe.stats import PAIRED_T, RANK_SUM, RELABELLING, SIGN_FLIPS, SIGNED_RANK, WELCH_T
from bceprobe.stats.correction import METHODS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bceprobe.comparison.model import Comparison, Quantity
    from bceprobe.report.model import Block

SOFTWARE = ("bceprobe", "numpy", "scipy", "statsmodels")
TESTS = {
    PAIRED_T: "Arms with common seeds were compared by Student's t-test of the differences within pairs of one seed",
    WELCH_T: "Arms that are not paired by seed were compared by Welch's t-test, which assumes no equal variances",
}
OVERALL = (
    "Effects over all settings are the fixed effect of a mixed model with the setting as random effect, whose size may "
    "vary from setting to setting (restricted maximum likelihood; Student's t with one degree of freedom less than "
    "settings): they speak of settings like these. Their {} are a family of their own, corrected by the same method."
)
EQUIVALENCE = (
    "Equivalence was tested by two one-sided t-tests at 5 % against a margin ({}); these {} are a family of their own, "
    "corrected by the same method."
)
OTHERS = (
    "Beside these stand, without correction, {}, BCa bootstrap intervals (9999 resamples), Hedges' g, Cliff's delta "
    "and the seeds needed for 80 % power."
)
COURSES = (
    "On the way, NC curves were compared by a band of the ratio that holds at all epochs at once (sup t over seeds), "
    "by the area between their logarithms over the first 20 epochs (t-test), and by the epochs until they are below "
    "0.1 (log-rank test over permutations of runs): {}, a family of their own, corrected by the same method."
)
SAMPLES = (
    "Apart from that, the trained models themselves were compared on the {} samples of the test set, which says "
    "nothing about procedures: accuracy by McNemar's test, all else by a paired bootstrap of the samples (2000 "
    "resamples); {} tests of the same pair of models are a family, corrected by {} method."
)
OTHER = {
    SIGN_FLIPS: "a permutation test of all sign flips of paired differences (beyond 16 pairs 65536 at random)",
    RELABELLING: "a permutation test of all exchanges of runs (beyond 65536 as many at random)",
    SIGNED_RANK: "Wilcoxon's signed-rank test",
    RANK_SUM: "Mann and Whitney's U test",
}
RATIO = (
    "Quantities that decay over orders of magnitude (such as NC1 to NC3) vary by factors between seeds: they were "
    "tested on natural logarithms, and compared by the ratio of their geometric means."
)
EFFECT = (
    "Hedges' g is the difference of means over the pooled standard deviation of both arms, with the exact small-sample "
    "correction; it ignores pairing, so that paired and unpaired comparisons are in the same units."
)
LEVEL = (
    "These tests are about the training procedure: the run (seed) is the unit of observation. They say nothing about "
    "differences between samples of one trained model. t-tests assume differences that are about normal, which a few "
    "seeds cannot confirm. Runs are paired by the seeds that both arms have, if these are at least two and at least "
    "half of either arm's (bceprobe's own rule)."
)
UNTESTED = (
    "A row without variation between seeds, with an undefined value or with a single seed is not tested and in no "
    "family."
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
    """Describe how the numbers were made: a paragraph for a paper, what it means, and whose definitions they have."""
    texts = (Text(" ".join(for_a_paper(comparison)), copyable=True), *map(Text, _explanations(comparison)))
    return (*texts, Definitions(tuple(_definitions(comparison))))


def for_a_paper(comparison: Comparison) -> Iterator[str]:
    """Write the sentences of a methods paragraph: what was compared, by which tests, with which n and correction."""
    method = METHODS[comparison.correction][0]
    yield _design(comparison)
    names = joined(list(dict.fromkeys(quantity.short for quantity in comparison.quantities)))
    yield f"{names} were taken at {comparison.moment.words} ({comparison.moment.reason})."
    if any(row.ratio for row in comparison.rows):
        yield RATIO
    if comparison.tested:
        yield from _tests(comparison)
    else:
        yield "No test of the training procedure could be made."
    if comparison.samples:
        tests = [len(pair.tested) for pair in comparison.samples]
        yield SAMPLES.format(comparison.samples[0].samples, joined(list(map(str, tests))), method)
    yield f"Computed with {joined([f'{name} {version(name)}' for name in SOFTWARE])}."


def _design(comparison: Comparison) -> str:
    design, runs = comparison.design, sum(len(arm.runs) for arm in comparison.arms)
    what = f"{joined(some(design.levels[1:]))} {'was' if len(design.levels) == 2 else 'were'} compared with"  # noqa: PLR2004
    by = f" (setting {printable(design.factor)})" if design.factor else ""
    within = (
        f" in {len(design.cells)} combinations of {printable(joined(list(design.factors)))}" if design.factorial else ""
    )
    return f"{what} {design.levels[0]}{by}{within} over {count(runs, 'run')} ({design_words(comparison)})."


def _tests(comparison: Comparison) -> Iterator[str]:
    """Name the tests that were made, each with its n."""
    tested, method, families = comparison.tested, METHODS[comparison.correction][0], comparison.families
    for test in dict.fromkeys(row.result.test for row in tested):
        mine = [row.result.n for row in tested if row.result.test == test]
        yield f"{TESTS[test]} ({_sizes(mine, paired=test == PAIRED_T)}; two-sided)."
    family = f"{count(families['rows'], 'test')}: {_family(comparison)}"
    yield f"Their p-values were corrected by {method} method for {family}."
    if families["overall"]:
        yield OVERALL.format(count(families["overall"], "test"))
    if families["equivalence"]:
        yield EQUIVALENCE.format(_margins(comparison), count(families["equivalence"], "test"))
    if families["courses"]:
        yield COURSES.format(count(families["courses"], "test"))
    others = dict.fromkeys(one.test for row in tested for one in (row.evidence.permutation, row.evidence.ranks))
    yield OTHERS.format(joined([OTHER[test] for test in others]))


def _sizes(sizes: Sequence[tuple[int, int]], *, paired: bool) -> str:
    """Write n of the tests of one kind."""
    first, second = (sorted({size[at] for size in sizes}) for at in (0, 1))
    if paired:
        return f"n = {_range(first)} pairs of runs"
    return f"n = {_range(first)} and {_range(second)} runs"


def _range(sizes: Sequence[int]) -> str:
    return str(sizes[0]) if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"


def _family(comparison: Comparison) -> str:
    """Say which tests are corrected together."""
    parts = [count(len(comparison.quantities), "quantity").replace("quantitys", "quantities")]
    parts += [f"{len(comparison.design.levels) - 1} arms"] if len(comparison.design.levels) > 2 else []  # noqa: PLR2004
    parts += [count(len(comparison.design.cells), "setting")] if comparison.design.factorial else []
    untested = len(comparison.rows) - len(comparison.tested)
    left = f", less {untested} that could not be tested" if untested else ""
    return f"{' in '.join(parts)}{left}"


def _margins(comparison: Comparison) -> str:
    found = [(row.quantity.short, row.evidence.margin) for row in comparison.rows if row.evidence.margin]
    return joined(list(dict.fromkeys(f"{margin.words} for {name}" for name, margin in found)))


def _explanations(comparison: Comparison) -> Iterator[str]:
    yield f"{NC} {EFFECT}"
    yield LEVEL
    yield UNTESTED
    if comparison.optima:
        yield OPTIMUM


def _definitions(comparison: Comparison) -> Iterator[Definition]:
    approached = [one.curve.quantity for arm in comparison.optima for one in arm.approaches]
    for quantity in {quantity.name: quantity for quantity in [*comparison.quantities, *approached]}.values():
        yield definition_of(quantity)


def definition_of(quantity: Quantity) -> Definition:
    """Say whose definition a quantity has."""
    meaning = f"{quantity.definition}. Source: {quantity.references}."
    return Definition(quantity.long_name, meaning, is_own(quantity.definition))
