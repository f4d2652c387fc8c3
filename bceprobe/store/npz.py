"""NPZ files of features made elsewhere: reading them, and checking that everything in them fits together."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.errors import DataNotFoundError, UsageError
from bceprobe.registry import nearest

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

REQUIRED = ("features", "target", "weight")
OPTIONAL = ("bias", "epoch", "index", "test_features", "test_target", "test_index")
PREFIXES = {"train": "", "test": "test_"}

Arrays = dict[str, "NDArray[Any]"]


@dataclass(frozen=True)
class SplitContent:
    """Checked arrays of a split: features (E, N, d), target (N,), index (N,)."""

    features: NDArray[Any]
    target: NDArray[np.int64]
    index: NDArray[np.int64]


@dataclass(frozen=True)
class Content:
    """Checked arrays of a file: the splits, weight (E, K, d), bias (E, K), and the number of each epoch, (E,)."""

    splits: dict[str, SplitContent]
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    epochs: list[int]

    @property
    def dtype(self) -> str:
        """The data type that stores all features exactly as they are given, float64 rounded to float32."""
        return "float16" if all(_is_half(split.features) for split in self.splits.values()) else "float32"


def load(file: Path) -> Arrays:
    """Read all arrays of an NPZ file; nothing in it is unpickled.

    Raises
    ------
    UsageError
        There is no such file, or it is no NPZ file of plain arrays.
    """
    if not file.is_file():
        raise DataNotFoundError(f"no file {file}", "Give an .npz file written by numpy.savez")
    try:
        return _arrays(file)
    except Exception as error:
        what = f"{file} cannot be read as an NPZ file of plain arrays ({error})"
        raise UsageError(what, "Write one with numpy.savez") from error


def check(arrays: Arrays) -> Content:
    """Check that arrays fit together, and bring them into the shapes of a store.

    Raises
    ------
    UsageError
        What does not fit, by the name of the array.
    """
    _check_names(arrays)
    features = {
        split: _with_epochs(_floats(arrays, f"{prefix}features"), f"{prefix}features", 3)
        for split, prefix in PREFIXES.items()
        if f"{prefix}features" in arrays
    }
    epochs = _epochs(arrays, len(features["train"]))
    weight = _per_epoch(_floats(arrays, "weight"), "weight", 3, len(epochs))
    if weight.shape[1] < 2:  # noqa: PLR2004
        raise UsageError("array 'weight' must have at least two rows (classes)")
    bias = _floats(arrays, "bias") if "bias" in arrays else np.zeros(weight.shape[1], np.float32)
    bias = _per_epoch(bias, "bias", 2, len(epochs))
    _agree("bias", bias.shape, weight.shape[:2])
    splits = {split: _split(arrays, split, values, weight) for split, values in features.items()}
    return Content(splits, weight.astype(np.float32), bias.astype(np.float32), epochs)


def _arrays(file: Path) -> Arrays:
    """Read the members of a zip file that are arrays; other members come as bytes and are ignored."""
    with zipfile.ZipFile(file):
        archive = np.load(file, allow_pickle=False)
    with archive:
        members = {name: archive[name] for name in archive.files}
    return {name: values for name, values in members.items() if isinstance(values, np.ndarray)}


def _split(arrays: Arrays, split: str, features: NDArray[Any], weight: NDArray[Any]) -> SplitContent:
    prefix, samples = PREFIXES[split], features.shape[1]
    epochs, classes, length = weight.shape
    _agree(f"{prefix}features", (len(features), features.shape[2]), (epochs, length))
    target = _integers(arrays, f"{prefix}target", samples)
    if target.max() >= classes:
        labels = f"{target.min()}..{target.max()}"
        raise UsageError(f"array '{prefix}target' holds labels {labels}, outside 0..{classes - 1}")
    named = f"{prefix}index" in arrays
    return SplitContent(features, target, _integers(arrays, f"{prefix}index", samples) if named else np.arange(samples))


def _check_names(arrays: Arrays) -> None:
    needed = [
        *REQUIRED,
        *(("test_features", "test_target") if any(name.startswith("test_") for name in arrays) else ()),
    ]
    missing = [name for name in needed if name not in arrays]
    if missing:
        raise UsageError(f"the file lacks the array {missing[0]!r}", f"It needs: {', '.join(needed)}")
    unknown = sorted(set(arrays) - {*REQUIRED, *OPTIONAL})
    if unknown:
        raise UsageError(f"the file has an unknown array {unknown[0]!r}", nearest(unknown[0], (*REQUIRED, *OPTIONAL)))


def _is_half(values: NDArray[Any]) -> bool:
    return values.dtype == np.float16


def _floats(arrays: Arrays, name: str) -> NDArray[Any]:
    """Return an array in float16 if it is that, else in float32, finite."""
    values = arrays[name]
    if not np.issubdtype(values.dtype, np.floating):
        raise UsageError(f"array {name!r} must hold floating-point numbers, not {values.dtype}")
    with np.errstate(over="ignore"):
        stored = values.astype(np.float16 if values.dtype.itemsize == 2 else np.float32, copy=False)  # noqa: PLR2004
    if not np.isfinite(stored).all():
        raise UsageError(f"array {name!r} contains NaN, inf, or numbers beyond float32")
    return stored


def _with_epochs(values: NDArray[Any], name: str, dims: int) -> NDArray[Any]:
    values = values[None] if values.ndim == dims - 1 else values
    if values.ndim != dims or 0 in values.shape:
        what = f"it needs {dims} dimensions (or {dims - 1}), none empty"
        raise UsageError(f"array {name!r} has shape {values.shape}; {what}")
    return values


def _per_epoch(values: NDArray[Any], name: str, dims: int, epochs: int) -> NDArray[Any]:
    """Repeat an array without epochs for all of them."""
    once = values.ndim == dims - 1
    values = _with_epochs(values, name, dims)
    values = np.broadcast_to(values, (epochs, *values.shape[1:])) if once else values
    _agree(name, values.shape[:1], (epochs,))
    return values


def _epochs(arrays: Arrays, count: int) -> list[int]:
    if "epoch" not in arrays:
        return list(range(1, count + 1))
    epoch = _integers(arrays, "epoch", count)
    if (np.diff(epoch) <= 0).any():
        raise UsageError("array 'epoch' must increase: one number for each epoch of 'features'")
    return [int(number) for number in epoch]


def _integers(arrays: Arrays, name: str, count: int) -> NDArray[np.int64]:
    values = arrays[name]
    if values.shape != (count,) or not np.issubdtype(values.dtype, np.integer):
        raise UsageError(f"array {name!r} must hold {count} integers, not {values.dtype} of shape {values.shape}")
    if values.min() < 0 or values.max() > np.iinfo(np.int64).max:
        raise UsageError(f"array {name!r} holds {values.min()}..{values.max()}; it needs integers from 0 on")
    return values.astype(np.int64)


def _agree(name: str, found: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    if found != wanted:
        raise UsageError(f"array {name!r} has sizes {found} where the others need {wanted}")
