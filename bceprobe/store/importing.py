"""NPZ files in and out, for features made elsewhere. Nothing is written unless everything in the file fits."""

from __future__ import annotations

import hashlib
import io
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile

import numpy as np

from bceprobe.errors import DataNotFoundError, FolderInUseError, UsageError
from bceprobe.store.location import is_url, write_bytes
from bceprobe.store.manifest import update_manifest
from bceprobe.store.writer import StoreWriter

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from bceprobe.store.run import Run

ARRAYS = ("features", "target", "weight", "bias", "test_features", "test_target", "epoch")
REQUIRED = ("features", "target", "weight")


@dataclass(frozen=True)
class _Content:
    """Checked arrays: features (E, N, d) and target (N,) per split, weight (E, K, d), bias (E, K), epoch (E,)."""

    splits: dict[str, tuple[NDArray[Any], NDArray[np.int64]]]
    weight: NDArray[Any]
    bias: NDArray[Any]
    epochs: list[int]


def import_npz(file: str | Path, out: str | Path, provenance: Mapping[str, Any] | None = None) -> Path:
    """Make a run from an NPZ file.

    Parameters
    ----------
    file
        Arrays ``features`` (epoch, sample, feature) or (sample, feature), ``target`` (sample),
        ``weight`` ([epoch,] label, feature), optionally ``bias`` ([epoch,] label; PyTorch's sign, zeros if
        absent), ``test_features``, ``test_target``, ``epoch`` (1, 2, ... if absent).
    out
        The run folder to make; it must not exist or be empty.
    provenance
        What run.json shall say besides the file's name and SHA-256.

    Raises
    ------
    UsageError
        Something in the file does not fit; nothing is written then.
    """
    content, target = _check(_load(Path(file))), Path(out)
    if is_url(out):
        raise UsageError("importing writes to a local folder", f"Import to one, then copy it to {out}")
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise FolderInUseError(f"{target} is not empty", "Choose another --out")
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".{target.name}.importing")
    shutil.rmtree(partial, ignore_errors=True)
    _write(partial, content)
    source = {"file": Path(file).name, "sha256": hashlib.sha256(Path(file).read_bytes()).hexdigest()}
    update_manifest(str(partial), status="finished", provenance=dict(provenance or {}), imported=source)
    partial.replace(target)
    return target


def export_npz(run: Run, file: str | Path, epoch: int | None = None) -> Path:
    """Write one epoch of a run (the last one by default) as an NPZ file that `import_npz` reads."""
    epoch = run.epochs("train")[-1] if epoch is None else epoch
    arrays: dict[str, NDArray[Any]] = {"epoch": np.array([epoch])}
    for split in run.splits:
        prefix = "" if split == "train" else "test_"
        snapshot = run.snapshot(epoch, split)
        arrays[f"{prefix}features"] = np.asarray(snapshot.features[:])[None]
        arrays[f"{prefix}target"] = snapshot.target
        arrays["weight"], arrays["bias"] = snapshot.weight[None], np.asarray(snapshot.bias)[None]
    buffer = io.BytesIO()
    np.savez(buffer, allow_pickle=False, **arrays)
    write_bytes(str(file), buffer.getvalue())
    return Path(file)


def _load(file: Path) -> dict[str, NDArray[Any]]:
    if not file.is_file():
        raise DataNotFoundError(f"no file {file}", "Give an .npz file written by numpy.savez")
    try:
        with np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (BadZipFile, ValueError, EOFError, AttributeError) as error:
        raise UsageError(f"{file} is not an NPZ file of plain arrays ({error})".replace("\n", " ")) from error


def _check(arrays: dict[str, NDArray[Any]]) -> _Content:
    _check_names(arrays)
    weight = _floats(arrays, "weight")
    features = {"train": _with_epochs(_floats(arrays, "features"), "features", 3)}
    if "test_features" in arrays:
        features["test"] = _with_epochs(_floats(arrays, "test_features"), "test_features", 3)
    epochs = _epochs(arrays, len(features["train"]))
    weight = _per_epoch(weight, "weight", 3, len(epochs))
    bias = _floats(arrays, "bias") if "bias" in arrays else np.zeros(weight.shape[1], np.float32)
    bias = _per_epoch(bias, "bias", 2, len(epochs))
    _agree("bias", bias.shape, weight.shape[:2])
    if weight.shape[1] < 2:  # noqa: PLR2004
        raise UsageError("array 'weight' must have at least two rows (classes)")
    splits = {}
    for split, values in features.items():
        prefix = "" if split == "train" else "test_"
        _agree(f"{prefix}features", (len(values), values.shape[2]), (len(epochs), weight.shape[2]))
        splits[split] = (values, _target(arrays, f"{prefix}target", values.shape[1], weight.shape[1]))
    return _Content(splits, weight, bias, epochs)


def _check_names(arrays: dict[str, NDArray[Any]]) -> None:
    missing = [name for name in REQUIRED if name not in arrays]
    if "test_features" in arrays and "test_target" not in arrays:
        missing.append("test_target")
    if missing:
        raise UsageError(f"the file lacks the array {missing[0]!r}", f"It needs: {', '.join(REQUIRED)}")
    unknown = sorted(set(arrays) - set(ARRAYS))
    if unknown:
        raise UsageError(f"the file has an unknown array {unknown[0]!r}", f"Known: {', '.join(ARRAYS)}")


def _floats(arrays: dict[str, NDArray[Any]], name: str) -> NDArray[Any]:
    values = arrays[name]
    if not np.issubdtype(values.dtype, np.floating):
        raise UsageError(f"array {name!r} must hold floating-point numbers, not {values.dtype}")
    stored = values if values.dtype == np.float16 and "features" in name else values.astype(np.float32, copy=False)
    if not np.isfinite(stored).all():
        raise UsageError(f"array {name!r} contains NaN, inf, or numbers beyond float32")
    return stored


def _with_epochs(values: NDArray[Any], name: str, dims: int) -> NDArray[Any]:
    values = values[None] if values.ndim == dims - 1 else values
    if values.ndim != dims or 0 in values.shape:
        raise UsageError(
            f"array {name!r} has shape {values.shape}; it needs {dims} dimensions (or {dims - 1}), none empty"
        )
    return values


def _per_epoch(values: NDArray[Any], name: str, dims: int, epochs: int) -> NDArray[Any]:
    per_epoch = values.ndim == dims
    values = _with_epochs(values, name, dims)
    values = values if per_epoch else np.broadcast_to(values, (epochs, *values.shape[1:]))
    _agree(name, values.shape[:1], (epochs,))
    return values


def _epochs(arrays: dict[str, NDArray[Any]], count: int) -> list[int]:
    epoch = arrays.get("epoch", np.arange(1, count + 1))
    if epoch.shape != (count,) or not np.issubdtype(epoch.dtype, np.integer) or (np.diff(epoch) <= 0).any():
        raise UsageError(f"array 'epoch' must hold {count} increasing integers, one for each epoch of 'features'")
    return [int(number) for number in epoch]


def _target(arrays: dict[str, NDArray[Any]], name: str, samples: int, classes: int) -> NDArray[np.int64]:
    target = arrays[name]
    if target.shape != (samples,) or not np.issubdtype(target.dtype, np.integer):
        raise UsageError(f"array {name!r} must hold {samples} integers, not {target.dtype} of shape {target.shape}")
    if target.min() < 0 or target.max() >= classes:
        raise UsageError(f"array {name!r} holds labels {target.min()}..{target.max()}, outside 0..{classes - 1}")
    return target.astype(np.int64)


def _agree(name: str, found: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    if found != wanted:
        raise UsageError(f"array {name!r} has sizes {found} where the others need {wanted}")


def _write(folder: Path, content: _Content) -> None:
    dtype = "float16" if all(values.dtype == np.float16 for values, _ in content.splits.values()) else "float32"
    classes, length = content.weight.shape[1:]
    writer = StoreWriter(folder, content.epochs, classes, length, dtype=dtype)
    for position, epoch in enumerate(content.epochs):
        writer.write_classifier(epoch, content.weight[position], content.bias[position])
    for split, (features, target) in content.splits.items():
        writer.create_split(split, features.shape[1])
        writer.write_samples(split, target, np.arange(len(target)))
        for position, epoch in enumerate(content.epochs):
            for start, rows in _slabs(features[position], writer.rows_per_write(split)):
                writer.write_features(split, epoch, start, rows)
            writer.commit(split, epoch)


def _slabs(features: NDArray[Any], rows: int) -> Iterator[tuple[int, NDArray[Any]]]:
    for start in range(0, len(features), rows):
        yield start, features[start : start + rows]
