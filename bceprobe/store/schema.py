"""What a store consists of: groups, arrays, dimensions, data types, chunks, version. FORMAT.md specifies it."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.errors import StoreVersionError

if TYPE_CHECKING:
    from collections.abc import Mapping

ENCODING_TYPE = "bceprobe-run"
ENCODING_VERSION = "1.0"
STORE = "store.zarr"
SPLITS = ("train", "test")
CLASSIFIER = "classifier"
CHUNK_BYTES = 8 * 2**20
FEATURE_DTYPES = ("float32", "float16")


@dataclass(frozen=True)
class ArraySpec:
    """One array of a group: its dimensions and data type.

    ``fill`` is what an element without a stored chunk reads as: a value that valid data never has, so that a lost
    chunk is noticed (`written` has no such value; a reader looks whether its chunk exists).
    """

    name: str
    dims: tuple[str, ...]
    dtype: str
    fill: float | int | bool = -1


EPOCH = ArraySpec("epoch", ("epoch",), "int64")
WRITTEN = ArraySpec("written", ("epoch",), "bool", fill=False)
CLASSIFIER_ARRAYS = (
    ArraySpec("weight", ("epoch", "label", "feature"), "float32", fill=np.nan),
    ArraySpec("bias", ("epoch", "label"), "float32", fill=np.nan),
    EPOCH,
    WRITTEN,
)


def split_arrays(dtype: str) -> tuple[ArraySpec, ...]:
    """List the arrays of a split whose features have the given data type."""
    return (
        ArraySpec("features", ("epoch", "sample", "feature"), dtype, fill=np.nan),
        ArraySpec("target", ("sample",), "int64"),
        ArraySpec("index", ("sample",), "int64"),
        EPOCH,
        WRITTEN,
    )


def group_arrays(group: str, dtype: str = "float32") -> tuple[ArraySpec, ...]:
    """List the arrays that a group of this name must have."""
    return CLASSIFIER_ARRAYS if group == CLASSIFIER else split_arrays(dtype)


def chunk_rows(samples: int, feature_length: int, dtype: str, writers: int = 1) -> int:
    """Count the samples of one chunk: about 8 MB of one epoch; less where that gives each of several writers as many.

    Examples
    --------
    >>> chunk_rows(50_000, 512, "float32"), chunk_rows(50_000, 512, "float32", writers=8)
    (4096, 3125)
    """
    most = max(1, min(samples, CHUNK_BYTES // (feature_length * np.dtype(dtype).itemsize)))
    if writers == 1:
        return most
    each = -(-samples // writers)
    return -(-each // -(-each // most))


def chunk_shape(spec: ArraySpec, shape: tuple[int, ...], writers: int = 1) -> tuple[int, ...]:
    """Choose the chunks of an array: never more than one epoch of features, weight or bias; else the whole array."""
    if spec.name == "features":
        return (1, chunk_rows(shape[1], shape[2], spec.dtype, writers), shape[2])
    return (1, *shape[1:]) if len(shape) > 1 else shape


def check_version(attributes: Mapping[str, Any], where: str) -> None:
    """Refuse a store this program cannot read; warn where it may miss something.

    Raises
    ------
    StoreVersionError
        No bceprobe store, or one with another major version.
    """
    if attributes.get("encoding-type") != ENCODING_TYPE:
        raise StoreVersionError(f"{where} is not a bceprobe store", f"Its encoding-type should be {ENCODING_TYPE!r}")
    version = str(attributes.get("encoding-version"))
    try:
        major, minor = (int(part) for part in version.split("."))
    except ValueError:
        raise StoreVersionError(f"{where} has no readable encoding-version, but {version!r}") from None
    known_major, known_minor = (int(part) for part in ENCODING_VERSION.split("."))
    if major != known_major:
        hint = f"This bceprobe reads version {ENCODING_VERSION}; you may need to update it"
        raise StoreVersionError(f"{where} has store version {version}", hint)
    if minor > known_minor:
        message = f"{where} has store version {version}, newer than {ENCODING_VERSION}: parts of it may be ignored"
        warnings.warn(message, UserWarning, stacklevel=3)
