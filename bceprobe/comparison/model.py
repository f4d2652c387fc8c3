"""What a comparison consists of: quantities, curves over epochs, and the rows of the final table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from bceprobe.comparison.document import document
from bceprobe.comparison.presenting import present
from bceprobe.comparison.verdict import judge
from bceprobe.stats import PAIRED_T

if TYPE_CHECKING:
    from bceprobe.comparison.arms import Arm
    from bceprobe.comparison.frames import Frames
    from bceprobe.comparison.optima import ArmOptimum
    from bceprobe.report import Report, Verdict
    from bceprobe.stats import TestResult

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


@dataclass(frozen=True)
class Row:
    """A quantity at the common epoch in one arm, tested against the reference arm.

    Parameters
    ----------
    reference_mean, reference_std, mean, std
        Over the runs of either arm, in the units of the quantity.
    result
        Of the test on natural logarithms where `ratio` is set, else on the values.
    ratio
        Whether the arms are compared by the ratio of their geometric means.
    p_corrected
        Holm's, over all rows of the comparison.
    """

    quantity: Quantity
    reference: str
    arm: str
    reference_mean: float
    reference_std: float
    mean: float
    std: float
    result: TestResult
    ratio: bool
    p_corrected: float

    @property
    def differs(self) -> bool:
        """Whether the corrected p-value is below 0.05."""
        return self.p_corrected < ALPHA

    @property
    def estimate(self) -> tuple[float, ...]:
        """How the arm compares to the reference, and the 95 % confidence interval: a ratio or a difference."""
        back = np.exp if self.ratio else np.asarray
        return tuple(float(back(found)) for found in (self.result.difference, self.result.ci_low, self.result.ci_high))

    @property
    def paired(self) -> bool:
        """Whether the runs were paired by seed."""
        return self.result.test == PAIRED_T


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
    arms
        The first is the reference.
    epoch
        The last epoch that every run has; the rows hold its values.
    curves
        For every quantity and arm.
    rows
        For every arm but the reference and every quantity: one family of tests.
    varied
        Settings that differ between the arms, each with its value per arm.
    measures
        Every metric there is, on every split, at that epoch.
    floors
        For every arm, the NC1 that the rounding of its features alone would leave (the largest of its runs).
    optima
        For every arm, what theory expects of its threshold and scores; empty where it expects nothing of any arm.
    frames
        Gram matrices and histograms of scores of one run of each arm, for the sliders of the report.
    """

    arms: tuple[Arm, ...]
    epoch: int
    curves: tuple[Curve, ...]
    rows: tuple[Row, ...]
    varied: dict[str, tuple[Any, ...]]
    measures: tuple[Measure, ...]
    floors: dict[str, float]
    optima: tuple[ArmOptimum, ...]
    frames: Frames

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """What was compared, in the order of the tables."""
        return tuple(dict.fromkeys(row.quantity for row in self.rows))

    @property
    def tested(self) -> tuple[Row, ...]:
        """The rows of which a test could be made: the family of Holm's correction."""
        return tuple(row for row in self.rows if not row.result.note)

    def verdict(self) -> Verdict:
        """Say in sentences what differs, by how much, and how sure that is."""
        return judge(self)

    def report(self) -> Report:
        """Lay everything out as a report with figures, tables, provenance and methods."""
        return present(self)

    def to_dict(self) -> dict[str, Any]:
        """Return all numbers and sentences as one JSON-able document; undefined numbers are None."""
        return document(self)
