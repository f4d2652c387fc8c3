"""Reading the chunks of an epoch straight into memory: the way of an analysis, several times as fast as through Zarr.

It knows only what bceprobe writes by default (local files, little-endian numbers, a crc32c behind each chunk) and
leaves everything else, and whatever looks wrong, to the careful way: `StoredArray.__getitem__`, which then says what.
"""

from __future__ import annotations

import math
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
from crc32c import crc32c

from bceprobe.store.arrays import CHECKSUM_BYTES
from bceprobe.store.location import local_path
from bceprobe.store.structure import CODECS

# What is read at once: it is still in cache when it is checked.
_PIECE = 2**20
# Numbers from this size on are multiplied by BLAS, float16 one by one.
_BLAS_BYTES = 4

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from bceprobe.store.arrays import StoredArray


def read_into(array: StoredArray, out: NDArray[Any]) -> None:
    """Fill an array with all rows of a stored one.

    Parameters
    ----------
    array
        One epoch of features.
    out
        C-contiguous, of the same shape and data type. It may be partly filled when an error is raised.

    Raises
    ------
    ValueError
        `out` is not such an array.
    StoreCorruptError
        A chunk is missing, damaged, or holds NaN or inf.
    """
    _check(array, out)
    if not (_is_plain(array) and _read(array, out)):
        out[...] = array[0 : len(out)]


def _check(array: StoredArray, out: NDArray[Any]) -> None:
    if (out.shape, out.dtype) != (array.shape, array.dtype):
        raise ValueError(f"out is {out.dtype} {out.shape}, and {array.path} is {array.dtype} {array.shape}")
    if not (out.flags.c_contiguous and out.flags.writeable):
        raise ValueError("out is read-only or not C-contiguous, and rows are read straight into it")


def _is_plain(array: StoredArray) -> bool:
    """Tell whether the bytes of each chunk are those of its rows in memory, then a checksum."""
    codecs: Any = array.source.metadata.to_dict().get("codecs", ())
    native = array.dtype.isnative and sys.byteorder == "little"
    return local_path(array.path) is not None and list(codecs) == CODECS and native and _holds_whole_rows(array)


def _holds_whole_rows(array: StoredArray) -> bool:
    chunks, chosen = array.source.chunks, len(array.source.shape) - len(array.shape)
    return chunks[:chosen] == (1,) * chosen and chunks[chosen + 1 :] == array.shape[1:]


def _read(array: StoredArray, out: NDArray[Any]) -> bool:
    """Read every chunk; False if one is not as it should be."""
    whole = math.prod(array.source.chunks) * array.dtype.itemsize
    chunks = ((local_path(path), rows) for path, rows in array.objects())
    return all(path and _read_chunk(path, out[rows], whole) for path, rows in chunks)


def _read_chunk(path: Path, rows: NDArray[Any], whole: int) -> bool:
    """Read a chunk of `whole` bytes, of which the last one of an array has some beyond its rows."""
    flat, checksum = rows.reshape(-1), 0
    size = max(_PIECE // flat.itemsize, 1)
    try:
        with path.open("rb", buffering=0) as file:
            for piece in (flat[start : start + size] for start in range(0, len(flat), size)):
                view = piece.view(np.uint8)
                if file.readinto(view.data) != view.nbytes or not _is_finite(piece):
                    return False
                checksum = crc32c(view.data, checksum)
            rest = file.read(whole - flat.nbytes + CHECKSUM_BYTES + 1)
    except OSError:
        return False
    checksum = crc32c(rest[:-CHECKSUM_BYTES], checksum)
    complete = flat.nbytes + len(rest) == whole + CHECKSUM_BYTES
    return complete and checksum == int.from_bytes(rest[-CHECKSUM_BYTES:], "little")


def _is_finite(flat: NDArray[Any]) -> bool:
    """Tell whether all numbers are finite: so is a sum of their squares, unless these are too large for their type."""
    short = flat.dtype.itemsize < _BLAS_BYTES
    with np.errstate(over="ignore", invalid="ignore"):
        return bool((not short and np.isfinite(np.vdot(flat, flat))) or np.isfinite(flat).all())
