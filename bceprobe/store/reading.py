"""Reading arrays so that damage is never taken for data.

Zarr gives the fill value for a chunk that is not there, and its own errors for one that is damaged. Here both become
errors that name the file.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr
from zarr.codecs import BytesCodec, Crc32cCodec, ShardingCodec

from bceprobe.errors import StoreCorruptError, StoreError, StoreNotFoundError
from bceprobe.store import schema
from bceprobe.store.location import child, exists, read_bytes, size, tail
from bceprobe.store.metadata import DOCUMENT, read_document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

RESTORE = "Restore it from a copy; to see all that is wrong: bceprobe store validate"
CRC_BYTES = 4


def open_store(path: str) -> zarr.Group:
    """Open the root group of a store for reading.

    Raises
    ------
    StoreNotFoundError
        There is none.
    StoreVersionError
        It is of another encoding or of a version that is not known.
    StoreCorruptError
        Its metadata is unreadable.
    """
    if not exists(child(path, DOCUMENT)):
        raise StoreNotFoundError(f"no store at {path}", "Nothing was captured yet, or it was moved")
    attributes = read_document(path).get("attributes")
    schema.check_version(attributes if isinstance(attributes, dict) else {}, path)
    with _damage(child(path, DOCUMENT)):
        return zarr.open_group(path, mode="r", use_consolidated=False)


class StoredArray:
    """One array of a store.

    Parameters
    ----------
    root, path
        The store's root group, and where it is.
    group, name
        Of the array.

    Raises
    ------
    StoreCorruptError
        It is missing, its metadata is unreadable, or its dimensions or data type are not those of the format.
    """

    def __init__(self, root: zarr.Group, path: str, group: str, name: str) -> None:
        self.path = child(path, group, name)
        read_document(self.path)
        with _damage(child(self.path, DOCUMENT)):
            found = root[f"{group}/{name}"]
        if not isinstance(found, zarr.Array):
            raise StoreCorruptError(f"{self.path} is no array", RESTORE)
        self.zarr: zarr.Array[Any] = found
        if problem := _format_problem(found, schema.array_spec(group, name)):
            raise StoreCorruptError(f"{self.path}: {problem}", RESTORE)

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes of the dimensions."""
        return self.zarr.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Stored data type."""
        return np.dtype(self.zarr.dtype)

    @property
    def units(self) -> tuple[int, ...]:
        """Sizes of what one stored object holds: a shard where there are shards, else a chunk."""
        return self.zarr.shards or self.zarr.chunks

    def __getitem__(self, rows: slice, /) -> NDArray[Any]:
        """Read along the first dimension."""
        return self.read()[rows]

    def read(self, position: int | None = None, rows: slice = slice(None), where: str = "") -> NDArray[Any]:
        """Read the whole array, or some rows of one epoch.

        Parameters
        ----------
        position
            Along the dimension `epoch`; None reads everything.
        rows
            Along the dimension after it.
        where
            Added to the message of an error, such as ``"epoch 3, split train"``.

        Raises
        ------
        StoreCorruptError
            A chunk is missing, its checksum is wrong, or it holds NaN or inf.
        """
        absent = [] if self._has_nan_fill else self.missing(position)
        try:
            values = np.asarray(self.zarr[:] if position is None else self.zarr[position, rows])
        except Exception as error:
            raise self._error(position, rows, where, f"{self.path} cannot be read ({error})") from error
        if absent or not np.isfinite(values).all():
            raise self._error(position, rows, where, f"{self.path} holds NaN or inf")
        return values

    def keys(self, position: int | None = None) -> Iterator[tuple[str, tuple[slice, ...]]]:
        """Yield the key of every stored object, of one epoch or of all, and the region of the array that it holds."""
        counts = [-(-length // unit) for length, unit in zip(self.shape, self.units, strict=True)]
        first = range(counts[0]) if position is None or self._without_epochs else [position // self.units[0]]
        for start in first:
            for rest in np.ndindex(*counts[1:]):
                block = (start, *rest)
                region = tuple(slice(at * unit, (at + 1) * unit) for at, unit in zip(block, self.units, strict=True))
                yield self.zarr.metadata.encode_chunk_key(block), region

    def missing(self, position: int | None = None) -> list[str]:
        """List the stored objects of an epoch, or of the whole array, that are not there."""
        files = [child(self.path, key) for key, _ in self.keys(position)]
        return [file for file in files if not exists(file)]

    def defects(self, position: int | None = None, rows: slice = slice(None)) -> Iterator[str]:
        """Read an epoch, or the whole array, object by object, and yield what is wrong with each."""
        for key, region in self.keys(position):
            outside = len(region) > 1 and region[1].stop <= (rows.start or 0)
            if not outside and (defect := self._defect(child(self.path, key), region)):
                yield defect

    def checksum(self, position: int, where: str = "") -> bytes:
        """Return the crc32c that ends each stored object of an epoch; a shard ends otherwise and is read whole."""
        sums = []
        for key, _ in self.keys(position):
            file = child(self.path, key)
            try:
                sums.append(read_bytes(file) if self.zarr.shards else tail(file, CRC_BYTES))
            except FileNotFoundError as error:
                raise StoreCorruptError(_with(f"chunk {file} is missing", where), RESTORE) from error
            except OSError as error:
                raise StoreError(_with(f"chunk {file} cannot be read ({error.strerror})", where)) from error
        return b"".join(sums)

    @property
    def _without_epochs(self) -> bool:
        return self._dims[0] != "epoch"

    @property
    def _dims(self) -> tuple[str, ...]:
        return _dims(self.zarr)

    @property
    def _has_nan_fill(self) -> bool:
        return self.dtype.kind == "f" and math.isnan(float(self.zarr.fill_value))

    def _error(self, position: int | None, rows: slice, where: str, otherwise: str) -> StoreCorruptError:
        """Name the first stored object that is the cause."""
        return StoreCorruptError(_with(next(self.defects(position, rows), otherwise), where), RESTORE)

    def _defect(self, file: str, region: tuple[slice, ...]) -> str:
        if not exists(file):
            return f"chunk {file} is missing"
        if (found := size(file)) != (expected := self._object_bytes or found):
            return f"chunk {file} has {found} bytes, not {expected}"
        try:
            values = np.asarray(self.zarr[region])
        except Exception as error:  # noqa: BLE001 - whatever a codec says about damaged bytes
            reason = "its checksum is wrong" if "checksum" in str(error) else str(error)
            return f"chunk {file} is damaged: {reason}".rstrip(".")
        return "" if np.isfinite(values).all() else f"chunk {file} holds NaN or inf"

    @property
    def _object_bytes(self) -> int | None:
        """The size of every stored object, known where there is neither shard nor compression."""
        codecs: Any = getattr(self.zarr.metadata, "codecs", ())
        if [type(codec) for codec in codecs] != [BytesCodec, Crc32cCodec]:
            return None
        return math.prod(self.zarr.chunks) * self.dtype.itemsize + CRC_BYTES


def _format_problem(array: zarr.Array[Any], spec: schema.ArraySpec) -> str:
    if _dims(array) != spec.dims:
        return f"its dimensions are {_dims(array)}, not {spec.dims}"
    allowed = schema.FEATURE_DTYPES if spec.name == "features" else (spec.dtype,)
    if str(array.dtype) not in allowed:
        return f"its data type is {array.dtype}, not {' or '.join(allowed)}"
    if len(spec.dims) > 1 and (array.shards or array.chunks)[0] != 1:
        return "one of its chunks holds several epochs"
    return "" if _has_checksums(array) else "its chunks have no crc32c checksum"


def _has_checksums(array: zarr.Array[Any]) -> bool:
    codecs: Any = getattr(array.metadata, "codecs", ())
    inner = codecs[-1].codecs if codecs and isinstance(codecs[-1], ShardingCodec) else codecs
    return bool(inner) and isinstance(inner[-1], Crc32cCodec)


def _dims(array: zarr.Array[Any]) -> tuple[str, ...]:
    return tuple(str(name) for name in getattr(array.metadata, "dimension_names", None) or ())


def _with(what: str, where: str) -> str:
    return f"{what} ({where})" if where else what


@contextmanager
def _damage(file: str) -> Iterator[None]:
    """Turn whatever zarr says about metadata that it does not understand into an error that names the file."""
    try:
        yield
    except Exception as error:
        raise StoreCorruptError(f"{file} is unreadable ({error})", RESTORE) from error
