"""Removing runs: nothing but runs, whole ones, that nobody is writing."""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bceprobe.errors import UsageError
from bceprobe.store import schema
from bceprobe.store.location import local_path, size
from bceprobe.store.lock import FILE as LOCK
from bceprobe.store.lock import held, writing
from bceprobe.store.manifest import CONFIG
from bceprobe.store.manifest import FILE as MANIFEST
from bceprobe.store.run import is_run

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

# What a run folder may hold: FORMAT.md, and DESIGN.md section 2.
MEMBERS = {MANIFEST, schema.STORE, LOCK, CONFIG, "history.csv", "train.log", "metrics.zarr", "checkpoints"}
# What a process that was killed leaves of a file it was replacing.
PARTIAL = re.compile(r"\..+\.\d+\.partial")


@dataclass(frozen=True)
class Removal:
    """A run that may be removed, and its size in bytes; what links inside it lead to is not counted, and stays."""

    folder: Path
    bytes: int


def removable(locations: Iterable[str | Path]) -> list[Removal]:
    """Check that locations are those of runs that may be removed, each told once. Nothing is touched.

    A run that cannot be read is one all the same.

    Raises
    ------
    UsageError
        One is at a URL, a link, no run, holds what is not of a run, or is being written.
    """
    found = [_removable(location) for location in locations]
    return list({removal.folder.resolve(): removal for removal in found}.values())


def remove(removals: Sequence[Removal]) -> None:
    """Remove runs, each vanishing at once: a process that is killed meanwhile leaves none that looks whole.

    Raises
    ------
    UsageError
        One has changed so that it may no longer be removed; those before it are gone.
    """
    for removal in removals:
        folder = removal.folder.resolve()
        # No search for runs enters a hidden folder.
        doomed = folder.with_name(f".{folder.name}.{os.getpid()}.removed")
        with writing(folder):
            _check_again(removal.folder)
            folder.replace(doomed)
        shutil.rmtree(doomed)


def _removable(location: str | Path) -> Removal:
    folder = local_path(location)
    if folder is None:
        raise UsageError(f"{location} is not local", "Remove it with the tools of its storage")
    if folder.is_symlink():
        raise UsageError(f"{folder} is a link to a folder", f"Give the folder itself: {folder.resolve()}")
    if not (folder.is_dir() and is_run(str(folder))):
        raise UsageError(f"{folder} is no run", f"A run is a folder with {MANIFEST} and {schema.STORE}")
    strange = sorted(entry.name for entry in folder.iterdir() if not _belongs(entry.name))
    if strange:
        what = f"{folder} holds what is not of a run: {', '.join(strange[:3])}{', ...' if strange[3:] else ''}"
        raise UsageError(what, "Move that elsewhere first")
    if held(folder):
        raise UsageError(f"{folder} is being written by a process", "Stop it, or wait until it ends")
    return Removal(folder, sum(size(str(entry)) for entry in folder.iterdir() if not entry.is_symlink()))


def _check_again(folder: Path) -> None:
    """Look once more, under the lock of this process."""
    if folder.is_symlink() or not is_run(str(folder)) or not all(_belongs(entry.name) for entry in folder.iterdir()):
        raise UsageError(f"{folder} has changed meanwhile", "Look at it, and try again")


def _belongs(name: str) -> bool:
    return name in MEMBERS or bool(PARTIAL.fullmatch(name))
