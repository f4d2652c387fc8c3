"""Where a run lives: a local folder, or a URL that fsspec understands (`s3://...`).

Local writes are atomic and durable (write, fsync, rename, fsync the folder); a URL's own `put` is taken as such.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from bceprobe.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

Bytes = bytes | bytearray | memoryview
SYNC_THREADS = 8


def is_url(location: str | Path) -> bool:
    """Tell whether a location is a URL rather than a local path.

    Examples
    --------
    >>> is_url("s3://bucket/run"), is_url("runs/x")
    (True, False)
    """
    return "://" in str(location)


def local_path(location: str | Path) -> Path | None:
    """Return the path of a local location, also of a `file://` URL; None for other URLs.

    Examples
    --------
    >>> local_path("file:///data/run").as_posix(), local_path("s3://bucket/run")
    ('/data/run', None)
    """
    plain = str(location).removeprefix("file://")
    return None if is_url(plain) else Path(plain)


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
    if path := local_path(location):
        return path.exists()
    file_system, key = _remote(location)
    return bool(file_system.exists(key))


def read_bytes(location: str, start: int = 0, stop: int | None = None) -> bytes:
    """Read a file, or the part of it that Python's slice of the same numbers would give."""
    path = local_path(location)
    if path is None:
        file_system, key = _remote(location)
        return bytes(file_system.cat_file(key, start=start or None, end=stop))
    with path.open("rb") as file:
        first, last, _ = slice(start, stop).indices(os.fstat(file.fileno()).st_size)
        file.seek(first)
        return file.read(max(0, last - first))


def write_bytes(location: str, content: Bytes) -> None:
    """Replace a file as a whole: after a crash it is the old one or the new one, and once done it is on disk."""
    path = local_path(location)
    if path is None:
        file_system, key = _remote(location)
        file_system.pipe_file(key, bytes(content))
        return
    with replacing(path) as file:
        file.write(content)


def write_new(location: str, contents: Mapping[str, bytes]) -> None:
    """Write files below a folder that nothing refers to yet; all of them are on disk when this returns."""
    root = local_path(location)
    for key, content in contents.items():
        if root is None:
            write_bytes(child(location, key), content)
        else:
            (root / key).parent.mkdir(parents=True, exist_ok=True)
            (root / key).write_bytes(content)
    if root is not None:
        sync_all(root, [root / key for key in contents])


def sync_all(root: Path, files: Collection[Path]) -> None:
    """Force files, and the folders between them and a root, to disk: all at once, at about the price of one."""
    folders = {folder for file in files for folder in file.parents if folder.is_relative_to(root)}
    with ThreadPoolExecutor(SYNC_THREADS) as pool:
        list(pool.map(sync, [*files, *folders]))


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """Open a local file to be written, which replaces the old one when the block ends without an error."""
    _make_folder(path.parent)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("wb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    sync(path.parent)


def sync(path: Path) -> None:
    """Force a local file, or the entries of a local folder, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def subfolders(location: str) -> Iterator[str]:
    """List the folders directly inside a location, sorted by name; hidden ones are work in progress and left out."""
    if path := local_path(location):
        names = [entry.name for entry in path.iterdir() if entry.is_dir()] if path.is_dir() else []
    else:
        file_system, key = _remote(location)
        entries = file_system.ls(key, detail=True) if file_system.isdir(key) else []
        names = [Path(entry["name"]).name for entry in entries if entry["type"] == "directory"]
    yield from (child(location, name) for name in sorted(names) if not name.startswith("."))


def size(location: str) -> int:
    """Sum the bytes of a file, or of all files below a folder."""
    path = local_path(location)
    if path is None:
        file_system, key = _remote(location)
        return int(file_system.du(key))
    files = [path] if path.is_file() else path.rglob("*")
    return sum(file.stat().st_size for file in files if file.is_file())


def _make_folder(folder: Path) -> None:
    """Make a folder and its parents, each one's entry forced to disk."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync(folder.parent)


def _remote(location: str) -> tuple[Any, str]:
    """Open the file system of a URL; its listings are not cached, since another process may be writing."""
    try:
        from fsspec.core import url_to_fs  # noqa: PLC0415 - only needed, and only installed, for URLs

        file_system, key = url_to_fs(location, use_listings_cache=False)
    except (ImportError, ValueError) as error:
        raise UsageError(f"{location} cannot be opened ({error})", "pip install 'bceprobe[remote]'") from error
    return file_system, key
