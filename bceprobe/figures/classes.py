"""Which classes and samples are shown where not all can be, and how classes look."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bceprobe.errors import UsageError
from bceprobe.figures.style import OTHERS
from bceprobe.figures.tidy import evenly

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from bceprobe.figures.style import LineStyle

COLORS = ("#16896b", "#a3622e", "#9257b8", "#6f7781", "#b0508c", "#7d8022", "#2b8a9e", "#8a5a00", "#5b6bc0", "#b0454f")


def chosen_classes(asked: Sequence[int], counts: NDArray[np.int64], most: int) -> list[int]:
    """Choose classes to show: those that are asked for, or the first ones that have samples.

    Parameters
    ----------
    asked
        Labels; none to leave the choice open.
    counts
        Samples of each class, (K,).
    most
        How many can be shown.

    Raises
    ------
    UsageError
        Too many or fewer than two are asked for, one twice, or one that has no samples.
    """
    present = np.flatnonzero(counts).tolist()
    chosen = list(asked) or present[:most]
    if not 2 <= len(set(chosen)) == len(chosen) <= most:  # noqa: PLR2004 - one class has nothing to be apart from
        raise UsageError(f"{len(set(chosen))} classes cannot be shown", f"Choose 2 to {most} different ones: --classes")
    if absent := [label for label in chosen if label not in present]:
        raise UsageError(f"class {absent[0]} has no samples", f"Choose from: {', '.join(map(str, present[:30]))}")
    return chosen


def chosen_samples(target: NDArray[np.int64], labels: Sequence[int], most: int) -> NDArray[np.intp]:
    """Choose samples of some classes, as many of each and evenly over the order they are stored in; increasing."""
    own = [np.flatnonzero(target == label) for label in labels]
    return np.sort(np.concatenate([places[evenly(len(places), max(1, most // len(labels)))] for places in own]))


def class_style(position: int) -> LineStyle:
    """Give a class, by its position among those shown, a colour and a marker that no loss has."""
    return OTHERS[position % len(OTHERS)]._replace(color=COLORS[position % len(COLORS)])
