"""Decisions: of every sample, the score of its own class against those of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bceprobe.snapshot.statistics import per_sample

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.snapshot.blocks import Block


class Decisions(NamedTuple):
    """For every sample, the score of its own class and the largest of the others, each (N,)."""

    positive: NDArray[np.float64]
    negative: NDArray[np.float64]


@per_sample
def decided(block: Block) -> NDArray[np.float64]:
    """Return per sample: positive score, largest negative score, the same of the logits, and the others' mass, (B, 5).

    The mass is the logarithm of the sum of exp(logit) over the other classes.
    """
    own = np.arange(len(block.target)), block.target
    found = np.empty((len(block.target), 5))
    for at, values in ((0, block.scores), (2, block.logits)):
        others = values.copy()
        found[:, at] = values[own]
        others[own] = -np.inf
        found[:, at + 1] = others.max(axis=1)
    found[:, 4] = found[:, 3] + np.log(np.exp(others - found[:, 3:4]).sum(axis=1))
    return found


@per_sample
def all_scores(block: Block) -> NDArray[np.float64]:
    """Return the scores of a block, (B, K)."""
    return block.scores
