"""One process at a time writes a run: a lock that the system takes back when the process ends, however it ends."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

from bceprobe.errors import FolderInUseError
from bceprobe.store.location import local_path

try:
    import fcntl
except ImportError:  # Windows has no such lock; writers are not kept apart there
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

FILE = ".lock"
_HELD: dict[Path, int] = {}
_GUARD = threading.Lock()


@contextmanager
def writing(location: str | Path) -> Iterator[None]:
    """Keep other processes from writing a local run; this one may enter again. URLs have no lock.

    The file that is locked is in the folder, which is made if it is not there, and goes with the last one to leave.

    Raises
    ------
    FolderInUseError
        Another process writes it, or it is no folder.
    """
    path = local_path(location)
    if path is None or fcntl is None:
        yield
        return
    folder = path.resolve()
    file = _enter(folder)
    try:
        yield
    finally:
        _leave(folder, file)


def held(location: str | Path) -> bool:
    """Tell whether a process is writing a local run now; of a URL that is not known."""
    path = local_path(location)
    if path is None or fcntl is None or not (path / FILE).is_file():
        return False
    with _GUARD:
        if _HELD.get(path.resolve()):
            return True
    with (path / FILE).open(encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except OSError:
            return True
    return False


def _enter(folder: Path) -> IO[str] | None:
    """Take the lock, unless this process has it."""
    with _GUARD:
        file = None if _HELD.get(folder) else _take(folder)
        _HELD[folder] = _HELD.get(folder, 0) + 1
    return file


def _leave(folder: Path, file: IO[str] | None) -> None:
    """Give the lock back if it was taken here; an empty folder that was made for it goes, too."""
    with _GUARD:
        _HELD[folder] -= 1
    if file:
        with file, suppress(OSError):
            (folder / FILE).unlink()
            folder.rmdir()


def _take(folder: Path) -> IO[str]:
    if folder.exists() and not folder.is_dir():
        raise FolderInUseError(f"{folder} is not a folder", "Choose another one")
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / FILE).open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The one before may have removed the file between opening and locking it.
        if os.fstat(file.fileno()).st_ino != (folder / FILE).stat().st_ino:
            raise FileNotFoundError
    except OSError as error:
        with file:
            raise _in_use(folder, file) from error
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _in_use(folder: Path, file: IO[str]) -> FolderInUseError:
    file.seek(0)
    process = file.read().strip()
    who = f"process {process}" if process.isdigit() else "another process"
    return FolderInUseError(f"{folder} is being written by {who}", "Wait until it ends, or choose another folder")
