"""Gathering statistics: one walk over the blocks of a snapshot, one over its columns, whatever their number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.snapshot.blocks import Block, parts, refuse_not_finite
from bceprobe.snapshot.threads import ordered_map

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bceprobe.snapshot.blocks import Part
    from bceprobe.snapshot.columns import Column
    from bceprobe.snapshot.model import Snapshot
    from bceprobe.snapshot.statistics import Statistic

Results = dict["Statistic", Any]


def walk(snapshot: Snapshot, statistics: Sequence[Statistic]) -> Results:
    """Walk the blocks of a snapshot once, for statistics that are summed or per sample."""

    checked = "moments" in vars(snapshot)

    def of_part(part: Part) -> tuple[Any, list[Any]]:
        if not checked:
            refuse_not_finite(part)
        block = Block(snapshot, part)
        return block.rows, [statistic.function(block) for statistic in statistics]

    totals: Results = {}
    for rows, found in ordered_map(of_part, parts(snapshot)):
        for statistic, result in zip(statistics, found, strict=True):
            if statistic.kind == "summed":
                _add(totals, statistic, result)
            else:
                _enter(totals, statistic, result, rows, snapshot.samples)
    return totals


def walk_columns(columns: Iterable[Column], statistics: Sequence[Statistic]) -> Results:
    """Walk the columns of a snapshot once, for statistics that are per class."""
    found = list(ordered_map(lambda column: [statistic.function(column) for statistic in statistics], columns))
    return {statistic: np.stack(values) for statistic, values in zip(statistics, zip(*found, strict=True), strict=True)}


def _add(totals: Results, statistic: Statistic, arrays: tuple[Any, ...]) -> None:
    if statistic not in totals:
        totals[statistic] = tuple(np.array(array) for array in arrays)
        return
    for total, array in zip(totals[statistic], arrays, strict=True):
        total += array


def _enter(totals: Results, statistic: Statistic, values: Any, rows: Any, samples: int) -> None:
    if statistic not in totals:
        totals[statistic] = np.empty((samples, *values.shape[1:]), values.dtype)
    totals[statistic][rows] = values
