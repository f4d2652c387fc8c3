"""Computing something once per snapshot."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from bceprobe.snapshot.model import Snapshot

T = TypeVar("T")


def once(function: Callable[[Snapshot], T]) -> Callable[[Snapshot], T]:
    """Keep what a function of a snapshot returned, with the snapshot; for what several metrics share.

    A metric may name it among what it uses: then it is computed beside others of its kind, in a thread, and must not
    start a walk (the statistics it takes are named before it).
    """

    @wraps(function)
    def kept(snapshot: Snapshot) -> T:
        if function not in snapshot.kept:
            snapshot.kept[function] = function(snapshot)
        found: T = snapshot.kept[function]
        return found

    return kept


class Lazy(Generic[T]):
    """A property that is computed when it is first read.

    `functools.cached_property` is the same, but in Python 3.11 has a lock that all instances share, so that no two
    threads could compute it for different blocks.
    """

    def __init__(self, function: Callable[[Any], T]) -> None:
        self._function, self.__doc__ = function, function.__doc__

    def __get__(self, instance: Any, owner: type) -> T:
        if instance is None:
            return self  # type: ignore[return-value]  # what a class gives, for documentation
        value = self._function(instance)
        vars(instance)[self._function.__name__] = value
        return value


def lazy(function: Callable[[Any], T]) -> Lazy[T]:
    """Make a `Lazy` property of a method."""
    return Lazy(function)
