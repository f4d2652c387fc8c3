"""Runs that differ in their batch size, and in the learning rate and seed that go with it, alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.claims.choosing import collapsing
from bceprobe.claims.pairs import grouped

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.claims.cases import Case

BATCH = "optim.batch_size"
VARIED = (BATCH, "optim.lr")
FEWEST = 3
MISSING = f"runs with decay in the loss that differ in nothing but the batch size ({FEWEST} at least) and learning rate"


def batched(cases: Sequence[Case], loss: str) -> list[list[Case]]:
    """Put the runs of a loss together that differ in batch size and learning rate alone."""
    mine = [case for case in collapsing(cases) if case.loss == loss]
    return [group for group in grouped(mine, VARIED).values() if len({_size(case) for case in group}) >= FEWEST]


def sizes(cases: Sequence[Case]) -> list[float]:
    """Return the batch sizes of cases."""
    return [_size(case) for case in cases]


def _size(case: Case) -> float:
    return case.number(BATCH)
