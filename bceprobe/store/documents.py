"""JSON documents of a run, such as run.json and zarr.json: read with clear errors, replaced as a whole."""

from __future__ import annotations

import json
from typing import Any

from bceprobe.errors import StoreCorruptError
from bceprobe.store.location import exists, read_bytes, write_bytes

RESTORE = "Restore it from a copy"


def read_document(location: str) -> dict[str, Any]:
    """Read a JSON object.

    Raises
    ------
    StoreCorruptError
        The file is missing, or is not a JSON object.
    """
    if not exists(location):
        raise StoreCorruptError(f"{location} is missing", RESTORE)
    try:
        content = json.loads(read_bytes(location))
    except (ValueError, OSError) as error:
        raise StoreCorruptError(f"{location} is not readable JSON ({error})", RESTORE) from error
    if not isinstance(content, dict):
        raise StoreCorruptError(f"{location} holds no JSON object", RESTORE)
    return content


def write_document(location: str, content: dict[str, Any]) -> None:
    """Write a JSON object, sorted by key, so that equal contents are equal bytes."""
    text = json.dumps(content, indent=2, ensure_ascii=False, sort_keys=True, allow_nan=False)
    write_bytes(location, f"{text}\n".encode())
