"""The Zarr stores behind a location: Zarr's own, and for local writing one whose every write is durable."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from zarr.storage import FsspecStore, LocalStore

from bceprobe.store.location import local_path, write_bytes

if TYPE_CHECKING:
    from zarr.abc.store import Store
    from zarr.core.buffer import Buffer


class DurableStore(LocalStore):
    """Zarr's local store, except that a stored object is on disk, under its name, when `set` returns."""

    async def set(self, key: str, value: Buffer) -> None:
        """Write an object whole: synced, then renamed, then the folder synced."""
        await asyncio.to_thread(self.set_sync, key, value)

    def set_sync(self, key: str, value: Buffer) -> None:
        """Write an object whole, from a thread of the caller."""
        self._check_writable()
        write_bytes(str(self.root / key), value.as_buffer_like())


def readable(path: str) -> Store:
    """Open a location for reading."""
    local = local_path(path)
    return FsspecStore.from_url(path, read_only=True) if local is None else LocalStore(local, read_only=True)


def writable(path: str) -> Store:
    """Open a location for writing."""
    local = local_path(path)
    return FsspecStore.from_url(path) if local is None else DurableStore(local)
