"""The Zarr stores behind a location: Zarr's own, and for local writing one that keeps the order of writes on disk.

An object of `written` is a barrier: it is replaced, durably, only after everything before it is on disk. What waits
is synced at once rather than object by object, since a file system commits many for about the price of one.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from zarr.storage import FsspecStore, LocalStore

from bceprobe.store.location import local_path, sync_all, write_bytes
from bceprobe.store.schema import WRITTEN

if TYPE_CHECKING:
    from pathlib import Path

    from zarr.abc.store import Store
    from zarr.core.buffer import Buffer


class DurableStore(LocalStore):
    """Zarr's local store, except that whatever was written before a flag is on disk before the flag is."""

    def __init__(self, root: Path | str, *, read_only: bool = False) -> None:
        super().__init__(root, read_only=read_only)
        self._waiting: set[Path] = set()

    async def set(self, key: str, value: Buffer) -> None:
        """Write an object whole; a flag is on disk, under its name, when this returns."""
        if _is_flag(key):
            await asyncio.to_thread(self._set_flag, key, value)
            return
        await super().set(key, value)
        self._waiting.add(self.root / key)

    def set_sync(self, key: str, value: Buffer) -> None:
        """Write an object whole, from a thread of the caller."""
        if _is_flag(key):
            self._set_flag(key, value)
            return
        super().set_sync(key, value)
        self._waiting.add(self.root / key)

    def force(self) -> None:
        """Force to disk what was written."""
        sync_all(self.root, self._waiting)
        self._waiting.clear()

    def _set_flag(self, key: str, value: Buffer) -> None:
        self._check_writable()
        self.force()
        write_bytes(str(self.root / key), value.as_buffer_like())


def readable(path: str) -> Store:
    """Open a location for reading."""
    local = local_path(path)
    return FsspecStore.from_url(path, read_only=True) if local is None else LocalStore(local, read_only=True)


def writable(path: str) -> Store:
    """Open a location for writing."""
    local = local_path(path)
    return FsspecStore.from_url(path) if local is None else DurableStore(local)


def _is_flag(key: str) -> bool:
    return WRITTEN.name in key.split("/")
