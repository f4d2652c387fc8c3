"""Where a run lives: a local folder, or a URL that fsspec understands (`s3://...`).

Local writes are atomic and durable (write, fsync, rename, fsync the folder); a URL's own `put` is taken as such.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bceprobe.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator


def is_url(location: str | Path) -> bool:
    """Tell whether a location is a URL rather than a local path.

    Examples
    --------
    >>> is_url("s3://bucket/run"), is_url("runs/x")
    (True, False)
    """
    return "://" in str(location)


def child(location: str, *names: str) -> str:
    """Join names below a location.

    Examples
    --------
    >>> child("s3://bucket/run/", "store.zarr")
    's3://bucket/run/store.zarr'
    """
    return "/".join([location.rstrip("/"), *names])


def exists(location: str) -> bool:
    """Tell whether a file or folder is there."""
    if is_url(location):
        file_system, path = _remote(location)
        return bool(file_system.exists(path))
    return Path(location).exists()


def read_bytes(location: str) -> bytes:
    """Read a whole file."""
    if is_url(location):
        file_system, path = _remote(location)
        return bytes(file_system.cat_file(path))
    return Path(location).read_bytes()


def tail(location: str, count: int) -> bytes:
    """Read the last bytes of a file."""
    if is_url(location):
        file_system, path = _remote(location)
        return bytes(file_system.cat_file(path, start=-count))
    with Path(location).open("rb") as file:
        file.seek(-min(count, os.fstat(file.fileno()).st_size), os.SEEK_END)
        return file.read()


def write_bytes(location: str, content: bytes) -> None:
    """Replace a file as a whole: after a crash it is the old one or the new one."""
    if is_url(location):
        file_system, path = _remote(location)
        file_system.pipe_file(path, content)
        return
    target = Path(location)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    with partial.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(target)
    sync_folder(target.parent)


def sync_tree(folder: Path) -> None:
    """Force every file below a local folder, and the folders themselves, to disk."""
    for directory, _, names in os.walk(folder):
        for name in names:
            _sync(Path(directory, name))
        sync_folder(Path(directory))


def sync_folder(folder: Path) -> None:
    """Force the entries of a local folder to disk."""
    _sync(folder)


def subfolders(location: str) -> Iterator[str]:
    """List the folders directly inside a location, sorted by name."""
    if is_url(location):
        file_system, path = _remote(location)
        scheme = location.split("://", 1)[0]
        entries = file_system.ls(path, detail=True) if file_system.isdir(path) else []
        yield from sorted(f"{scheme}://{entry['name']}" for entry in entries if entry["type"] == "directory")
    elif Path(location).is_dir():
        yield from sorted(str(entry) for entry in Path(location).iterdir() if entry.is_dir())


def size(location: str) -> int:
    """Sum the bytes of all files below a location."""
    if is_url(location):
        file_system, path = _remote(location)
        return int(file_system.du(path))
    return sum(file.stat().st_size for file in Path(location).rglob("*") if file.is_file())


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _remote(location: str) -> tuple[Any, str]:
    try:
        from fsspec.core import url_to_fs  # noqa: PLC0415 - only needed, and only installed, for URLs
    except ImportError as error:
        raise UsageError(
            f"{location} is a URL and fsspec is not installed", "pip install 'bceprobe[remote]'"
        ) from error
    file_system, path = url_to_fs(location)
    return file_system, path
