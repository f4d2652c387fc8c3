"""Finding the runs below a folder."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.errors import StoreNotFoundError
from bceprobe.store.location import local_path, subfolders
from bceprobe.store.run import Run, is_run, open_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def find_runs(location: str | Path) -> list[Run]:
    """Open a run, or all runs inside a folder (searched to any depth), sorted by path.

    Hidden folders are passed over, and a folder that several links lead to is found once.

    Raises
    ------
    StoreNotFoundError
        Nothing there is a run.
    StoreError
        A run that is there cannot be read.
    """
    runs = [open_run(found) for found in _run_locations(str(location), set())]
    if not runs:
        raise StoreNotFoundError(f"no run at or below {location}", "Train one: bceprobe train --help")
    return runs


def _run_locations(location: str, seen: set[str]) -> Iterator[str]:
    path = local_path(location)
    identity = str(path.resolve()) if path else location
    if identity in seen:
        return
    seen.add(identity)
    if is_run(location):
        yield location
        return
    for folder in subfolders(location):
        yield from _run_locations(folder, seen)
