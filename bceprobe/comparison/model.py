"""What a comparison consists of: quantities, curves over epochs, and the rows of the final table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Self

import numpy as np

from bceprobe.comparison.document import document
from bceprobe.comparison.presenting import present
from bceprobe.comparison.verdict import judge
from bceprobe.stats import PAIRED_T

if TYPE_CHECKING:
    from bceprobe.comparison.arms import Arm
    from bceprobe.comparison.comparable import Difference
    from bceprobe.comparison.courses import Course
    from bceprobe.comparison.design import Design
    from bceprobe.comparison.frames import Frames
    from bceprobe.comparison.margins import Margin
    from bceprobe.comparison.moments import Moment
    from bceprobe.comparison.optima import ArmOptimum
    from bceprobe.comparison.samples import ModelPair
    from bceprobe.report import Report, Verdict
    from bceprobe.stats import Equivalence, MixedEffect, TestResult
    from bceprobe.stats.correction import Method

ALPHA = 0.05


@dataclass(frozen=True)
class Quantity:
    """A metric of one split, with the attributes that say what it is."""

    name: str
    split: str
    long_name: str
    definition: str
    references: str
    units: str
    scale: Literal["linear", "log"]
    higher_is_better: bool | None

    @property
    def short(self) -> str:
        """Its name in a word or two, such as ``"NC1"``."""
        return self.long_name.split(":", maxsplit=1)[0]

    @property
    def place(self) -> str:
        """Its name and split within a sentence, such as ``"NC1 on train"``."""
        return f"{self.short} on {self.split}"


@dataclass(frozen=True)
class Curve:
    """A quantity over the epochs that all runs of an arm have: mean and sample standard deviation over the runs."""

    quantity: Quantity
    arm: str
    epoch: tuple[int, ...]
    mean: tuple[float, ...]
    std: tuple[float, ...]


class Estimate(NamedTuple):
    """A difference or ratio, and its confidence interval."""

    size: float
    low: float
    high: float

    @classmethod
    def of(cls, *logarithms_or_differences: float, ratio: bool) -> Self:
        """Turn logarithms back into ratios."""
        back = np.exp if ratio else np.asarray
        return cls(*(float(back(found)) for found in logarithms_or_differences))


@dataclass(frozen=True)
class Evidence:
    """What else is known of a row: tests that assume less than the primary one, effect sizes, and what they ask for.

    Parameters
    ----------
    permutation, ranks
        Of the same values: paired or not, as the primary test.
    bca
        The estimate with the BCa bootstrap interval.
    cliffs_delta
        Of the arm against the reference.
    seeds_needed
        Per arm for 80 % power, were the observed effect the true one; None where it cannot be told.
    margin, equivalence, p_equivalent
        The margin that was asked for, the test against it, and its p-value corrected for all tests of equivalence;
        None and NaN without a margin.
    """

    permutation: TestResult
    ranks: TestResult
    bca: Estimate
    cliffs_delta: float
    seeds_needed: int | None
    margin: Margin | None = None
    equivalence: Equivalence | None = None
    p_equivalent: float = float("nan")


@dataclass(frozen=True)
class Row:
    """A quantity in one arm, tested against the reference arm of its cell.

    Parameters
    ----------
    cell
        Label of the cell of the design; empty for the only one.
    reference, arm
        Labels of both arms.
    level
        What the arm is compared by.
    reference_values, values
        One per run, in the units of the quantity; of both arms in the same order of pairs where runs are paired.
    result
        Of the test on natural logarithms where `ratio` is set, else on the values.
    ratio
        Whether the arms are compared by the ratio of their geometric means.
    evidence
        Beside that test, which alone decides.
    p_corrected
        Corrected for all rows of the comparison.
    """

    quantity: Quantity
    cell: str
    reference: str
    arm: str
    level: str
    reference_values: tuple[float, ...]
    values: tuple[float, ...]
    result: TestResult
    ratio: bool
    evidence: Evidence
    p_corrected: float = float("nan")

    @property
    def differs(self) -> bool:
        """Whether the corrected p-value is below 0.05."""
        return self.p_corrected < ALPHA

    @property
    def equivalent(self) -> bool:
        """Whether the difference is shown to be smaller than its margin, at 5 % after correction."""
        return self.evidence.p_equivalent < ALPHA

    @property
    def estimate(self) -> Estimate:
        """How the arm compares to the reference: a ratio or a difference, with its 95 % confidence interval."""
        result = self.result
        return Estimate.of(result.difference, result.ci_low, result.ci_high, ratio=self.ratio)

    @property
    def paired(self) -> bool:
        """Whether the runs were paired by seed."""
        return self.result.test == PAIRED_T

    @property
    def mean(self) -> float:
        """Mean over the runs of the arm."""
        return float(np.mean(self.values))

    @property
    def std(self) -> float:
        """Sample standard deviation over the runs of the arm; NaN for one."""
        return _deviation(self.values)

    @property
    def reference_mean(self) -> float:
        """Mean over the runs of the reference arm."""
        return float(np.mean(self.reference_values))

    @property
    def reference_std(self) -> float:
        """Sample standard deviation over the runs of the reference arm; NaN for one."""
        return _deviation(self.reference_values)


@dataclass(frozen=True)
class Overall:
    """A quantity in one level against the reference level, over all cells of a design.

    Parameters
    ----------
    reference, level
        What is compared.
    effect
        Of the mixed model on natural logarithms where `ratio` is set, else on the values.
    ratio
        Whether the levels are compared by the ratio of their geometric means.
    rows
        The same in every cell.
    p_corrected
        Corrected for all overall effects of the comparison.
    """

    quantity: Quantity
    reference: str
    level: str
    effect: MixedEffect
    ratio: bool
    rows: tuple[Row, ...]
    p_corrected: float = float("nan")

    @property
    def differs(self) -> bool:
        """Whether the corrected p-value is below 0.05."""
        return self.p_corrected < ALPHA

    @property
    def same_way(self) -> tuple[Row, ...]:
        """The rows of the cells in which the effect has its overall direction."""
        neutral, up = (1.0, self.estimate.size > 1) if self.ratio else (0.0, self.estimate.size > 0)
        return tuple(row for row in self.rows if row.result.difference and (row.estimate.size > neutral) == up)

    @property
    def estimate(self) -> Estimate:
        """How the level compares to the reference: a ratio or a difference, with its 95 % confidence interval."""
        effect = self.effect
        return Estimate.of(effect.difference, effect.ci_low, effect.ci_high, ratio=self.ratio)


@dataclass(frozen=True)
class Measure:
    """A quantity at the common epoch in every arm, described and not tested: mean and standard deviation over runs."""

    quantity: Quantity
    mean: tuple[float, ...]
    std: tuple[float, ...]


@dataclass(frozen=True)
class Comparison:
    """Arms side by side. Make one with `bceprobe.compare`.

    Parameters
    ----------
    design
        The arms, in cells.
    moment
        At which epoch each run is compared: the rows hold the values of it.
    curves
        For every quantity and arm.
    rows
        For every arm but the references and every quantity: one family of tests.
    overall
        For every level but the reference and every quantity, over all cells: another family; empty for one cell.
    correction
        How the p-values of a family are corrected.
    varied
        Settings that differ between the arms, each with its value per arm.
    allowed
        What should be equal in the arms of a cell, differs, and was allowed to.
    measures
        Every metric there is, on every split, at that epoch.
    floors
        For every arm, the NC1 that the rounding of its features alone would leave (the largest of its runs).
    optima
        For every arm, what theory expects of its threshold and scores; empty where it expects nothing of any arm.
    courses
        For every arm but the references and every quantity that decays: a third family.
    samples
        For every arm of one run beside a reference of one run: their models on the test samples, a family for each.
    frames
        Gram matrices and histograms of scores of one run of each arm of the first cell, for the sliders of the report.
    """

    design: Design
    moment: Moment
    curves: tuple[Curve, ...]
    rows: tuple[Row, ...]
    overall: tuple[Overall, ...]
    correction: Method
    varied: dict[str, tuple[Any, ...]]
    allowed: tuple[Difference, ...]
    measures: tuple[Measure, ...]
    floors: dict[str, float]
    optima: tuple[ArmOptimum, ...]
    courses: tuple[Course, ...]
    samples: tuple[ModelPair, ...]
    frames: Frames

    @property
    def epoch(self) -> int:
        """The epoch that all runs are compared and described at; the last common one where each has its own."""
        return self.moment.epoch

    @property
    def arms(self) -> tuple[Arm, ...]:
        """The arms of all cells; in each cell the first is the reference."""
        return self.design.arms

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """What was compared, in the order of the tables."""
        return tuple(dict.fromkeys(row.quantity for row in self.rows))

    @property
    def tested(self) -> tuple[Row, ...]:
        """The rows of which a test could be made: the family that is corrected together."""
        return tuple(row for row in self.rows if not row.result.note)

    @property
    def families(self) -> dict[str, int]:
        """The numbers of tests that are corrected together."""
        tests = {"rows": [row.result.p_value for row in self.rows]}
        tests |= {"overall": [one.effect.p_value for one in self.overall]}
        tests |= {"equivalence": [row.evidence.p_equivalent for row in self.rows]}
        tests |= {"courses": [p for one in self.courses for p in (one.p_band, one.p_area, one.p_arrival)]}
        return {family: int(np.isfinite(p_values).sum()) for family, p_values in tests.items()}

    def verdict(self) -> Verdict:
        """Say in sentences what differs, by how much, and how sure that is."""
        return judge(self)

    def report(self) -> Report:
        """Lay everything out as a report with figures, tables, provenance and methods."""
        return present(self)

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers and sentences as one JSON-able document; undefined numbers are None."""
        return document(self)


def _deviation(values: tuple[float, ...]) -> float:
    return float(np.std(values, ddof=1)) if len(values) > 1 else float("nan")
