"""Computing something once per snapshot."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from bceprobe.snapshot.model import Snapshot

T = TypeVar("T")


def once(function: Callable[[Snapshot], T]) -> Callable[[Snapshot], T]:
    """Keep what a function of a snapshot returned, with the snapshot; for what several metrics share."""

    @wraps(function)
    def kept(snapshot: Snapshot) -> T:
        if function not in snapshot.kept:
            snapshot.kept[function] = function(snapshot)
        found: T = snapshot.kept[function]
        return found

    return kept
