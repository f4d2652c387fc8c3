"""How a training ends: early where that was asked for, and with the epoch that counts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from bceprobe.store.selection import choose

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.settings import Settings, StopSettings
    from bceprobe.train.history import Row

COLLAPSE = ("nc1", "nc2", "nc3")


def collapse(row: Row, stop: StopSettings) -> dict[str, Any] | None:
    """Return the entry of run.json about an early stop if an epoch ends training, else None.

    Parameters
    ----------
    row
        Of the history, with numbers or text. Measures that the epoch lacks, or that are NaN, are not below a threshold.
    stop
        What ends training.
    """
    found = {name: row.get(f"train_{name}") for name in COLLAPSE}
    values = {name: math.nan if value in {None, ""} else float(value) for name, value in found.items()}
    if stop.when == "never" or not all(value < stop.nc_threshold for value in values.values()):
        return None
    return {"when": stop.when, "epoch": int(row["epoch"]), "nc_threshold": stop.nc_threshold, **values}


def ending(history: Sequence[Row], settings: Settings) -> dict[str, Any]:
    """Return the entries of run.json about the end: ``selection``, and ``stopped`` where training ended early."""
    entries: dict[str, Any] = {}
    if found := choose(history, settings.select):
        about = {"criterion": found.criterion, "value": found.value, "remark": found.remark}
        captured = settings.captures_selected or found.epoch in settings.captured_epochs
        entries["selection"] = {"selected_epoch": found.epoch, "captured": captured, **about}
    stopped = collapse(history[-1], settings.stop) if history else None
    if stopped and stopped["epoch"] < settings.optim.epochs:
        entries["stopped"] = stopped
    return entries


def is_best(history: Sequence[Row]) -> bool:
    """Tell whether the last epoch of a history is the one with the best test accuracy."""
    found = choose(history, "best")
    return found is not None and found.epoch == int(history[-1]["epoch"])
