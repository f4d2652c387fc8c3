"""Decisions: of every sample, the score of its own class against those of the others."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bceprobe.snapshot.statistics import per_sample
from bceprobe.snapshot.threads import buffer

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.snapshot.blocks import Block


class Decisions(NamedTuple):
    """For every sample, the score of its own class and the largest of the others, each (N,)."""

    positive: NDArray[np.float64]
    negative: NDArray[np.float64]


@per_sample
def decided(block: Block) -> NDArray[np.float64]:
    """Decide every sample, (B, 6): positive score, largest negative one, both of the logits, the others' mass, rivals.

    The mass is the logarithm of the sum of exp(logit) over the other classes; rivals are the other logits that are at
    least as large as the own one.
    """
    found = buffer("decided", (6, len(block.target))).T
    others = buffer("others", block.scores.shape[::-1]).T
    for at, values in ((0, block.scores), (2, block.logits)):
        np.copyto(others, values)
        for label, own in block.groups():
            found[own, at] = values[own, label]
            others[own, label] = -np.inf
        others.max(axis=1, out=found[:, at + 1])
    np.sum(others >= found[:, 2:3], axis=1, out=found[:, 5])
    others -= found[:, 3:4]
    found[:, 4] = found[:, 3] + np.log(np.exp(others, out=others).sum(axis=1))
    return found


@per_sample
def all_scores(block: Block) -> NDArray[np.float64]:
    """Return the scores of a block, (B, K)."""
    return block.scores
