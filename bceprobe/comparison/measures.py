"""Every metric there is, at the common epoch, described and not tested: a table per split."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.metrics import is_own
from bceprobe.report import Cell, Column, Details, Table, Text
from bceprobe.report.numbers import mean_and_spread, unit_of

if TYPE_CHECKING:
    from collections.abc import Iterator

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
    """Lay out the measures of each split, folded away."""
    yield Text(INTRODUCTION)
    for split in dict.fromkeys(measure.quantity.split for measure in comparison.measures):
        chosen = [measure for measure in comparison.measures if measure.quantity.split == split]
        caption = f"Measures on the {split} split at epoch {comparison.epoch}"
        columns = (
            Column("Measure"),
            Column("Key"),
            *(Column(arm.label, numeric=True) for arm in comparison.arms),
        )
        table = Table(caption, columns, tuple(map(_row, chosen)), NOTE)
        yield Details(f"{split} split: {len(chosen)} measures", (table,))


def _row(measure: Measure) -> tuple[Cell, ...]:
    quantity, unit = measure.quantity, unit_of(measure.quantity.units)
    values = zip(measure.mean, measure.std, strict=True)
    mark = " *" if is_own(quantity.definition) else ""
    return (
        Cell(f"{quantity.long_name}{mark}"),
        Cell(quantity.name),
        *(Cell(mean_and_spread(mean, std, unit), None if mean != mean else mean) for mean, std in values),  # noqa: PLR0124 - NaN differs from itself
    )
