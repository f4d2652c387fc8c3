"""Run: reading one run. Epochs that are not marked as written do not exist for a reader."""

from __future__ import annotations

import csv
import math
import tomllib
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import xarray as xr
import zarr

from bceprobe.errors import StoreCorruptError, StoreNotFoundError, UsageError
from bceprobe.store import schema
from bceprobe.store.arrays import StoredArray
from bceprobe.store.documents import RESTORE
from bceprobe.store.location import child, exists, is_url, read_bytes
from bceprobe.store.manifest import CONFIG, FILE, read_manifest
from bceprobe.store.metadata import has_store, listed, read_root
from bceprobe.store.selection import Selection, choose, read_rows
from bceprobe.store.split import StoredSplit
from bceprobe.store.structure import open_array, structure_problems
from bceprobe.store.zarr_stores import readable

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.snapshot import Snapshot


class Run:
    """A stored run, read lazily: what is written after it was opened is seen. Make one with `open_run`."""

    def __init__(self, location: str) -> None:
        self.location = location.rstrip("/") or "/"
        self.path = child(self.location, schema.STORE)
        self._arrays: dict[tuple[str, str], zarr.Array[Any]] = {}
        self._sound: set[str] = set()

    def __repr__(self) -> str:
        return f"Run({self.location!r})"

    @property
    def name(self) -> str:
        """The last part of the location; shown, never parsed."""
        return Path(self.location).resolve().name if not is_url(self.location) else self.location.rsplit("/", 1)[-1]

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The content of run.json; empty where a store has none."""
        return read_manifest(self.location) if exists(child(self.location, FILE)) else {}

    def said(self, *keys: str) -> dict[str, Any]:
        """Return the table below some keys of run.json; empty where it has none.

        Raises
        ------
        StoreCorruptError
            Something else is there.
        """
        found: Any = self.manifest
        for depth, key in enumerate(keys, 1):
            found = found.get(key, {})
            if not isinstance(found, dict):
                what = f"{child(self.location, FILE)}: {'.'.join(keys[:depth])} is {found!r}, which is no table"
                raise StoreCorruptError(what, RESTORE)
        return dict(found)

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The content of config.toml; empty for a run that `bceprobe train` did not make."""
        path = child(self.location, CONFIG)
        try:
            return tomllib.loads(read_bytes(path).decode()) if exists(path) else {}
        except ValueError as error:
            raise StoreCorruptError(f"{path} is not valid TOML ({error})", RESTORE) from error

    @property
    def learning_rates(self) -> dict[int, float]:
        """The learning rate of every epoch that history.csv has one for; none without that file or its column lr.

        Raises
        ------
        StoreCorruptError
            The file is not readable as numbers.
        """
        path = child(self.location, "history.csv")
        try:
            return _learning_rates(read_bytes(path).decode()) if exists(path) else {}
        except (KeyError, TypeError, ValueError, OSError, csv.Error) as error:
            raise StoreCorruptError(f"{path} has no readable columns epoch and lr", RESTORE) from error

    @property
    def selection(self) -> Selection | None:
        """The epoch that counts, by the run's setting `select` and its history.csv; None before there is one.

        A run without a history of epochs, such as an imported one, has its last written epoch.

        Raises
        ------
        StoreCorruptError
            The history is not readable.
        """
        path = child(self.location, "history.csv")
        try:
            rows = read_rows(read_bytes(path).decode()) if exists(path) else []
            if rows and "epoch" in rows[0]:
                return choose(rows, self.settings.get("select", "last"))
            return choose(({"epoch": epoch} for split in self.splits for epoch in self.epochs(split)), "last")
        except (KeyError, TypeError, ValueError, OSError, csv.Error) as error:
            raise StoreCorruptError(f"{path} has no readable columns epoch and test_accuracy", RESTORE) from error

    @cached_property
    def root(self) -> zarr.Group:
        """The Zarr group of the store, opened for reading, its version checked."""
        read_root(self.path)
        try:
            return zarr.open_group(readable(self.path), mode="r", use_consolidated=False)
        except Exception as error:
            raise StoreCorruptError(f"{self.path} is not readable as a Zarr group ({error})", RESTORE) from error

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that the store holds, of ``("train", "test")``; none before the first capture."""
        try:
            members = listed(read_root(self.path), self.path)
        except StoreNotFoundError:
            return ()
        return tuple(split for split in schema.SPLITS if split in members)

    def epochs(self, split: str = "train") -> list[int]:
        """List the epochs of a split that are completely written, increasing."""
        return self.split(split).epochs

    def snapshot(
        self, epoch: int, split: str = "train", *, global_mean: Literal["sample", "class"] = "sample"
    ) -> Snapshot:
        """Open one epoch of one split; features are read from disk when they are used.

        Raises
        ------
        UsageError
            The split or epoch is not in the store.
        StoreCorruptError
            A chunk is missing, damaged or holds impossible values; for features this is found when they are used.
        """
        return self.split(split).snapshot(epoch, global_mean=global_mean)

    def dataset(self, group: str) -> xr.Dataset:
        """Open a group as a lazy Dataset that holds only what is completely written.

        xarray reads it, with its own errors: a damaged chunk is a ValueError, a missing one NaN.
        """
        written = np.flatnonzero(self._written(group))
        dataset: xr.Dataset = xr.open_zarr(readable(self.path), group=group, chunks=None)
        return dataset.isel(epoch=written).drop_vars("written")

    def split(self, name: str = "train") -> StoredSplit:
        """Look up which epochs of a split there are now; for reading many of them."""
        written = np.flatnonzero(self._written(name))
        numbers = self._epoch_numbers(name)[written].tolist()
        return StoredSplit(self, name, dict(zip(numbers, written.tolist(), strict=True)))

    def fingerprint(self, epoch: int, split: str) -> str:
        """Digest the content of an epoch from the checksums of its chunks (see `StoredSplit.fingerprint`)."""
        return self.split(split).fingerprint(epoch)

    def array(self, group: str, name: str, epoch_position: int | None = None, owner: str = "") -> StoredArray:
        """Open an array of the store, or one epoch of it by position, with damage reported as of its `owner`."""
        if (group, name) not in self._arrays:
            self._arrays[group, name] = open_array(self.root, self.path, group, name)
        owner = owner or (group if group == schema.CLASSIFIER else f"split {group}")
        return StoredArray(child(self.path, group, name), self._arrays[group, name], owner, epoch_position)

    def _written(self, group: str) -> NDArray[np.bool_]:
        """Read which epochs of a group count, (epoch,): written, and with their classifier."""
        self.check(group)
        written = self.array(group, "written")[:] & self.array(schema.CLASSIFIER, "written")[:]
        return np.asarray(written, bool)

    def _epoch_numbers(self, group: str) -> NDArray[np.int64]:
        self.check(group)
        return np.asarray(self.array(group, "epoch")[:], np.int64)

    def check(self, group: str) -> None:
        """Refuse a group that is not there or whose arrays do not fit together; looked at once."""
        if group in self._sound:
            return
        if group != schema.CLASSIFIER and group not in self.splits:
            raise UsageError(f"{self.path} has no split {group!r}", f"It holds: {', '.join(self.splits) or 'none yet'}")
        for name in (schema.CLASSIFIER, group):
            if problem := next(structure_problems(self.root, self.path, name), ""):
                raise StoreCorruptError(problem, "See all problems with: bceprobe store validate")
        if not np.array_equal(self.array(group, "epoch")[:], self.array(schema.CLASSIFIER, "epoch")[:]):
            raise StoreCorruptError(
                f"{child(self.path, group, 'epoch')} differs from that of {schema.CLASSIFIER}", RESTORE
            )
        self._sound.add(group)


def open_run(location: str | Path) -> Run:
    """Open a run folder or URL for reading.

    Parameters
    ----------
    location
        A folder with ``run.json`` and ``store.zarr``, or its URL (``s3://...``). The store may be still to come.

    Returns
    -------
    Run
        Lazy: nothing but the version of the store is read here.

    Raises
    ------
    StoreNotFoundError
        No run there.
    StoreVersionError
        A store that this version cannot read.
    """
    run = Run(str(location))
    if not is_run(run.location):
        raise StoreNotFoundError(f"no run at {location}", f"A run is a folder with {FILE} and {schema.STORE}")
    _ = run.splits
    return run


def is_run(location: str) -> bool:
    """Tell whether a location is that of a run."""
    return exists(child(location, FILE)) or has_store(child(location, schema.STORE))


def _learning_rates(text: str) -> dict[int, float]:
    """Read the columns epoch and lr of a CSV table; an empty cell is an epoch whose rate is not known."""
    table = csv.DictReader(text.splitlines())
    if "lr" not in (table.fieldnames or ()):
        return {}
    rates = {int(row["epoch"]): float(row["lr"]) for row in table if row["lr"] != ""}
    if not all(map(math.isfinite, rates.values())):
        raise ValueError("a learning rate is not finite")
    return rates
