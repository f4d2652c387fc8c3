"""Moments: at which epoch each run is compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bceprobe.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bceprobe.store import Run

LAST, SELECTED = "last", "selected"


@dataclass(frozen=True, eq=False)
class Moment:
    """At which epoch each run is compared.

    Parameters
    ----------
    epoch
        That of all runs, or the last common one where each has its own.
    of
        The epoch of every run.
    words
        Such as ``"epoch 100"`` or ``"the selected epoch of each run"``.
    reason
        Why it is this one.
    remark
        What must be known to believe it; may be empty.
    """

    epoch: int
    of: Mapping[Run, int]
    words: str
    reason: str
    remark: str = ""


def read_moment(text: str, runs: Sequence[Run], splits: Sequence[str], common: Sequence[int]) -> Moment:
    """Find the epochs that a text stands for.

    Parameters
    ----------
    text
        ``"last"`` (that every run has), ``"selected"`` (of each run, by its setting ``select``), or a number.
    runs, splits
        What is compared.
    common
        The epochs that every run has in every split, increasing, at least one.

    Raises
    ------
    UsageError
        Another text, an epoch that not every run has, a selected epoch that was not stored.
    """
    if text == SELECTED:
        return _selected(runs, splits, common[-1])
    if text == LAST:
        return _same(runs, common[-1], "the last that every run has")
    if not text.isdecimal():
        raise UsageError(f"--epoch {text!r} is no epoch", "Give a number, last or selected")
    if int(text) not in common:
        raise UsageError(f"not every run has epoch {text}", f"The last that all have is {common[-1]}")
    return _same(runs, int(text), "as asked for")


def _same(runs: Sequence[Run], epoch: int, reason: str) -> Moment:
    return Moment(epoch, dict.fromkeys(runs, epoch), f"epoch {epoch}", reason)


def _selected(runs: Sequence[Run], splits: Sequence[str], last: int) -> Moment:
    found: dict[Run, int] = {}
    remarks: dict[str, None] = {}
    for run in runs:
        chosen = run.selection
        if chosen is None or any(chosen.epoch not in run.epochs(split) for split in splits):
            which = f"its selected epoch {chosen.epoch}" if chosen else "a selected epoch"
            raise UsageError(f"{run.location} has not stored {which}", "Compare at --epoch last, or at a number")
        found[run] = chosen.epoch
        remarks[chosen.remark] = None
    between = f"epochs {min(found.values())} to {max(found.values())}"
    remark = "; ".join(filter(None, remarks))
    return Moment(last, found, "the selected epoch of each run", between, remark)
