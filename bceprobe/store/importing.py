"""Runs from arrays or NPZ files and back, for features made elsewhere. Nothing is written unless everything fits."""

from __future__ import annotations

import hashlib
import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.errors import FolderInUseError, UsageError
from bceprobe.store.location import local_path, replacing, sync, write_bytes
from bceprobe.store.manifest import CONFIG, update_manifest
from bceprobe.store.npz import PREFIXES, Content, SplitContent, check, load
from bceprobe.store.writer import StoreWriter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from bceprobe.store.run import Run


def import_npz(file: str | Path, out: str | Path, provenance: Mapping[str, Any] | None = None) -> Path:
    """Make a run from an NPZ file, which is read into memory as a whole.

    Parameters
    ----------
    file
        Arrays ``features`` (epoch, sample, feature) or (sample, feature), ``target`` (sample),
        ``weight`` ([epoch,] label, feature), optionally ``bias`` ([epoch,] label; PyTorch's sign, zeros if
        absent), ``index`` (sample; 0..N-1 if absent), ``test_features``, ``test_target``, ``test_index``,
        ``epoch`` (1, 2, ... if absent). float16 features stay float16, all others become float32.
    out
        The run folder to make; it must not exist, or be empty.
    provenance
        What run.json shall say besides the file's name and SHA-256.

    Raises
    ------
    UsageError
        Something in the file or folder does not fit; nothing is written then.
    """
    content, target = check(load(Path(file))), free_folder(out)
    source = {"file": Path(file).name, "sha256": _sha256(Path(file))}
    return _make_run(target, content, provenance=dict(provenance or {}), imported=source)


def import_arrays(
    arrays: Mapping[str, NDArray[Any]],
    out: str | Path,
    provenance: Mapping[str, Any],
    *,
    config: str = "",
    **manifest: Any,
) -> Path:
    """Make a run from arrays in memory, named and checked as those of an NPZ file: see `import_npz`.

    `config` is the text of its config.toml, if it has one, and `manifest` are further entries of run.json.

    Raises
    ------
    UsageError
        Something in the arrays or folder does not fit; nothing is written then.
    """
    return _make_run(free_folder(out), check(dict(arrays)), config, provenance=dict(provenance), **manifest)


def free_folder(out: str | Path) -> Path:
    """Return the local place of a run to be made.

    Raises
    ------
    FolderInUseError
        Something is there.
    """
    target = Path(os.path.abspath(_local(out)))  # noqa: PTH100 - unlike resolve(), keeps a link that the folder shall replace
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise FolderInUseError(f"{target} exists and is not an empty folder", "Choose another --out")
    return target


def export_npz(run: Run, file: str | Path, epoch: int | None = None, *, force: bool = False) -> Path:
    """Write one epoch of a run as an NPZ file that `import_npz` reads.

    Parameters
    ----------
    run
        A run whose train split has the epoch; the test split is exported where it has it, too.
    file
        The local file to write, as a whole or not at all.
    epoch
        Its number; the last one of the train split if left out.
    force
        Replace an existing file.

    Raises
    ------
    UsageError
        The epoch is not in the store, or the file exists.
    """
    target = _free_file(file, force=force)
    epochs = run.epochs("train")
    if not epochs:
        raise UsageError(f"{run.location} has no written epoch of the train split to export")
    arrays = _arrays(run, epochs[-1] if epoch is None else epoch)
    with replacing(target) as stream:
        np.savez(stream, allow_pickle=False, **arrays)
    return target


def _arrays(run: Run, epoch: int) -> dict[str, Any]:
    """Collect the arrays of an epoch by their names in the file."""
    arrays: dict[str, Any] = {"epoch": np.array([epoch])}
    for split in run.splits:
        if split != "train" and epoch not in run.epochs(split):
            continue
        prefix, snapshot = PREFIXES[split], run.snapshot(epoch, split)
        arrays[f"{prefix}features"] = snapshot.features[:][None]
        arrays[f"{prefix}target"], arrays[f"{prefix}index"] = snapshot.target, run.array(split, "index")[:]
        arrays["weight"], arrays["bias"] = snapshot.weight[None], np.asarray(snapshot.bias)[None]
    return arrays


def _free_file(file: str | Path, *, force: bool) -> Path:
    target = _local(file)
    if target.is_dir():
        raise UsageError(f"{file} is a folder", "Choose a file name ending in .npz")
    if target.exists() and not force:
        raise FolderInUseError(f"{file} exists", "Replace it with --force, or choose another --out")
    return target


def _local(location: str | Path) -> Path:
    path = local_path(location)
    if path is None:
        raise UsageError(f"{location} is not a local path", "Write to one, then copy it there")
    return path


def _make_run(target: Path, content: Content, config: str = "", **manifest: Any) -> Path:
    """Write a run under another name and rename it, so that it is there as a whole or not at all."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.importing")
    shutil.rmtree(partial, ignore_errors=True)
    try:
        _write(partial, content)
        if config:
            write_bytes(str(partial / CONFIG), config.encode())
        update_manifest(str(partial), status="finished", **manifest)
        partial.replace(target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    sync(target.parent)
    return target


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _write(folder: Path, content: Content) -> None:
    classes, length = content.weight.shape[1:]
    writer = StoreWriter(folder, content.epochs, classes, length, dtype=content.dtype)
    for epoch, weight, bias in zip(content.epochs, content.weight, content.bias, strict=True):
        writer.write_classifier(epoch, weight, bias)
    for name, split in content.splits.items():
        _write_split(writer, name, split)


def _write_split(writer: StoreWriter, name: str, split: SplitContent) -> None:
    samples = split.features.shape[1]
    writer.create_split(name, samples)
    writer.write_samples(name, split.target, split.index)
    rows = writer.rows_per_write(name)
    for epoch, features in zip(writer.epochs, split.features, strict=True):
        for start in range(0, samples, rows):
            writer.write_features(name, epoch, start, features[start : start + rows])
        writer.commit(name, epoch)
