"""The tables of what was tested: every arm against the reference, and the overall effects of a design."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.comparison.anchors import findings_by_row, overall_name, row_name, ways_from_row
from bceprobe.comparison.evidence_table import evidence_table
from bceprobe.comparison.headings import heading, numeric
from bceprobe.comparison.wording import SHORT, shown_estimate
from bceprobe.report import Cell, Column, Details, Link, Table
from bceprobe.report.numbers import PLAIN, TIMES, UNDEFINED, difference, mean_and_spread, number, p_value, unit_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bceprobe.comparison.model import Comparison, Overall, Row
    from bceprobe.report.model import Block

ARROW_NOTE = "↓ lower is better or more collapsed, ↑ higher is better."
NOTE = f"{ARROW_NOTE} Means ± standard deviations over the runs of an arm."


def final_tables(comparison: Comparison) -> Iterator[Block]:
    """Lay out the rows: a table per arm; for several cells the overall effects, an overview, and a table per level."""
    _, *levels = comparison.design.levels
    if not comparison.design.factorial:
        for level in levels:
            yield _final_table(comparison, level)
            yield evidence_table(comparison, level)
        return
    for level in levels:
        yield _overall_table(comparison, level)
        yield _overview(comparison, level)
        tables = (_final_table(comparison, level), evidence_table(comparison, level))
        yield Details(f"{level} against {comparison.design.levels[0]}, setting by setting", tables)


def _final_table(comparison: Comparison, level: str) -> Table:
    """Lay out the rows of a level: means, ratio or difference with interval, p, corrected p, effect size and test."""
    reference, after = comparison.design.levels[0], SHORT[comparison.correction]
    factorial = comparison.design.factorial
    notes = (
        NOTE,
        f"Comparison: ratio {level} / {reference}, or difference {level} minus {reference} (pp: percentage points).",
        f"p ({after}) is corrected for the {len(comparison.tested)} tests of all arms; bold where below 0.05.",
        "g: Hedges' g.",
    )
    mine, findings = [row for row in comparison.rows if row.level == level], findings_by_row(comparison.verdict())
    rows = tuple(_row(row, ways_from_row(row, findings), factorial=factorial) for row in mine)
    anchors = tuple(map(row_name, mine))
    caption = f"{level} against {reference}"
    return Table(
        caption, _columns(reference, level, after, factorial=factorial), rows, " ".join(notes), anchors=anchors
    )


def _overall_table(comparison: Comparison, level: str) -> Table:
    """Lay out the overall effects of a level."""
    reference, after = comparison.design.levels[0], SHORT[comparison.correction]
    tested = comparison.families["overall"]
    columns = (
        Column("Quantity"),
        Column("Split"),
        Column("Comparison", numeric=True, note="Ratio, or difference"),
        Column("95 % CI", numeric=True, note="Of the ratio or difference; sorted by its lower end"),
        Column("p", numeric=True),
        Column(f"p ({after})", numeric=True, note=f"Corrected for all {tested} overall effects"),
        Column("Between", numeric=True, note="Deviation of the effect between settings, of logarithms for ratios"),
        Column("Same way", note="In how many settings the effect points the same way; shown: p < 0.05 there by itself"),
        Column("Test", note="n: differences within pairs of runs, or runs where these are not paired"),
    )
    mine, findings = [one for one in comparison.overall if one.level == level], findings_by_row(comparison.verdict())
    rows = tuple(_overall_row(one, findings.get(overall_name(one), "")) for one in mine)
    cells = len(comparison.design.cells)
    caption = f"{level} against {reference}: overall effect in {cells} settings like these"
    note = (
        f"Ratio {level} / {reference}, or difference {level} minus {reference}, by a mixed model "
        f"with the setting as random effect; p ({after}) is bold where below 0.05. {ARROW_NOTE}"
    )
    return Table(caption, columns, rows, note, anchors=tuple(map(overall_name, mine)))


def _overall_row(one: Overall, finding: str) -> tuple[Cell, ...]:
    effect, (size, bounds) = one.effect, shown_estimate(one)
    way = f"{len(one.same_way)} of {len(one.rows)}, shown in {sum(row.differs for row in one.same_way)}"
    links = (Link("verdict", finding, f"of {one.quantity.place}"),) if finding else ()
    return (
        Cell(heading(one.quantity), links=links),
        Cell(one.quantity.split),
        numeric(f"ratio {size}" if one.ratio else size, one.estimate.size),
        numeric(bounds, one.estimate.low),
        numeric(p_value(effect.p_value), effect.p_value),
        numeric(p_value(one.p_corrected), one.p_corrected, strong=one.differs),
        numeric(_between(one), effect.between),
        Cell(way),
        Cell(effect.note or f"{effect.test}, n = {effect.n}"),
    )


def _between(one: Overall) -> str:
    """Write the deviation of an effect between settings."""
    unit = PLAIN if one.ratio else unit_of(one.quantity.units)
    return f"{number(unit.factor * one.effect.between)}{unit.difference}" if one.effect.between >= 0 else UNDEFINED


def _overview(comparison: Comparison, level: str) -> Table:
    """Lay out one row per cell, with the estimate of every quantity."""
    rows = [row for row in comparison.rows if row.level == level]
    quantities = dict.fromkeys(row.quantity for row in rows)
    columns = [Column(f"{heading(quantity)} {quantity.split}", numeric=True) for quantity in quantities]
    found = [
        (Cell(cell.label), *(_estimate(row) for row in rows if row.cell == cell.label))
        for cell in comparison.design.cells
        if any(row.cell == cell.label for row in rows)
    ]
    note = (
        f"{TIMES}: ratio, pp: percentage points; bold where p < 0.05, corrected for all {len(comparison.tested)} tests."
    )
    caption = f"{level} against {comparison.design.levels[0]} in every setting"
    return Table(caption, (Column("Setting"), *columns), tuple(found), note)


def _estimate(row: Row) -> Cell:
    size = shown_estimate(row)[0]
    return numeric(f"{TIMES}{size}" if row.ratio else size, row.estimate.size, strong=row.differs)


def _columns(reference: str, arm: str, after: str, *, factorial: bool) -> tuple[Column, ...]:
    return (
        *([Column("Setting")] * factorial),
        Column("Quantity"),
        Column("Split"),
        Column(reference, numeric=True),
        Column(arm, numeric=True),
        Column("Comparison", numeric=True, note="Ratio of geometric means, or difference of means"),
        Column("95 % CI", numeric=True, note="Confidence interval of the ratio or difference; sorted by its lower end"),
        Column("p", numeric=True),
        Column(f"p ({after})", numeric=True, note="Corrected for all tests of all arms"),
        Column("g", numeric=True, note="Hedges' g: difference in units of the pooled standard deviation"),
        Column("Test", note="With the number of pairs, or of runs in the reference and in the arm"),
    )


def _row(row: Row, links: tuple[Link, ...], *, factorial: bool) -> tuple[Cell, ...]:
    unit, result = unit_of(row.quantity.units), row.result
    (estimate, low, _), (size, bounds) = row.estimate, shown_estimate(row)
    return (
        *([Cell(row.cell)] * factorial),
        Cell(heading(row.quantity), links=links),
        Cell(row.quantity.split),
        numeric(mean_and_spread(row.reference_mean, row.reference_std, unit), row.reference_mean),
        numeric(mean_and_spread(row.mean, row.std, unit), row.mean),
        numeric(f"ratio {size}" if row.ratio else size, estimate),
        numeric(bounds, low),
        numeric(p_value(result.p_value), result.p_value),
        numeric(p_value(row.p_corrected), row.p_corrected, strong=row.differs),
        numeric(difference(result.effect), result.effect),
        Cell(_test(row)),
    )


def _test(row: Row) -> str:
    first, second = row.result.n
    return row.result.note or f"{row.result.test}, {f'{first} pairs' if row.paired else f'{first} and {second} runs'}"
