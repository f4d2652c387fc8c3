"""The comparison of the runs of a sweep, for the page of its counterpart."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.comparison import compare
from bceprobe.counterpart.layout import LOSS
from bceprobe.errors import BceProbeError
from bceprobe.report import printable
from bceprobe.store.selection import CRITERIA

if TYPE_CHECKING:
    from collections.abc import Callable

    from bceprobe.comparison import Comparison
    from bceprobe.counterpart.model import Counterpart


def compare_runs(counterpart: Counterpart, progress: Callable[[int, int], None] | None = None) -> Comparison | str:
    """Compare the losses of the finished runs, at the epoch of the counterpart; or say why that cannot be done."""
    best = all(one.moment == CRITERIA["best"] for one in counterpart.measured)
    epoch = "selected" if best else "last"
    try:
        return compare(*counterpart.locations, factor=LOSS, epoch=epoch, progress=progress)
    except BceProbeError as error:
        return printable(error.what)
