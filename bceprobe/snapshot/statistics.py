"""Statistics: what is gathered in a walk over a snapshot, many of them in one walk.

A metric names the statistics it uses, so that all metrics that are asked for together share one walk:

>>> import numpy as np
>>> @summed
... def norms(block):
...     return (block.by_class(np.linalg.norm(block.features, axis=1)),)
>>> from bceprobe.snapshot import Snapshot
>>> Snapshot(np.eye(4), np.array([0, 0, 1, 1]), np.eye(2, 4))[norms][0].tolist()
[2.0, 2.0]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bceprobe.snapshot.blocks import Block
    from bceprobe.snapshot.columns import Column

    Array = NDArray[Any]


@dataclass(frozen=True)
class Statistic:
    """A function of a block or column, and how its results make one."""

    function: Callable[[Any], Any]
    kind: Literal["summed", "per sample", "per class"]
    tiled: bool = False
    decides: bool = False
    scatters: bool = False


@dataclass(frozen=True)
class Before:
    """A statistic of the previous snapshot, for metrics about change; nothing where there is none."""

    statistic: Statistic


def summed(function: Callable[[Block], tuple[Array, ...]]) -> Statistic:
    """Make a statistic: arrays of a block, of fixed shapes, that are added over the blocks.

    It may use class means and what follows from them, which the other kinds may not. The arrays must be its own: those
    of the block are overwritten by the next one.
    """
    return Statistic(function, "summed")


def tiled(function: Callable[[Block], tuple[Array, ...]]) -> Statistic:
    """Make a statistic that is summed, of a function that goes through the tiles of a block (`Block.tiles`).

    It comes before the others, so that their products are made of the same tiles while these are in cache.
    """
    return Statistic(function, "summed", tiled=True)


def deciding(function: Callable[[Block], tuple[Array, ...]]) -> Statistic:
    """Make a statistic that is summed, of a function that asks which logit leads (`Block.leads`)."""
    return Statistic(function, "summed", decides=True)


def scattering(function: Callable[[Block], tuple[Array, ...]]) -> Statistic:
    """Make a statistic that is summed, of a function that asks for the scatter of the projection (`Projected`)."""
    return Statistic(function, "summed", scatters=True)


def per_sample(function: Callable[[Block], Array]) -> Statistic:
    """Make a statistic: an array whose first axis is the samples of a block; the whole is (N, ...)."""
    return Statistic(function, "per sample")


def per_class(function: Callable[[Column], Array]) -> Statistic:
    """Make a statistic: an array made of the scores of one class; the whole is (K, ...)."""
    return Statistic(function, "per class")
