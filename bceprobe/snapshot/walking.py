"""Gathering statistics: one walk over the blocks of a snapshot, one over its columns, whatever their number."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.snapshot.blocks import Block
from bceprobe.snapshot.parts import parts, refuse_unusable
from bceprobe.snapshot.threads import ordered_map

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from bceprobe.snapshot.columns import Column
    from bceprobe.snapshot.model import Snapshot
    from bceprobe.snapshot.parts import Part
    from bceprobe.snapshot.statistics import Statistic

# Logits up to which one product in float64 with everything else takes less time than to screen them in float32.
FEW = 64

Results = dict["Statistic", Any]


def walk(snapshot: Snapshot, statistics: Sequence[Statistic]) -> Results:
    """Walk the blocks of a snapshot once, for statistics that are summed or per sample."""
    _share(snapshot, statistics)
    checked, totals = snapshot.knows_means, _Totals(snapshot.samples)
    ordered = sorted(statistics, key=lambda statistic: not statistic.tiled)
    scored = any(_takes_scores(statistic, snapshot.classes) for statistic in statistics)
    projecting = not all(statistic.tiled for statistic in statistics)
    scattering = any(statistic.scatters for statistic in statistics)

    def of_part(part: Part) -> list[Any]:
        if not checked:
            refuse_unusable(part)
        block = Block(snapshot, part, scored=scored, projecting=projecting, scattering=scattering)
        found = [(statistic, statistic.function(block)) for statistic in ordered]
        for statistic, values in found:
            if statistic.kind == "per sample":
                totals.enter(statistic, values, block.rows)
        return [(statistic, values) for statistic, values in found if statistic.kind == "summed"]

    for found in ordered_map(of_part, parts(snapshot)):
        for statistic, arrays in found:
            totals.add(statistic, arrays)
    return totals.results


def walk_columns(columns: Iterable[Column], statistics: Sequence[Statistic]) -> Results:
    """Walk the columns of a snapshot once, for statistics that are per class."""
    found = list(ordered_map(lambda column: [statistic.function(column) for statistic in statistics], columns))
    return {statistic: np.stack(values) for statistic, values in zip(statistics, zip(*found, strict=True), strict=True)}


def _takes_scores(statistic: Statistic, classes: int) -> bool:
    """Tell whether scores are made with the other products: for what is kept per sample, or decided by few logits."""
    return statistic.kind == "per sample" or (statistic.decides and classes <= FEW)


def _share(snapshot: Snapshot, statistics: Sequence[Statistic]) -> None:
    """Compute what blocks share before their threads start, since a thread must not start a walk."""
    _ = snapshot.weight64, snapshot.threshold
    if snapshot.knows_means or any(statistic.kind == "summed" for statistic in statistics):
        _ = snapshot.projection


class _Totals:
    """What a walk has gathered so far."""

    def __init__(self, samples: int) -> None:
        self.results: Results = {}
        self._samples, self._lock = samples, threading.Lock()

    def add(self, statistic: Statistic, arrays: tuple[Any, ...]) -> None:
        """Add the arrays of a block."""
        if statistic not in self.results:
            self.results[statistic] = tuple(np.array(array) for array in arrays)
            return
        for total, array in zip(self.results[statistic], arrays, strict=True):
            np.add(total, array, out=total)

    def enter(self, statistic: Statistic, values: Any, rows: Any) -> None:
        """Enter the values of a block's samples; blocks may do so at the same time."""
        with self._lock:
            if statistic not in self.results:
                shape = (self._samples, *values.shape[1:])
                self.results[statistic] = np.empty(shape, values.dtype, order="F")
        self.results[statistic][rows] = values
