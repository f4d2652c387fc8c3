"""What tests of sweeps wait for and look at."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bceprobe.sweep.progress import progress_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bceprobe.sweep import Outcome, Point

LONG: dict[str, object] = {"optim__epochs": 40, "capture__epochs": "last"}


def wait_for_an_epoch(point: Point, after: int = 0) -> None:
    """Return as soon as a point has more epochs than before, and while it trains on."""
    until = time.monotonic() + 240
    while progress_of(point).done <= after:
        assert time.monotonic() < until
        time.sleep(0.01)
    assert progress_of(point).done < progress_of(point).epochs


def ended(running: Iterator[Outcome | None]) -> dict[str, tuple[str, str]]:
    """Status and reason of every point by its label."""
    return {found.point.label: (found.status, found.reason) for found in running if found}
