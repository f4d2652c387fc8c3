"""Run: reading one run. Epochs that are not marked as written do not exist for a reader."""

from __future__ import annotations

import hashlib
import tomllib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr
import zarr

from bceprobe.errors import StoreCorruptError, StoreNotFoundError, UsageError
from bceprobe.snapshot import Snapshot
from bceprobe.store import schema
from bceprobe.store.location import child, exists, is_url, read_bytes, subfolders, tail
from bceprobe.store.manifest import FILE, read_manifest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class Run:
    """A stored run, read lazily. Make one with `open_run`."""

    def __init__(self, location: str) -> None:
        self.location = location.rstrip("/")
        self.path = child(self.location, "store.zarr")
        self._arrays: dict[str, zarr.Array[Any]] = {}

    def __repr__(self) -> str:
        return f"Run({self.location!r})"

    @property
    def name(self) -> str:
        """The last part of the location; shown, never parsed."""
        return Path(self.location).resolve().name if not is_url(self.location) else self.location.rsplit("/", 1)[-1]

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The content of run.json."""
        return read_manifest(self.location)

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The content of config.toml; empty for a run that `bceprobe train` did not make."""
        path = child(self.location, "config.toml")
        return tomllib.loads(read_bytes(path).decode()) if exists(path) else {}

    @cached_property
    def root(self) -> zarr.Group:
        """The Zarr group of the store, opened for reading, its version checked."""
        try:
            root = zarr.open_group(self.path, mode="r", use_consolidated=False)
        except FileNotFoundError as error:
            raise StoreNotFoundError(f"no store at {self.path}", "Nothing was captured yet, or it was moved") from error
        schema.check_version(root.attrs, self.path)
        return root

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that the store holds, of ``("train", "test")``."""
        return tuple(split for split in schema.SPLITS if split in self.root)

    def epochs(self, split: str = "train") -> list[int]:
        """List the epochs of a split that are completely written, increasing."""
        if split not in self.splits:
            raise UsageError(f"{self.path} has no split {split!r}", f"It holds: {', '.join(self.splits) or 'none yet'}")
        written = self._read(split, "written") & self._read(schema.CLASSIFIER, "written")
        return [int(epoch) for epoch in self._read(split, "epoch")[written]]

    def snapshot(
        self, epoch: int, split: str = "train", *, global_mean: Literal["sample", "class"] = "sample"
    ) -> Snapshot:
        """Open one epoch of one split; features are read from disk when they are used.

        Raises
        ------
        UsageError
            The split or epoch is not in the store.
        StoreCorruptError
            On reading: a chunk is missing or its checksum is wrong.
        """
        position = self._position(epoch, split)
        weight = self._read(schema.CLASSIFIER, "weight", position)
        bias = self._read(schema.CLASSIFIER, "bias", position)
        target = self._read(split, "target")
        return Snapshot(StoredFeatures(self, split, position, epoch), target, weight, bias, global_mean)

    def dataset(self, group: str) -> xr.Dataset:
        """Open a group as a lazy Dataset that holds only what is completely written."""
        dataset: xr.Dataset = xr.open_zarr(self.path, group=group, consolidated=False, chunks=None)
        return dataset.isel(epoch=np.flatnonzero(dataset["written"].values)).drop_vars("written")

    def fingerprint(self, epoch: int, split: str) -> str:
        """Digest the content of an epoch from the checksums of its chunks, without reading the data."""
        position = self._position(epoch, split)
        digest = hashlib.sha256()
        for group, name in (
            (split, "features"),
            (split, "target"),
            (schema.CLASSIFIER, "weight"),
            (schema.CLASSIFIER, "bias"),
        ):
            for key in self.chunk_keys(group, name, position):
                digest.update(self._checksum(group, name, key))
        return digest.hexdigest()

    def array(self, group: str, name: str) -> zarr.Array[Any]:
        """Open an array of the store."""
        key = f"{group}/{name}"
        if key not in self._arrays:
            found: Any = self.root.get(key)
            if not isinstance(found, zarr.Array):
                raise StoreCorruptError(f"{self.path} has no array {key}", "Run: bceprobe store validate")
            self._arrays[key] = found
        return self._arrays[key]

    def chunk_keys(self, group: str, name: str, position: int) -> list[str]:
        """List the keys of the stored objects that hold an epoch of an array, or a whole array without epochs."""
        array = self.array(group, name)
        units = array.shards or array.chunks
        counts = [-(-length // unit) for length, unit in zip(array.shape, units, strict=True)]
        if array.metadata.dimension_names[0] == "epoch":  # type: ignore[union-attr, index]
            return [f"c/{position}/{'/'.join(map(str, rest))}" for rest in np.ndindex(*counts[1:])]
        return [f"c/{'/'.join(map(str, key))}" for key in np.ndindex(*counts)]

    def _position(self, epoch: int, split: str) -> int:
        if epoch not in self.epochs(split):
            raise UsageError(f"{self.path} has no written epoch {epoch} of split {split!r}")
        return int(np.searchsorted(self._read(split, "epoch"), epoch))

    def _checksum(self, group: str, name: str, key: str) -> bytes:
        """Read the crc32c that ends a chunk; a shard ends otherwise and is read whole."""
        path = child(self.path, group, name, key)
        try:
            return read_bytes(path) if self.array(group, name).shards else tail(path, 4)
        except FileNotFoundError as error:
            raise missing_chunk(path) from error

    def _read(self, group: str, name: str, position: int | slice = slice(None)) -> NDArray[Any]:
        try:
            return np.asarray(self.array(group, name)[position])
        except ValueError as error:
            raise StoreCorruptError(f"{child(self.path, group, name)} is damaged ({error})") from error


class StoredFeatures:
    """The features of one epoch and split, (N, d), read when rows are asked for."""

    def __init__(self, run: Run, split: str, position: int, epoch: int) -> None:
        self._run, self._split, self._position, self._epoch = run, split, position, epoch
        self._array = run.array(split, "features")

    @property
    def shape(self) -> tuple[int, int]:
        """Samples and feature length."""
        return self._array.shape[1], self._array.shape[2]

    @property
    def dtype(self) -> np.dtype[Any]:
        """Stored data type."""
        return np.dtype(self._array.dtype)

    def __getitem__(self, rows: slice, /) -> NDArray[Any]:
        """Read rows; damage is reported with file, epoch and split."""
        try:
            features = np.asarray(self._array[self._position, rows])
        except ValueError as error:
            raise self._damage(rows) from error
        if not np.isfinite(features.sum(dtype=np.float64)):
            raise self._damage(rows)
        return features

    def _damage(self, rows: slice) -> StoreCorruptError:
        """Find the first chunk among some rows that is missing or damaged."""
        unit = (self._array.shards or self._array.chunks)[1]
        for key in self._run.chunk_keys(self._split, "features", self._position):
            path = child(self._run.path, self._split, "features", key)
            start = int(key.split("/")[2]) * unit
            if start + unit > (rows.start or 0) and (found := self._defect(path, slice(start, start + unit))):
                return StoreCorruptError(
                    f"{found} (epoch {self._epoch}, split {self._split})", "Restore it from a copy"
                )
        return StoreCorruptError(f"features of epoch {self._epoch}, split {self._split} cannot be read")

    def _defect(self, path: str, rows: slice) -> str:
        if not exists(path):
            return f"chunk {path} is missing"
        try:
            values = np.asarray(self._array[self._position, rows])
        except ValueError as error:
            return f"chunk {path} is damaged: {error}".rstrip(".")
        return "" if np.isfinite(values.astype(np.float64)).all() else f"chunk {path} holds NaN or inf"


def missing_chunk(path: str) -> StoreCorruptError:
    """Make the error for a chunk that is not there though its epoch is marked as written."""
    return StoreCorruptError(f"chunk {path} is missing", "Restore it from a copy")


def open_run(location: str | Path) -> Run:
    """Open a run folder or URL for reading.

    Parameters
    ----------
    location
        A folder with ``run.json`` and ``store.zarr``, or its URL (``s3://...``).

    Returns
    -------
    Run
        Lazy: nothing but the metadata is read here.

    Raises
    ------
    StoreNotFoundError
        No run there.
    StoreVersionError
        A store that this version cannot read.
    """
    run = Run(str(location))
    if not exists(child(run.location, FILE)) and not exists(child(run.path, "zarr.json")):
        raise StoreNotFoundError(f"no run at {location}", f"A run is a folder with {FILE} and store.zarr")
    _ = run.root
    return run


def find_runs(location: str | Path) -> list[Run]:
    """Open a run, or all runs inside a folder (searched to any depth), sorted by path.

    Raises
    ------
    StoreNotFoundError
        Nothing there is a run.
    """
    runs = [open_run(found) for found in _run_locations(str(location))]
    if not runs:
        raise StoreNotFoundError(f"no run at or below {location}", "Train one: bceprobe train --help")
    return runs


def _run_locations(location: str) -> Sequence[str]:
    if exists(child(location, FILE)) or exists(child(location, "store.zarr")):
        return [location]
    return [found for folder in subfolders(location) for found in _run_locations(folder)]
