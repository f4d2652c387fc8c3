"""The long tail: classes of exponentially falling size, FORMULAS.md, "Settings of the experiments"."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import torch

from bceprobe.datasets.selection import rank_in_class
from bceprobe.errors import UsageError

if TYPE_CHECKING:
    from bceprobe.datasets.base import Dataset, Split

USUAL_FACTOR = 100.0


def with_tail(dataset: Dataset, name: str) -> Dataset:
    """Give a data set the name of its long-tailed version, which has the usual factor unless another is asked for."""
    return replace(dataset, info=replace(dataset.info, name=name, imbalance_factor=USUAL_FACTOR))


def long_tail(split: Split, factor: float) -> Split:
    """Keep the first samples of each class so that class sizes fall exponentially; the order stays.

    Parameters
    ----------
    split
        Samples of K classes; the largest one keeps its size.
    factor
        The first class has this many times the samples of the last; 1 keeps the counts of a balanced split.

    Raises
    ------
    UsageError
        The factor is below 1 or not finite.
    """
    if not 1 <= factor < math.inf:
        raise UsageError(f"the imbalance factor is {factor}; it must be a finite number of 1 or more")
    present = torch.bincount(split.target)
    counts = torch.tensor(tail_counts(int(present.max()), len(present), factor))
    return split.take(rank_in_class(split.target) < counts[split.target])


def tail_counts(largest: int, classes: int, factor: float) -> list[int]:
    """Count the samples of each class: n_c = int(largest * factor^(-c / (K - 1))), and 1 where that is 0.

    Examples
    --------
    >>> tail_counts(5000, 10, 100.0)
    [5000, 2997, 1796, 1077, 645, 387, 232, 139, 83, 50]
    """
    last = max(classes - 1, 1)
    return [max(1, int(largest * factor ** (-label / last))) for label in range(classes)]
