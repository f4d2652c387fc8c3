"""Whether the metadata of a store is what the specification demands, before any number is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import zarr

from bceprobe.errors import StoreCorruptError
from bceprobe.store import schema
from bceprobe.store.documents import RESTORE, read_document
from bceprobe.store.location import child, exists
from bceprobe.store.metadata import FILE

if TYPE_CHECKING:
    from collections.abc import Iterator

CODECS = [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}]
ONE_BYTE_CODECS = [{"name": "bytes"}, {"name": "crc32c"}]


def open_array(root: zarr.Group, path: str, group: str, name: str) -> zarr.Array[Any]:
    """Open an array of a store.

    Raises
    ------
    StoreCorruptError
        There is none, or its metadata is not readable.
    """
    where = child(path, group, name)
    try:
        found = root[f"{group}/{name}"]
    except Exception as error:
        if not exists(child(where, FILE)):
            raise StoreCorruptError(f"{where}: the array is missing", RESTORE) from error
        raise StoreCorruptError(f"{child(where, FILE)} is not readable array metadata ({error})", RESTORE) from error
    if not isinstance(found, zarr.Array):
        raise StoreCorruptError(f"{where}: no array, but a group", RESTORE)
    return found


def structure_problems(root: zarr.Group, path: str, group: str) -> Iterator[str]:
    """Say what is wrong with the arrays of a group, one sentence each."""
    try:
        read_document(child(path, group, FILE))
    except StoreCorruptError as error:
        yield error.what
    sizes = _sizes(root, group)
    for spec in schema.group_arrays(group):
        try:
            array = open_array(root, path, group, spec.name)
        except StoreCorruptError as error:
            yield error.what
            continue
        yield from (f"{child(path, group, spec.name)}: {problem}" for problem in _array_problems(array, spec, sizes))


def _array_problems(array: zarr.Array[Any], spec: schema.ArraySpec, sizes: dict[str, int]) -> Iterator[str]:
    names = getattr(array.metadata, "dimension_names", None)
    if names != spec.dims:
        yield f"dimensions are {names}, not {spec.dims}"
        return
    allowed = schema.FEATURE_DTYPES if spec.name == "features" else (spec.dtype,)
    if str(array.dtype) not in allowed:
        yield f"data type is {array.dtype}, not {' or '.join(allowed)}"
    expected = tuple(sizes.get(dim, length) for dim, length in zip(spec.dims, array.shape, strict=True))
    if array.shape != expected:
        yield f"shape is {array.shape}, not {expected}"
        return
    yield from _layout_problems(array, spec)


def _layout_problems(array: zarr.Array[Any], spec: schema.ArraySpec) -> Iterator[str]:
    unit = array.shards or array.chunks
    per_epoch = spec.dims[0] == "epoch" and len(spec.dims) > 1
    fixed = 2 if spec.name == "features" else 1
    if (per_epoch and unit[0] != 1) or (len(unit) > fixed and unit[fixed:] != array.shape[fixed:]):
        yield f"chunks are {unit}: none may hold two epochs or a part of a row"
    if spec is schema.WRITTEN and unit != array.shape:
        yield f"chunks are {unit}, not the whole array, which is replaced as one"
    if not _same(array.fill_value, spec.fill):
        yield f"fill value is {array.fill_value}, not {spec.fill}"
    if not _checksummed(array.metadata.to_dict()["codecs"]):
        yield "codecs are not bytes (little endian) and crc32c, or shards of these"


def _checksummed(codecs: Any) -> bool:
    """Tell whether each chunk ends with a checksum, and a shard's index, too."""
    if len(codecs) == 1 and codecs[0]["name"] == "sharding_indexed":
        inner = codecs[0]["configuration"]
        at_end = inner["index_location"] in {"end", "ShardingCodecIndexLocation.end"}
        return at_end and _checksummed(inner["codecs"]) and _checksummed(inner["index_codecs"])
    return list(codecs) in (CODECS, ONE_BYTE_CODECS)


def _same(found: Any, wanted: float) -> bool:
    return bool(found == wanted or (np.isnan(found) and np.isnan(wanted)))


def _sizes(root: zarr.Group, group: str) -> dict[str, int]:
    """Take the sizes that all arrays must agree with: epochs, K and d of `weight`, N of `target`; what is known."""
    sizes: dict[str, int] = {}
    for key, dims in ((f"{schema.CLASSIFIER}/weight", ("epoch", "label", "feature")), (f"{group}/target", ("sample",))):
        try:
            sizes |= dict(zip(dims, root[key].shape, strict=True))  # type: ignore[union-attr]  # a group has none
        except Exception:  # noqa: BLE001, S112 - what is wrong with this array is said where it is checked
            continue
    return sizes
