"""Gathering what metrics want of a snapshot: all statistics of one kind in one walk, then what is made of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.snapshot.columns import columns, fits, prepare
from bceprobe.snapshot.statistics import Before, Statistic
from bceprobe.snapshot.threads import ordered_map
from bceprobe.snapshot.walking import walk, walk_columns

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from bceprobe.snapshot.model import Snapshot

    Wanted = Statistic | Before | Callable[[Snapshot], Any]


def gather(snapshot: Snapshot, wanted: Iterable[Wanted]) -> None:
    """Compute what is not kept yet: of the previous snapshot, by block, by class, and what is made of these once."""
    named = list(dict.fromkeys(wanted))
    lacking = [one for one in named if isinstance(one, Statistic) and one not in snapshot.kept]
    by_class = [one for one in lacking if one.kind == "per class"]
    _before(snapshot, [one.statistic for one in named if isinstance(one, Before)])
    _by_block(snapshot, [*(one for one in lacking if one not in by_class), *(prepare(snapshot) if by_class else [])])
    _by_class(snapshot, by_class)
    _make(snapshot, [one for one in named if not isinstance(one, Statistic | Before)])


def _before(snapshot: Snapshot, statistics: Sequence[Statistic]) -> None:
    if snapshot.previous and statistics:
        gather(snapshot.previous, statistics)


def _by_block(snapshot: Snapshot, statistics: Sequence[Statistic]) -> None:
    if lacking := [one for one in dict.fromkeys(statistics) if one not in snapshot.kept]:
        snapshot.kept.update(walk(snapshot, lacking))


def _by_class(snapshot: Snapshot, statistics: Sequence[Statistic]) -> None:
    if statistics:
        if snapshot.previous:
            gather(snapshot.previous, prepare(snapshot.previous))
        snapshot.kept.update(walk_columns(columns(snapshot), statistics))


def _make(snapshot: Snapshot, functions: Sequence[Callable[[Snapshot], Any]]) -> None:
    """Call functions side by side; one after the other where they would walk the features again."""
    held = fits(snapshot) and (snapshot.previous is None or fits(snapshot.previous))
    for _ in (ordered_map if held else map)(lambda function: function(snapshot), functions):
        pass
