"""The table of what stands beside the primary tests: other tests, effect sizes, equivalence, seeds to plan with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bceprobe.comparison.equivalences import equivalence_interval
from bceprobe.comparison.headings import heading, numeric
from bceprobe.comparison.wording import SHORT
from bceprobe.report import Cell, Column, Table
from bceprobe.report.numbers import UNDEFINED, difference, interval, p_value, ratio_interval, unit_of

if TYPE_CHECKING:
    from bceprobe.comparison.model import Comparison, Row

NOTE = (
    "Not corrected, as the tests above decide: these show what depends on their assumptions. Permutation: all sign "
    "flips of paired differences up to 16 pairs, all exchanges of independent runs up to 65536, else as many at "
    "random. Rank: Wilcoxon's signed-rank or Mann and Whitney's test. BCa: too narrow with few seeds. δ: Cliff's "
    "delta. Seeds: per arm for 80 % power, were the observed effect the true one, to plan a next experiment with."
)


def evidence_table(comparison: Comparison, level: str) -> Table:
    """Lay out the rows of a level once more, by other tests."""
    rows = [row for row in comparison.rows if row.level == level]
    asked = any(row.evidence.margin for row in rows)
    factorial, reference = comparison.design.factorial, comparison.design.levels[0]
    columns = (*([Column("Setting")] * factorial), *_columns(SHORT[comparison.correction], asked=asked))
    cells = tuple((*([Cell(row.cell)] * factorial), *_row(row, asked=asked)) for row in rows)
    return Table(f"{level} against {reference}: other tests and effect sizes", columns, cells, NOTE)


def _columns(after: str, *, asked: bool) -> tuple[Column, ...]:
    margin = (
        Column("Margin"),
        Column("90 % CI", numeric=True, note="Equivalent where it lies within the margin; sorted by its lower end"),
        Column(f"p equiv. ({after})", numeric=True, note="Two one-sided tests, corrected for all of them"),
    )
    return (
        Column("Quantity"),
        Column("Split"),
        Column("p perm.", numeric=True, note="Permutation test"),
        Column("p rank", numeric=True, note="Rank test"),
        Column("BCa 95 % CI", numeric=True, note="Bootstrap interval of the ratio or difference; sorted by lower end"),
        Column("g", numeric=True, note="Hedges' g"),
        Column("δ", numeric=True, note="Cliff's delta"),
        Column("Seeds", numeric=True, note="Needed per arm for 80 % power at the observed effect"),
        *(margin if asked else ()),
    )


def _row(row: Row, *, asked: bool) -> tuple[Cell, ...]:
    evidence, result = row.evidence, row.result
    return (
        Cell(heading(row.quantity)),
        Cell(row.quantity.split),
        numeric(p_value(evidence.permutation.p_value), evidence.permutation.p_value),
        numeric(p_value(evidence.ranks.p_value), evidence.ranks.p_value),
        numeric(_bca(row), evidence.bca.low),
        numeric(difference(result.effect), result.effect),
        numeric(difference(evidence.cliffs_delta), evidence.cliffs_delta),
        numeric(seeds(row), float(evidence.seeds_needed or math.nan)),
        *(_margin(row) if asked else ()),
    )


def seeds(row: Row) -> str:
    """Write how many seeds would be needed."""
    return UNDEFINED if row.evidence.seeds_needed is None else str(row.evidence.seeds_needed)


def _bca(row: Row) -> str:
    _, low, high = row.evidence.bca
    return ratio_interval(low, high) if row.ratio else interval(low, high, unit_of(row.quantity.units))


def _margin(row: Row) -> tuple[Cell, ...]:
    evidence = row.evidence
    if not (evidence.margin and evidence.equivalence):
        return (Cell(UNDEFINED),) * 3
    return (
        Cell(evidence.margin.words),
        numeric(equivalence_interval(row), evidence.equivalence.ci_low),
        numeric(p_value(evidence.p_equivalent), evidence.p_equivalent, strong=row.equivalent),
    )
