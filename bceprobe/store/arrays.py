"""StoredArray: numbers out of a store, or the error that says which file is missing or damaged, never both.

Zarr reads a chunk that is not there as fill values. Those never occur in valid data (`written` excepted), so values
that are not finite, or equal to them, are the sign to look closer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.errors import StoreCorruptError
from bceprobe.store.documents import RESTORE
from bceprobe.store.location import child, exists, read_bytes, size

if TYPE_CHECKING:
    from collections.abc import Iterator

    import zarr
    from numpy.typing import NDArray

CHECKSUM_BYTES = 4
_ABSENT = 2**64 - 1
_FAILURES = (ValueError, OSError, RuntimeError, TypeError, IndexError, KeyError)


@dataclass(frozen=True)
class StoredArray:
    """An array of a store or one epoch of it, read in rows (its first axis).

    Parameters
    ----------
    path
        Folder or URL of the array.
    source
        The Zarr array; no chunk of it holds more than one epoch, and none a part of a row.
    owner
        What the numbers belong to, for messages, such as ``"epoch 3, split train"``.
    epoch_position
        Which epoch, by position; None for an array without epochs, or for all of them.
    """

    path: str
    source: zarr.Array[Any]
    owner: str
    epoch_position: int | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape without the epoch that is chosen."""
        return self.source.shape[len(self._chosen) :]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Stored data type."""
        return np.dtype(self.source.dtype)

    def __getitem__(self, rows: slice, /) -> NDArray[Any]:
        """Read rows.

        Raises
        ------
        StoreCorruptError
            A chunk of them is missing, damaged, or holds NaN or inf.
        """
        try:
            values = self._values(rows)
        except _FAILURES as error:
            what = self._first_defect(rows) or f"{self.path} cannot be read: {error} ({self.owner})"
            raise StoreCorruptError(what, RESTORE) from error
        if self._doubtful(values) and (defect := self._first_defect(rows)):
            raise StoreCorruptError(defect, RESTORE)
        return values

    def objects(self, rows: slice = slice(None)) -> Iterator[tuple[str, slice]]:
        """Yield the path of each chunk (or shard) that holds some of the rows, with the rows it holds."""
        unit = self._unit[len(self._chosen)]
        start, stop, _ = rows.indices(self.shape[0])
        for number in range(start // unit, -(-stop // unit)):
            key = (*self._chosen, number, *(0 for _ in self.shape[1:]))
            name = self.source.metadata.encode_chunk_key(key)
            yield child(self.path, name), slice(number * unit, min((number + 1) * unit, self.shape[0]))

    def missing(self) -> Iterator[str]:
        """Yield the paths of chunks that are not there."""
        return (path for path, _ in self.objects() if not exists(path))

    def defect(self, path: str, rows: slice) -> str:
        """Say what is wrong with a chunk, as `objects` yields it; an empty text means nothing."""
        if not exists(path):
            return f"chunk {path} is missing ({self.owner})"
        found = self._wrong_size(path) or self._unreadable(rows)
        return f"chunk {path} {found} ({self.owner})" if found else ""

    def checksums(self) -> Iterator[bytes]:
        """Yield the checksum that ends each chunk, without reading the numbers; b"" for a chunk a shard lacks.

        Raises
        ------
        StoreCorruptError
            A chunk is missing.
        """
        for path, rows in self.objects():
            try:
                yield from self._shard_checksums(path) if self.source.shards else [read_bytes(path, -CHECKSUM_BYTES)]
            except (OSError, ValueError) as error:
                what = self.defect(path, rows) or f"chunk {path} cannot be read: {error} ({self.owner})"
                raise StoreCorruptError(what, RESTORE) from error

    @property
    def _chosen(self) -> tuple[int, ...]:
        """The position of the epoch as the first part of an index; empty if there is none."""
        return () if self.epoch_position is None else (self.epoch_position,)

    @property
    def _unit(self) -> tuple[int, ...]:
        return self.source.shards or self.source.chunks

    def _values(self, rows: slice) -> NDArray[Any]:
        selection: Any = (*self._chosen, rows)
        return np.asarray(self.source[selection])

    def _doubtful(self, values: NDArray[Any]) -> bool:
        if values.dtype.kind == "f":
            return not np.isfinite(values).all()
        absent = values == self.source.fill_value
        return bool(absent.all() if values.dtype.kind == "b" else absent.any())

    def _first_defect(self, rows: slice) -> str:
        return next(filter(None, (self.defect(path, part) for path, part in self.objects(rows))), "")

    def _wrong_size(self, path: str) -> str:
        """Compare the bytes of a chunk; a shard's checksums tell as much."""
        if self.source.shards:
            return ""
        found, whole = size(path), math.prod(self.source.chunks) * self.dtype.itemsize + CHECKSUM_BYTES
        return "" if found == whole else f"has {found} bytes instead of {whole}"

    def _unreadable(self, rows: slice) -> str:
        """Read rows chunk by chunk, so that a shard is never in memory as a whole."""
        step = self.source.chunks[len(self._chosen)]
        parts = (slice(start, min(start + step, rows.stop)) for start in range(rows.start, rows.stop, step))
        try:
            finite = all(np.isfinite(self._values(part)).all() for part in parts)
        except _FAILURES as error:
            return "is damaged: its checksum is wrong" if "checksum" in str(error) else f"cannot be read: {error}"
        return "" if finite else "holds NaN or inf"

    def _shard_checksums(self, path: str) -> Iterator[bytes]:
        """Find the chunks of a shard by the index at its end: offset and length of each, then a checksum."""
        chunks = math.prod(whole // part for whole, part in zip(self._unit, self.source.chunks, strict=True))
        tail = read_bytes(path, -(16 * chunks + CHECKSUM_BYTES))
        for offset, length in np.frombuffer(tail[:-CHECKSUM_BYTES], "<u8").reshape(-1, 2).tolist():
            end = offset + length
            yield b"" if offset == _ABSENT else read_bytes(path, end - CHECKSUM_BYTES, end)
