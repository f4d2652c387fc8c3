"""run.json: everything about a run that may change after the store was created."""

from __future__ import annotations

import json
from typing import Any

from bceprobe.errors import StoreCorruptError, StoreNotFoundError
from bceprobe.store.location import child, exists, read_bytes, write_bytes

FILE = "run.json"
SCHEMA_VERSION = 1
STATUSES = ("running", "finished", "interrupted", "diverged", "failed")


def read_manifest(location: str) -> dict[str, Any]:
    """Read the run.json of a run folder.

    Raises
    ------
    StoreNotFoundError
        No run.json there.
    StoreCorruptError
        It is not a JSON object.
    """
    path = child(location, FILE)
    if not exists(path):
        raise StoreNotFoundError(f"no run at {location}", f"A run is a folder with {FILE} and store.zarr")
    try:
        content = json.loads(read_bytes(path))
    except ValueError as error:
        raise StoreCorruptError(f"{path} is not readable JSON ({error})", "Restore it from a copy") from error
    if not isinstance(content, dict):
        raise StoreCorruptError(f"{path} holds no JSON object", "Restore it from a copy")
    return content


def update_manifest(location: str, **changes: Any) -> dict[str, Any]:
    """Merge top-level entries into run.json (made if absent) and return the whole."""
    path = child(location, FILE)
    content = read_manifest(location) if exists(path) else {"schema_version": SCHEMA_VERSION}
    content.update(changes)
    write_bytes(path, json.dumps(content, indent=2, ensure_ascii=False, sort_keys=True).encode() + b"\n")
    return content
