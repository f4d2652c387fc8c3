"""The section of a report on two trained models and one test set, apart from all that is about procedures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.comparison.anchors import slug
from bceprobe.comparison.headings import heading, numeric
from bceprobe.comparison.wording import SHORT, count, equals, inside, joined
from bceprobe.metrics import is_own
from bceprobe.report import Cell, Column, Definition, Definitions, Finding, Link, Table, Text
from bceprobe.report.numbers import difference, interval, number, p_value, unit_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bceprobe.comparison.model import Comparison
    from bceprobe.comparison.samples import ModelPair, SampleRow
    from bceprobe.report.model import Block

INTRODUCTION = (
    "These tests are about two trained models and samples like those of the test set. They say nothing about the "
    "training procedure: with another seed each model would be another one."
)
NOTE = (
    "Accuracy: McNemar's test, exact up to 25 samples on which one model alone is right. All else: paired bootstrap "
    "of the samples (2000 resamples, the same for both models), normal interval. p ({}) is corrected for the {} tests "
    "of this table, which are a family of their own. * bceprobe's own definition, or own choice within one."
)


def sample_blocks(comparison: Comparison) -> Iterator[Block]:
    """Lay out a table for each pair of models."""
    yield Text(INTRODUCTION)
    for pair in comparison.samples:
        yield _table(pair, SHORT[comparison.correction])
    rows = {row.quantity.name: row.quantity for pair in comparison.samples for row in pair.rows}
    yield Definitions(
        tuple(
            Definition(one.long_name, f"{one.definition}. Source: {one.references}.", is_own(one.definition))
            for one in rows.values()
        )
    )


def sample_findings(comparison: Comparison) -> Iterator[Finding]:
    """Say in which quantities two models differ on samples like these."""
    after = SHORT[comparison.correction]
    for pair in comparison.samples:
        differing = [row for row in pair.tested if row.differs]
        lead = f"These two models, on {count(pair.samples, 'test sample')}, {pair.arm} against {pair.reference}:"
        found = "; ".join(_words(row, after) for row in differing) or "no difference can be shown"
        others = [row.quantity.short for row in pair.tested if not row.differs]
        rest = f"; not shown: {joined(inside(['', *others])[1:])}" if differing and others else ""
        about = "This is about these models, not about the procedures"
        links = tuple(Link(row.quantity.short, sample_name(pair, row), "of the models") for row in pair.rows)
        name = f"finding-{sample_name(pair, pair.rows[0])}"
        yield Finding(lead, f"{found}{rest} ({count(len(pair.tested), 'test')}). {about}.", "open", name, links)


def sample_name(pair: ModelPair, row: SampleRow) -> str:
    """Name the row of a quantity of two models."""
    return f"samples-{row.quantity.name}-{slug(pair.arm)}"


def _words(row: SampleRow, after: str) -> str:
    unit, result = unit_of(row.quantity.units), row.result
    bounds = interval(result.ci_low, result.ci_high, unit)
    sure = f"p {equals(row.p_corrected)} after {after}"
    return f"{row.quantity.short} {difference(result.difference, unit)} {bounds} ({sure})"


def _table(pair: ModelPair, after: str) -> Table:
    columns = (
        Column("Quantity"),
        Column(pair.reference, numeric=True),
        Column(pair.arm, numeric=True),
        Column("Difference", numeric=True),
        Column("95 % CI", numeric=True, note="Sorted by its lower end"),
        Column("p", numeric=True),
        Column(f"p ({after})", numeric=True),
        Column("Effect", numeric=True, note="Cohen's g for McNemar; else difference / (SE x root of samples)"),
        Column("Test"),
    )
    (first, second), (one, other) = pair.runs, pair.epochs
    caption = f"{second} (epoch {other}) against {first} (epoch {one}): {pair.samples} test samples"
    anchors = tuple(sample_name(pair, row) for row in pair.rows)
    return Table(caption, columns, tuple(map(_row, pair.rows)), NOTE.format(after, len(pair.tested)), anchors=anchors)


def _row(row: SampleRow) -> tuple[Cell, ...]:
    unit, result = unit_of(row.quantity.units), row.result
    return (
        Cell(f"{heading(row.quantity)}{' *' if is_own(row.quantity.definition) else ''}"),
        numeric(number(row.reference, unit), row.reference),
        numeric(number(row.value, unit), row.value),
        numeric(difference(result.difference, unit), result.difference),
        numeric(interval(result.ci_low, result.ci_high, unit), result.ci_low),
        numeric(p_value(result.p_value), result.p_value),
        numeric(p_value(row.p_corrected), row.p_corrected, strong=row.differs),
        numeric(difference(result.effect), result.effect),
        Cell(result.note or f"{result.test}, {result.n[0]} samples"),
    )
