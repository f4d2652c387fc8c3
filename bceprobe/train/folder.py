"""The run folder: claimed for a new run, or checked before an old one goes on. Nothing is overwritten unasked."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from bceprobe.errors import DataNotFoundError, FolderInUseError, StoreCorruptError, UsageError
from bceprobe.settings import by_key, changed, read_toml, resolve
from bceprobe.store import Run
from bceprobe.store.location import write_bytes
from bceprobe.store.lock import FILE as LOCK
from bceprobe.store.manifest import CONFIG
from bceprobe.store.manifest import FILE as MANIFEST
from bceprobe.store.schema import SPLITS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bceprobe.settings import Settings


def claim(folder: Path, settings: Settings, *, force: bool) -> None:
    """Make a new run folder with its configuration.

    Raises
    ------
    FolderInUseError
        It holds something and `force` is not set, or it holds something that is no run.
    """
    if folder.exists() and (not folder.is_dir() or _content(folder)):
        if not force:
            raise FolderInUseError(f"{folder} is not empty", "Go on with --resume, replace it with --force, or rename")
        if not (folder / CONFIG).exists() and not (folder / MANIFEST).exists():
            raise FolderInUseError(f"{folder} is no run", "--force replaces only runs; choose another folder")
        for path in _content(folder):
            shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()
    write_bytes(str(folder / CONFIG), settings.to_toml().encode())


def remove_partials(folder: Path) -> None:
    """Remove what a killed process left half-written; only the process that writes the run may do so."""
    for path in list(folder.rglob("*.partial")):
        path.unlink(missing_ok=True)


def _content(folder: Path) -> list[Path]:
    """List what is in a folder besides the lock of the process that looks."""
    return [path for path in folder.iterdir() if path.name != LOCK]


def read_config(folder: Path, purpose: str = "resume") -> dict[str, object]:
    """Read the settings of an existing run by dotted key; `purpose` tells what for.

    Raises
    ------
    DataNotFoundError
        There is no run in the folder.
    """
    path = folder / CONFIG
    if not path.exists():
        hint = "Leave out --resume to start it" if purpose == "resume" else "Give the folder of a trained run"
        raise DataNotFoundError(f"no run to {purpose} at {folder}", hint)
    return read_toml(path.read_text(encoding="utf-8"), str(path))


def check_same(folder: Path, settings: Settings) -> None:
    """Refuse to go on with other settings than the run was started with."""
    before, _ = resolve([("run", read_config(folder))])
    for key in changed(before, settings)[:1]:
        old, new = (by_key(one).get(key) for one in (before, settings))
        what = f"{folder} was started with {key} = {old!r}, not {new!r}"
        raise UsageError(what, "A run goes on with its own settings; start another one for these")


def check_stored(folder: Path, due: Sequence[int]) -> None:
    """Refuse to go on from a checkpoint whose store lacks an epoch before it: they do not belong together.

    Raises
    ------
    StoreCorruptError
        An epoch is not completely stored.
    """
    run = Run(str(folder))
    stored = [run.epochs(split) if split in run.splits else [] for split in SPLITS]
    lacking = [epoch for epoch in due if not all(epoch in epochs for epochs in stored)]
    if lacking:
        what = f"{folder} has a checkpoint after epoch {due[-1]}, but no features of epoch {lacking[0]}"
        raise StoreCorruptError(what, "Restore both from the same copy, or start again with --force")
