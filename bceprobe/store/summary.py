"""What a run holds, at a glance: sizes, progress, and the settings that made it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bceprobe.store import schema
from bceprobe.store.location import child, exists, size
from bceprobe.store.manifest import FILE

if TYPE_CHECKING:
    from bceprobe.store.run import Run

SCHEMA_VERSION = 1
SETTINGS = {"loss": "loss", "model": "model", "dataset": "data"}


def summarise(run: Run) -> dict[str, Any]:
    """Describe a run without reading its features.

    Returns
    -------
    dict
        ``run``, ``version``, ``status``, names of ``loss``, ``model``, ``dataset`` and the ``seed`` (None where there
        is no config.toml), ``classes``, ``feature_length``, ``bytes`` of the store, and in ``splits`` a dict for each:
        ``split``, ``samples``, ``written`` and ``planned`` epochs, ``chunk_rows``, ``dtype``.

    Raises
    ------
    StoreError
        The run cannot be read.
    """
    classes, length = run.array(schema.CLASSIFIER, "weight").shape[1:]
    return {
        "run": run.name,
        "version": run.root.attrs["encoding-version"],
        "status": run.manifest.get("status") if exists(child(run.location, FILE)) else None,
        **_settings(run),
        "classes": classes,
        "feature_length": length,
        "bytes": size(run.path),
        "splits": [_split(run, split) for split in run.splits],
    }


def counts(run: Run) -> str:
    """Say in a few words what a run holds.

    Returns
    -------
    str
        Such as ``"K = 10, d = 64; train: 20 of 20 epochs of 1437 samples"``.
    """
    summary = summarise(run)
    parts = [
        f"{part['split']}: {part['written']} of {part['planned']} epochs of {part['samples']} samples"
        for part in summary["splits"]
    ]
    return "; ".join([f"K = {summary['classes']}, d = {summary['feature_length']}", *parts])


def _settings(run: Run) -> dict[str, Any]:
    """Pick what tells runs apart; a foreign config.toml may lack any of it."""
    tables = {name: run.settings.get(table) for name, table in SETTINGS.items()}
    names = {name: table.get("name") if isinstance(table, dict) else None for name, table in tables.items()}
    return {**names, "seed": run.settings.get("seed")}


def _split(run: Run, split: str) -> dict[str, Any]:
    features = run.array(split, "features")
    planned, samples, _ = features.shape
    return {
        "split": split,
        "samples": samples,
        "written": len(run.epochs(split)),
        "planned": planned,
        "chunk_rows": features.zarr.chunks[1],
        "dtype": str(features.dtype),
    }
