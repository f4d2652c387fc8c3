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
    return [open_run(found) for found in run_locations(location)]


def run_locations(location: str | Path) -> list[str]:
    """Find what `find_runs` opens, without opening it: among them may be runs that cannot be read.

    Raises
    ------
    StoreNotFoundError
        Nothing there is a run.
    """
    found = list(_below(str(location), set()))
    if not found:
        raise StoreNotFoundError(f"no run at or below {location}", "Train one: bceprobe train --help")
    return found


def _below(location: str, seen: set[str]) -> Iterator[str]:
    path = local_path(location)
    identity = str(path.resolve()) if path else location
    if identity in seen:
        return
    seen.add(identity)
    if is_run(location):
        yield location
        return
    for folder in subfolders(location):
        yield from _below(folder, seen)
