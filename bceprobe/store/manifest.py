"""run.json: everything about a run that may change after the store was created."""

from __future__ import annotations

import threading
from typing import Any

from bceprobe.errors import StoreNotFoundError, StoreVersionError
from bceprobe.store.documents import read_document, write_document
from bceprobe.store.location import child, exists

FILE = "run.json"
# The settings of a run that bceprobe made, beside it.
CONFIG = "config.toml"
SCHEMA_VERSION = 1
STATUSES = ("running", "finished", "interrupted", "diverged", "failed")

_LOCK = threading.Lock()


def read_manifest(location: str) -> dict[str, Any]:
    """Read the run.json of a run folder.

    Raises
    ------
    StoreNotFoundError
        No run.json there.
    StoreCorruptError
        It is not a JSON object.
    StoreVersionError
        A newer program wrote it, or none that is known.
    """
    path = child(location, FILE)
    if not exists(path):
        raise StoreNotFoundError(f"no run at {location}", f"A run is a folder with {FILE} and store.zarr")
    content = read_document(path)
    if content.get("schema_version") != SCHEMA_VERSION:
        hint = f"This bceprobe reads version {SCHEMA_VERSION}; you may need to update it"
        raise StoreVersionError(f"{path} has schema_version {content.get('schema_version')!r}", hint)
    return content


def update_manifest(location: str, **changes: Any) -> dict[str, Any]:
    """Merge top-level entries into run.json (made if absent) and return the whole.

    Threads of one process may do so at the same time.
    """
    path = child(location, FILE)
    with _LOCK:
        content = read_manifest(location) if exists(path) else {"schema_version": SCHEMA_VERSION}
        content.update(changes)
        write_document(path, content)
    return content
