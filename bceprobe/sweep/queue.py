"""The order of points: one that starts from another waits until that one is finished, or is not started at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from bceprobe.sweep.orders import FINISHED, INTERRUPTED, KEPT, NOT_STARTED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bceprobe.sweep.points import Point


@dataclass(frozen=True)
class Outcome:
    """What became of a point, and why.

    "finished", "kept" (it was before), "failed", "interrupted", "in use", or "not started", since the point that it
    starts from did not finish.
    """

    point: Point
    status: str
    reason: str = ""


class Queue:
    """Points that are still to be trained, in their order.

    Parameters
    ----------
    points
        All of a sweep. One that starts from a point that is not among them may begin at once.
    known
        What became of some of them before.
    """

    def __init__(self, points: Sequence[Point], known: Sequence[Outcome] = ()) -> None:
        ended = {outcome.point.folder for outcome in known}
        self._waiting = {point.folder: point for point in points if point.folder not in ended}
        self._unfinished, self._lost = set(self._waiting), dict[Path, Outcome]()
        for outcome in known:
            self.note(outcome)

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def ready(self) -> list[Point]:
        """List the points that can begin now, in their order."""
        held = {*self._unfinished, *self._lost}
        return [one for one in self._waiting.values() if not (one.start and one.start.folder in held)]

    def take(self, point: Point) -> Point:
        """Take out a point that begins."""
        return self._waiting.pop(point.folder)

    def note(self, outcome: Outcome) -> Outcome:
        """Note what became of a point, and return it."""
        folder = outcome.point.folder
        if outcome.status in {FINISHED, KEPT}:
            self._unfinished.discard(folder)
        else:
            self._lost[folder] = outcome
        return outcome

    def given_up(self) -> Iterator[Outcome]:
        """Take out the points that can no longer begin, their later stages included."""
        for point in list(self._waiting.values()):
            lost = self._lost.get(point.start.folder) if point.start else None
            if lost:
                yield self.note(_not_started(self.take(point), lost))


def _not_started(point: Point, lost: Outcome) -> Outcome:
    """Say why a point does not begin: because of the one it starts from."""
    if lost.status == INTERRUPTED:
        return Outcome(point, INTERRUPTED, "not started")
    return Outcome(point, NOT_STARTED, f"it starts from {lost.point.label}: {lost.status}")
