"""StoreWriter: the only code that changes a store.

The order of writes is the whole of crash safety: chunks, then their fsync, then `written[epoch]`. A group is built
beside the store and moved into it complete, so a killed process leaves whole groups and whole epochs or none.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr

from bceprobe.errors import StoreCorruptError, UsageError
from bceprobe.store import schema
from bceprobe.store.location import child, exists, is_url, sync_folder, sync_tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

BUILDING = ".building"


class StoreWriter:
    """Creates or continues the store of a run.

    Parameters
    ----------
    location
        The run folder or URL; the store is its ``store.zarr``.
    epochs
        The epochs that will be captured, increasing.
    classes, feature_length
        K and d.
    dtype
        Of the stored features, ``"float32"`` or ``"float16"``.
    shard
        One file per epoch and split instead of one per chunk; a whole epoch is then buffered in memory.

    Raises
    ------
    UsageError
        An existing store has other epochs, classes or feature length.
    """

    def __init__(
        self,
        location: str | Path,
        epochs: Sequence[int],
        classes: int,
        feature_length: int,
        *,
        dtype: str = "float32",
        shard: bool = False,
    ) -> None:
        schema.quiet_consolidation()
        self.location = str(location)
        self.path = child(self.location, "store.zarr")
        self.epochs = {epoch: position for position, epoch in enumerate(epochs)}
        self.sizes = {"epoch": len(epochs), "label": classes, "feature": feature_length}
        self.dtype = dtype
        self.shard = shard
        self._arrays: dict[tuple[str, str], zarr.Array[Any]] = {}
        self._root = self._open() if exists(child(self.path, "zarr.json")) else self._create()

    def create_split(self, split: str, samples: int) -> None:
        """Preallocate the group of a split, unless it is there already with the same shape."""
        if split not in self._root:
            self._add_group(split, {**self.sizes, "sample": samples})
        shape = self._array(split, "features").shape
        if shape[1] != samples:
            raise UsageError(f"split {split!r} of {self.path} holds {shape[1]} samples, not {samples}")

    def rows_per_write(self, split: str) -> int:
        """Count the samples that must be written together: a chunk, or a whole epoch where shards are used."""
        features = self._array(split, "features")
        return int((features.shards or features.chunks)[1])

    def write_features(self, split: str, epoch: int, start: int, features: NDArray[Any]) -> None:
        """Write consecutive samples; ``start`` is a multiple of `rows_per_write`."""
        if not np.isfinite(features.sum(dtype=np.float64)):
            raise StoreCorruptError(f"features of epoch {epoch} ({split}) contain NaN or inf and are not stored")
        self._array(split, "features")[self.epochs[epoch], start : start + len(features)] = features

    def write_samples(self, split: str, target: NDArray[np.int64], index: NDArray[np.int64]) -> None:
        """Write the labels of a split and each sample's place in its data set."""
        self._array(split, "target")[:] = target
        self._array(split, "index")[:] = index
        self._sync(split, "target")
        self._sync(split, "index")

    def write_classifier(self, epoch: int, weight: NDArray[Any], bias: NDArray[Any]) -> None:
        """Write the classifier of an epoch; it counts at once."""
        if not (np.isfinite(weight).all() and np.isfinite(bias).all()):
            raise StoreCorruptError(f"the classifier of epoch {epoch} contains NaN or inf and is not stored")
        self._array(schema.CLASSIFIER, "weight")[self.epochs[epoch]] = weight
        self._array(schema.CLASSIFIER, "bias")[self.epochs[epoch]] = bias
        self._sync(schema.CLASSIFIER, "weight", str(self.epochs[epoch]))
        self._sync(schema.CLASSIFIER, "bias", str(self.epochs[epoch]))
        self._mark(schema.CLASSIFIER, self.epochs[epoch], written=True)

    def commit(self, split: str, epoch: int) -> None:
        """Make an epoch count: its data is forced to disk, then it is marked as written."""
        self._sync(split, "features", str(self.epochs[epoch]))
        self._mark(split, self.epochs[epoch], written=True)

    def discard_after(self, epoch: int) -> None:
        """Make all later epochs not count, so that they can be written again."""
        later = [position for number, position in self.epochs.items() if number > epoch]
        for group in self._root.group_keys():
            if later and np.asarray(self._array(group, "written")[later[0] :]).any():
                self._mark(group, slice(later[0], None), written=False)

    def _create(self) -> zarr.Group:
        attributes = {"encoding-type": schema.ENCODING_TYPE, "encoding-version": schema.ENCODING_VERSION}
        self._root = zarr.create_group(self.path, attributes=attributes)
        self._add_group(schema.CLASSIFIER, self.sizes)
        return self._root

    def _open(self) -> zarr.Group:
        self._remove_leftovers()
        root = zarr.open_group(self.path, mode="r+", use_consolidated=False)
        schema.check_version(root.attrs, self.path)
        self._root = root
        if schema.CLASSIFIER not in root:
            self._add_group(schema.CLASSIFIER, self.sizes)
        self._check_continues()
        zarr.consolidate_metadata(self.path)
        return root

    def _check_continues(self) -> None:
        found = (np.asarray(self._array(schema.CLASSIFIER, "epoch")[:]).tolist(), self._weight_shape())
        wanted = (list(self.epochs), (self.sizes["label"], self.sizes["feature"]))
        if found != wanted:
            raise UsageError(f"{self.path} was made for other epochs, classes or feature length", "Use another folder")

    def _weight_shape(self) -> tuple[int, ...]:
        return self._array(schema.CLASSIFIER, "weight").shape[1:]

    def _add_group(self, name: str, sizes: dict[str, int]) -> None:
        """Build a group complete beside the store, move it in, and make it visible to readers."""
        base = self.path if is_url(self.path) else child(self.location, BUILDING)
        group = zarr.create_group(base, path=name, overwrite=True)
        for spec in schema.group_arrays(name, self.dtype):
            schema.create_array(group, spec, sizes, shard=self.shard)
        group["epoch"][:] = np.array(list(self.epochs))  # type: ignore[index]
        group["written"].with_config({"write_empty_chunks": True})[:] = False  # type: ignore[union-attr]
        if not is_url(self.path):
            sync_tree(Path(base, name))
            Path(base, name).rename(Path(self.path, name))
            sync_folder(Path(self.path))
            shutil.rmtree(base)
        zarr.consolidate_metadata(self.path)

    def _remove_leftovers(self) -> None:
        """Remove what a killed process had not finished; none of it counts."""
        if not is_url(self.path):
            shutil.rmtree(child(self.location, BUILDING), ignore_errors=True)
            for partial in Path(self.path).rglob("*.partial"):
                partial.unlink()

    def _array(self, group: str, name: str) -> zarr.Array[Any]:
        if (group, name) not in self._arrays:
            array: Any = self._root[f"{group}/{name}"]
            self._arrays[group, name] = array.with_config({"write_empty_chunks": True})
        return self._arrays[group, name]

    def _mark(self, group: str, position: int | slice, *, written: bool) -> None:
        self._array(group, "written")[position] = written
        self._sync(group, "written")

    def _sync(self, *names: str) -> None:
        if not is_url(self.path):
            sync_tree(Path(self.path, *names[:2], "c", *names[2:]))
