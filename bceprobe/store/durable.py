"""A Zarr store on a local disk that keeps the order of writes through a power failure.

Zarr's own LocalStore replaces objects atomically for other processes but forces nothing to disk, so that `written[epoch]`
could survive and its chunks could not. Here an object of `written` is the barrier: it is replaced, durably, only after
everything before it is on disk. All that waits is forced to disk at once, because file systems do many at the price of
about one.
"""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from zarr.storage import LocalStore

from bceprobe.store.location import is_url, sync, write_bytes
from bceprobe.store.schema import WRITTEN

if TYPE_CHECKING:
    from pathlib import Path

    from zarr.abc.store import Store
    from zarr.core.buffer import Buffer

THREADS = 8


class DurableStore(LocalStore):
    """A LocalStore in which whatever was written before a flag is on disk before the flag is."""

    def __init__(self, root: Path | str, *, read_only: bool = False) -> None:
        super().__init__(root, read_only=read_only)
        self._waiting: set[Path] = set()

    async def set(self, key: str, value: Buffer) -> None:
        """Write an object; a flag waits until everything before it is on disk, and is so itself on return."""
        if _is_flag(key):
            await asyncio.to_thread(self._set_flag, key, value)
            return
        await super().set(key, value)
        self._waiting.add(self.root / key)

    def set_sync(self, key: str, value: Buffer) -> None:
        """Do the same for callers without an event loop."""
        if _is_flag(key):
            self._set_flag(key, value)
            return
        super().set_sync(key, value)
        self._waiting.add(self.root / key)

    def barrier(self) -> None:
        """Force everything that waits, and the folder entries that lead to it, to disk."""
        waiting, self._waiting = self._waiting, set()
        folders = {parent for file in waiting for parent in file.parents if parent.is_relative_to(self.root)}
        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(sync, [*waiting, *folders]))

    def _set_flag(self, key: str, value: Buffer) -> None:
        self.barrier()
        write_bytes(str(self.root / key), value.to_bytes())


def writable(path: str) -> Store | str:
    """Return what Zarr should open to write at a path or URL; a URL's own writes are durable."""
    return path if is_url(path) else DurableStore(path)


def _is_flag(key: str) -> bool:
    return WRITTEN.name in key.split("/")
