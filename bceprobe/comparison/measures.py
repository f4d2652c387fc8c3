"""Every metric there is, at the common epoch, described and not tested: a table per split."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.metrics import is_own
from bceprobe.report import Cell as Entry
from bceprobe.report import Column, Details, Table, Text
from bceprobe.report.numbers import mean_and_spread, unit_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bceprobe.comparison.design import Cell
    from bceprobe.comparison.model import Comparison, Measure
    from bceprobe.report.model import Block

INTRODUCTION = (
    "Whatever bceprobe measures of a snapshot, to look around in: means and standard deviations over the runs of an "
    "arm. None of it is tested or in the family of tests above; among so many numbers some differ by chance."
)
NOTE = (
    "* bceprobe's own definition, or own choice within one (bceprobe list metrics says which). Threshold: the paper's "
    "bias b = -(PyTorch's bias)."
)


def measure_tables(comparison: Comparison) -> Iterator[Block]:
    """Lay out the measures of each split, and of each cell, folded away."""
    yield Text(INTRODUCTION)
    for split in dict.fromkeys(measure.quantity.split for measure in comparison.measures):
        chosen = [measure for measure in comparison.measures if measure.quantity.split == split]
        for cell in comparison.design.cells:
            within = f"{cell.label}, " if cell.label else ""
            yield Details(f"{within}{split} split: {len(chosen)} measures", (_table(comparison, cell, split, chosen),))


def _table(comparison: Comparison, cell: Cell, split: str, measures: Sequence[Measure]) -> Table:
    places = [comparison.arms.index(arm) for arm in cell.arms]
    columns = (Column("Measure"), Column("Key"), *(Column(arm.level, numeric=True) for arm in cell.arms))
    under = f" with {cell.label}" if cell.label else ""
    caption = f"Measures on the {split} split at epoch {comparison.epoch}{under}"
    return Table(caption, columns, tuple(_row(measure, places) for measure in measures), NOTE)


def _row(measure: Measure, places: Sequence[int]) -> tuple[Entry, ...]:
    quantity, unit = measure.quantity, unit_of(measure.quantity.units)
    values = [(measure.mean[at], measure.std[at]) for at in places]
    mark = " *" if is_own(quantity.definition) else ""
    return (
        Entry(f"{quantity.long_name}{mark}"),
        Entry(quantity.name),
        *(Entry(mean_and_spread(mean, std, unit), None if mean != mean else mean) for mean, std in values),  # noqa: PLR0124 - NaN differs from itself
    )
