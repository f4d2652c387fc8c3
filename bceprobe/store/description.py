"""A run in a few words and numbers: what `bceprobe store info` shows."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from bceprobe.errors import StoreCorruptError
from bceprobe.store import schema
from bceprobe.store.location import size
from bceprobe.store.metadata import read_root

if TYPE_CHECKING:
    from bceprobe.store.run import Run

SCHEMA_VERSION = 1


def describe(run: Run) -> dict[str, Any]:
    """Describe a run by its metadata; no features are read.

    Returns
    -------
    dict
        ``run``, ``store_version``, ``status``, ``bytes``, ``loss``, ``model``, ``dataset``, ``seed``, ``started``,
        ``imported``, ``selected`` (what `describe_selection` says) and ``stopped`` (the entry of run.json), None where
        not known; and under ``splits`` what `describe_split` says of each.

    Raises
    ------
    StoreError
        The run cannot be read.
    """
    manifest, settings = run.manifest, run.settings
    return {
        "schema_version": SCHEMA_VERSION,
        "run": run.location,
        "store_version": read_root(run.path)["attributes"]["encoding-version"],
        "status": manifest.get("status"),
        "loss": _entry(settings, "loss", "name"),
        "model": _entry(settings, "model", "name"),
        "dataset": _entry(settings, "data", "name"),
        "seed": _entry(settings, "seed"),
        "started": _entry(manifest, "provenance", "started"),
        "imported": _entry(manifest, "imported", "file"),
        "selected": describe_selection(run),
        "stopped": manifest.get("stopped"),
        "bytes": size(run.path),
        "splits": {split: describe_split(run, split) for split in run.splits},
    }


def describe_selection(run: Run) -> dict[str, Any] | None:
    """Describe the epoch that counts: ``epoch``, ``criterion``, ``value``, what to ``remark``, and if it is stored.

    None before there is one, or where a damaged history does not tell it.
    """
    try:
        found = run.selection
    except StoreCorruptError:
        return None
    if found is None:
        return None
    captured = any(found.epoch in run.epochs(split) for split in run.splits)
    return {**asdict(found), "remark": found.remark, "captured": captured}


def describe_split(run: Run, split: str) -> dict[str, Any]:
    """Describe a split by its sizes, data type and layout.

    ``epochs`` lists the written ones, ``planned`` is how many were to be captured, ``chunk`` the samples of one.
    """
    written = run.epochs(split)
    features = run.array(split, "features")
    planned, samples, length = features.shape
    return {
        "samples": samples,
        "classes": run.array(schema.CLASSIFIER, "weight").shape[1],
        "features": length,
        "dtype": str(features.dtype),
        "chunk": features.source.chunks[1],
        "sharded": features.source.shards is not None,
        "epochs": written,
        "planned": planned,
    }


def _entry(content: Any, *keys: str) -> Any:
    """Look up a nested entry; None where any part of the way is missing."""
    for key in keys:
        content = content.get(key) if isinstance(content, dict) else None
    return content
