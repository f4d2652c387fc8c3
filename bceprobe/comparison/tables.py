"""The final table of one arm against the reference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.comparison.anchors import findings_by_row, row_name, ways_from_row
from bceprobe.comparison.verdict import shown_estimate
from bceprobe.report import Cell, Column, Table
from bceprobe.report.numbers import difference, mean_and_spread, p_value, unit_of

if TYPE_CHECKING:
    from bceprobe.comparison.model import Comparison, Quantity, Row
    from bceprobe.report import Link

ARROWS = {True: " ↑", False: " ↓", None: ""}
NOTE = "↓ lower is better or more collapsed, ↑ higher is better. Means ± standard deviations over the runs of an arm."


def final_table(comparison: Comparison, arm: str) -> Table:
    """Lay out the rows of an arm: means, ratio or difference with interval, p, Holm's p, effect size and test."""
    reference = comparison.arms[0].label
    notes = (
        NOTE,
        f"Comparison: ratio {arm} / {reference}, or difference {arm} minus {reference} (pp: percentage points).",
        f"p (Holm) is corrected for the {len(comparison.tested)} tests of this section; bold where below 0.05.",
        "g: Hedges' g.",
    )
    mine, findings = [row for row in comparison.rows if row.arm == arm], findings_by_row(comparison.verdict())
    rows = tuple(_row(row, ways_from_row(row, findings)) for row in mine)
    anchors = tuple(map(row_name, mine))
    return Table(f"{arm} against {reference}", _columns(reference, arm), rows, " ".join(notes), anchors=anchors)


def heading(quantity: Quantity) -> str:
    """Name a quantity with an arrow for the direction that is better."""
    return f"{quantity.short}{ARROWS[quantity.higher_is_better]}"


def _columns(reference: str, arm: str) -> tuple[Column, ...]:
    return (
        Column("Quantity"),
        Column("Split"),
        Column(reference, numeric=True),
        Column(arm, numeric=True),
        Column("Comparison", numeric=True, note="Ratio of geometric means, or difference of means"),
        Column("95 % CI", numeric=True, note="Confidence interval of the ratio or difference; sorted by its lower end"),
        Column("p", numeric=True),
        Column("p (Holm)", numeric=True, note="Corrected for all tests of this section"),
        Column("g", numeric=True, note="Hedges' g: difference in units of the pooled standard deviation"),
        Column("Test", note="With the number of pairs, or of runs in the reference and in the arm"),
    )


def _row(row: Row, links: tuple[Link, ...]) -> tuple[Cell, ...]:
    unit, result = unit_of(row.quantity.units), row.result
    (estimate, low, _), (size, bounds) = row.estimate, shown_estimate(row)
    return (
        Cell(heading(row.quantity), links=links),
        Cell(row.quantity.split),
        _number(mean_and_spread(row.reference_mean, row.reference_std, unit), row.reference_mean),
        _number(mean_and_spread(row.mean, row.std, unit), row.mean),
        _number(f"ratio {size}" if row.ratio else size, estimate),
        _number(bounds, low),
        _number(p_value(result.p_value), result.p_value),
        _number(p_value(row.p_corrected), row.p_corrected, strong=row.differs),
        _number(difference(result.effect), result.effect),
        Cell(_test(row)),
    )


def _number(text: str, value: float, *, strong: bool = False) -> Cell:
    return Cell(text, None if value != value else value, strong)  # noqa: PLR0124 - NaN differs from itself


def _test(row: Row) -> str:
    first, second = row.result.n
    return row.result.note or f"{row.result.test}, {f'{first} pairs' if row.paired else f'{first} and {second} runs'}"
