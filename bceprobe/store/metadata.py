"""The root's zarr.json, which lists the groups of a store, and the making of groups.

A group counts when the root's consolidated metadata lists it. Since that file is replaced as a whole after
everything in the group is on disk, a killed process leaves whole groups or none; and since all groups are listed,
plain `xarray.open_zarr` finds them. The entry is written here rather than by Zarr to be durable and to keep warnings
filters of the process as they are.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr
from zarr.codecs import Crc32cCodec

from bceprobe.errors import StoreCorruptError, StoreNotFoundError
from bceprobe.store import schema
from bceprobe.store.documents import RESTORE, read_document, write_document
from bceprobe.store.location import child, exists, write_new

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from zarr.core.buffer import Buffer

FILE = "zarr.json"
_NO_MEMBERS = {"kind": "inline", "must_understand": False, "metadata": {}}


def has_store(path: str) -> bool:
    """Tell whether a store was begun at a path, even if its root is lost."""
    return exists(child(path, FILE)) or exists(child(path, schema.CLASSIFIER))


def read_root(path: str) -> dict[str, Any]:
    """Read the root's zarr.json and check the version of the store.

    Raises
    ------
    StoreNotFoundError
        There is no store.
    StoreCorruptError
        The file is lost or not readable.
    StoreVersionError
        No bceprobe store, or a version that this program does not know.
    """
    if not has_store(path):
        raise StoreNotFoundError(f"no store at {path}", "Nothing was captured yet, or it was moved")
    document = read_document(child(path, FILE))
    attributes = document.get("attributes")
    schema.check_version(attributes if isinstance(attributes, dict) else {}, path)
    return document


def listed(document: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Return the consolidated metadata of a root document: the metadata of every group and array by its path."""
    try:
        found = document["consolidated_metadata"]["metadata"]
    except (KeyError, TypeError):
        found = None
    if not isinstance(found, dict):
        raise StoreCorruptError(f"{child(path, FILE)} holds no consolidated metadata", RESTORE)
    return found


def create_root(path: str) -> None:
    """Write the root of a store without groups."""
    attributes = {"encoding-type": schema.ENCODING_TYPE, "encoding-version": schema.ENCODING_VERSION}
    document = {"attributes": attributes, "consolidated_metadata": _NO_MEMBERS, "node_type": "group", "zarr_format": 3}
    write_document(child(path, FILE), document)


def add_group(path: str, objects: Mapping[str, bytes]) -> None:
    """Write the objects of a new group, then list it in the root."""
    write_new(path, objects)
    document = read_root(path)
    entries = listed(document, path) | _entries(objects)
    document["consolidated_metadata"] = _NO_MEMBERS | {"metadata": entries}
    write_document(child(path, FILE), document)


def make_group(
    name: str, epochs: Sequence[int], sizes: Mapping[str, int], dtype: str, *, shard: bool, writers: int = 1
) -> dict[str, bytes]:
    """Lay out a group in memory, with its epochs and none of them written; return its objects by key."""
    objects: dict[str, Buffer] = {}
    group = zarr.create_group(objects, path=name)
    for spec in schema.group_arrays(name, dtype):
        create_array(group, spec, sizes, shard=shard, writers=writers)
    for array, values in (("epoch", np.array(epochs, np.int64)), ("written", np.zeros(len(epochs), bool))):
        filled: Any = group[array]
        filled.with_config({"write_empty_chunks": True})[:] = values
    return {key: value.to_bytes() for key, value in objects.items() if key.startswith(f"{name}/")}


def create_array(
    group: zarr.Group, spec: schema.ArraySpec, sizes: Mapping[str, int], *, shard: bool = False, writers: int = 1
) -> None:
    """Preallocate an array of a group with checksums on every chunk."""
    shape = tuple(sizes[dim] for dim in spec.dims)
    chunks = schema.chunk_shape(spec, shape, writers)
    group.create_array(
        spec.name,
        shape=shape,
        chunks=chunks,
        shards=(1, -(-shape[1] // chunks[1]) * chunks[1], shape[2]) if shard and spec.name == "features" else None,
        dtype=spec.dtype,
        compressors=[Crc32cCodec()],
        fill_value=spec.fill,
        dimension_names=spec.dims,
    )


def _entries(objects: Mapping[str, bytes]) -> dict[str, Any]:
    """Collect the metadata of a group and its arrays by path, as the root's consolidated metadata holds it."""
    documents = {key.removesuffix(f"/{FILE}"): json.loads(value) for key, value in objects.items() if _is_file(key)}
    for document in documents.values():
        if document["node_type"] == "group":
            document["consolidated_metadata"] = _NO_MEMBERS
    return documents


def _is_file(key: str) -> bool:
    return key.endswith(f"/{FILE}")
