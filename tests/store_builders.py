"""Contents of stores, written with `StoreWriter` and looked at file by file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from unittest import mock

import numpy as np

from bceprobe.store import StoreWriter, schema
from bceprobe.store.manifest import update_manifest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True)
class StoredSplit:
    """Features (E, N, d), target (N,), index (N,)."""

    features: NDArray[Any]
    target: NDArray[np.int64]
    index: NDArray[np.int64]


@dataclass(frozen=True)
class Stored:
    """What a store holds: weight (E, K, d), bias (E, K), splits; and how: samples per chunk, sharded or not."""

    epochs: list[int]
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]
    splits: dict[str, StoredSplit]
    dtype: str = "float32"
    rows: int = 4
    shard: bool = False

    def writer(self, location: str | Path) -> StoreWriter:
        """A writer for these sizes."""
        _, classes, length = self.weight.shape
        return StoreWriter(location, self.epochs, classes, length, dtype=self.dtype, shard=self.shard)

    def write(self, location: str | Path, writer: StoreWriter | None = None) -> None:
        """Write everything that is not written yet."""
        writer = writer or self.writer(location)
        for position in range(len(self.epochs)):
            self.write_epoch(writer, position)
        update_manifest(str(location), status="finished")

    def write_epoch(self, writer: StoreWriter, position: int) -> None:
        """Write an epoch of the classifier and of every split."""
        epoch = self.epochs[position]
        writer.write_classifier(epoch, self.weight[position], self.bias[position])
        for name in self.splits:
            self.write_split(writer, name, position)

    def write_split(self, writer: StoreWriter, name: str, position: int, *, commit: bool = True) -> None:
        """Write an epoch of a split, in chunks of `rows` samples."""
        split, epoch = self.splits[name], self.epochs[position]
        samples = split.features.shape[1]
        with self.chunks():
            writer.create_split(name, samples)
        writer.write_samples(name, split.target, split.index)
        step = writer.rows_per_write(name)
        for start in range(0, samples, step):
            writer.write_features(name, epoch, start, split.features[position, start : start + step])
        if commit:
            writer.commit(name, epoch)

    def chunks(self) -> Any:
        """Make the writer choose chunks of `rows` samples instead of 8 MB."""
        return mock.patch.object(schema, "CHUNK_BYTES", self.rows * self.row_bytes)

    @property
    def row_bytes(self) -> int:
        """Bytes of one sample."""
        return int(self.weight.shape[2] * np.dtype(self.dtype).itemsize)


def example(**changes: Any) -> Stored:
    """Three epochs, two splits, three classes, features of length 4, chunks of 4 samples."""
    source = np.random.default_rng(0)
    epochs, classes, length = [1, 2, 5], 3, 4
    weight = source.normal(size=(3, classes, length)).astype(np.float32)
    dtype = changes.get("dtype", "float32")
    splits = {
        name: StoredSplit(
            source.normal(size=(3, samples, length)).astype(dtype),
            np.sort(source.integers(0, classes, samples)),
            source.permutation(samples),
        )
        for name, samples in (("train", 10), ("test", 5))
    }
    return Stored(epochs, weight, source.normal(size=(3, classes)).astype(np.float32), splits, **changes)


def write_example(location: str | Path, **changes: Any) -> Stored:
    """Write the example; returns what was written."""
    stored = example(**changes)
    stored.write(location)
    return stored


def files(folder: Path) -> dict[str, bytes]:
    """Every file of a store by its path in it."""
    found = [path for path in (folder / "store.zarr").rglob("*") if path.is_file()]
    return {path.relative_to(folder / "store.zarr").as_posix(): path.read_bytes() for path in found}


def change(path: Path, edit: Callable[[bytearray], object]) -> None:
    """Edit the bytes of a file in place."""
    content = bytearray(path.read_bytes())
    edit(content)
    path.write_bytes(content)


def flip(path: Path, position: int = 7) -> None:
    """Flip one bit of a file."""
    content = bytearray(path.read_bytes())
    content[position % len(content)] ^= 0x10
    path.write_bytes(content)


def same_bits(found: Any, expected: Any) -> bool:
    """Tell whether two arrays agree in data type, shape and every bit."""
    found, expected = np.asarray(found), np.asarray(expected)
    return bool(
        found.dtype == expected.dtype and found.shape == expected.shape and found.tobytes() == expected.tobytes()
    )
