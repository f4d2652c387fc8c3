"""Columns: the scores of one class for all samples, with what metrics need of them.

All scores are held where they fit; else they are computed for some classes at a time, which costs a walk each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bceprobe.snapshot.decisions import all_scores, decided
from bceprobe.snapshot.memo import lazy
from bceprobe.snapshot.statistics import Statistic
from bceprobe.snapshot.walking import walk

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from bceprobe.snapshot.blocks import Block
    from bceprobe.snapshot.model import Snapshot


# Scores up to which they are kept in order.
KEPT = 2**20


class Column:
    """The scores without bias of one class, (N,), and those at the previous snapshot if it is known."""

    def __init__(
        self, snapshot: Snapshot, label: int, scores: NDArray[np.float64], before: NDArray[np.float64] | None
    ) -> None:
        self.snapshot, self.label, self.scores, self.before = snapshot, label, scores, before

    @lazy
    def negative(self) -> NDArray[np.bool_]:
        """Tell which samples are of another class, (N,)."""
        others: NDArray[np.bool_] = self.snapshot.target != self.label
        return others

    @lazy
    def negatives(self) -> NDArray[np.float64]:
        """Take the negative scores of this class: those of the samples of all others, (N - n_k,)."""
        return self.scores[self.negative]

    @lazy
    def order(self) -> NDArray[np.intp]:
        """Find the order that sorts the negative scores, (N - n_k,)."""
        return np.argsort(self.negatives)

    @lazy
    def ordered(self) -> NDArray[np.float64]:
        """Sort the negative scores, (N - n_k,); once per snapshot where it keeps them."""
        kept, key = self.snapshot.kept, ("ordered", self.label)
        found: NDArray[np.float64] = kept[key] if key in kept else np.sort(self.negatives)
        if keeps_order(self.snapshot):
            kept[key] = found
        return found


def columns(snapshot: Snapshot) -> Iterator[Column]:
    """Yield the scores of every class."""
    for labels in _groups(snapshot):
        scores = _scores(snapshot, labels)
        before = _scores(snapshot.previous, labels) if snapshot.previous else None
        for at, label in enumerate(labels):
            yield Column(snapshot, label, scores[:, at], None if before is None else before[:, at])


def prepare(snapshot: Snapshot) -> list[Statistic]:
    """List what must be gathered before the columns can be made."""
    return [decided, all_scores] if fits(snapshot) else [decided]


def fits(snapshot: Snapshot) -> bool:
    """Tell whether all scores are held at once."""
    return 8 * snapshot.samples * snapshot.classes <= snapshot.memory


def keeps_order(snapshot: Snapshot) -> bool:
    """Tell whether the scores of all classes, in order, are kept with the snapshot."""
    return snapshot.samples * snapshot.classes <= min(KEPT, snapshot.memory // 8)


def _groups(snapshot: Snapshot) -> Iterator[range]:
    """Divide the classes so that the scores of a group fit."""
    size = snapshot.classes if fits(snapshot) else max(1, snapshot.memory // (8 * snapshot.samples))
    for start in range(0, snapshot.classes, size):
        yield range(start, min(start + size, snapshot.classes))


def _scores(snapshot: Snapshot, labels: range) -> NDArray[np.float64]:
    """Return the scores of some classes, (N, len(labels))."""
    if fits(snapshot):
        held: NDArray[np.float64] = snapshot[all_scores][:, labels.start : labels.stop]
        return held

    def some_scores(block: Block) -> NDArray[np.float64]:
        return block.scores_of(labels)

    statistic = Statistic(some_scores, "per sample")
    found: NDArray[np.float64] = walk(snapshot, [statistic])[statistic]
    return found
