"""StoreWriter: the only code that changes a store.

The order of writes is the whole of crash safety: chunks, then `written[epoch]`; the objects of a group, then the root
that lists it. What comes first is on disk before the next is written. A killed process or a power failure leaves whole
groups and whole epochs or none.
"""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import zarr

from bceprobe.errors import DivergedError, UsageError
from bceprobe.store import schema
from bceprobe.store.location import child, local_path
from bceprobe.store.metadata import add_group, create_root, has_store, listed, make_group, read_root
from bceprobe.store.run import Run
from bceprobe.store.zarr_stores import DurableStore, writable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray


class StoreWriter:
    """Creates or continues the store of a run. One run at a time writes it; readers may look on.

    A run may have several processes. The first one creates the store and makes epochs count; the others open what it
    has made, and write features.

    Parameters
    ----------
    location
        The run folder or URL; the store is its ``store.zarr``.
    epochs
        The epochs that will be captured: 0 or more, increasing.
    classes, feature_length
        K and d.
    dtype
        Of the stored features, ``"float32"`` or ``"float16"``.
    shard
        One file per epoch and split instead of one per chunk; a whole epoch is then buffered in memory.
    rank, ranks
        Which one of how many processes this is.

    Raises
    ------
    UsageError
        Sizes that no store can have, or an existing store with other epochs, classes or feature length.
    StoreError
        An existing store is damaged or of another version.
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
        rank: int = 0,
        ranks: int = 1,
    ) -> None:
        self.location = str(location)
        self.path = child(self.location, schema.STORE)
        self.epochs = {int(epoch): position for position, epoch in enumerate(epochs)}
        self.sizes = {"epoch": len(self.epochs), "label": classes, "feature": feature_length}
        self.dtype = dtype
        self.shard = shard
        self.rank, self.ranks = rank, ranks
        self._check_arguments(list(epochs))
        self._run = Run(self.location)
        self._arrays: dict[tuple[str, str], zarr.Array[Any]] = {}
        self._open()

    def create_split(self, split: str, samples: int) -> None:
        """Preallocate the group of a split, unless it is there already with the same shape and data type."""
        if split not in schema.SPLITS or samples < 1:
            raise UsageError(f"a store holds splits {' and '.join(schema.SPLITS)} of samples, not {samples} of {split}")
        self._add_group(split, {**self.sizes, "sample": samples})
        features = self._run.array(split, "features")
        if (features.shape[1], str(features.dtype)) != (samples, self.dtype):
            found = f"{features.shape[1]} samples in {features.dtype}"
            raise UsageError(f"split {split!r} of {self.path} holds {found}, not {samples} in {self.dtype}")

    def rows_per_write(self, split: str) -> int:
        """Count the samples that must be written together: a chunk, or a whole epoch where shards are used."""
        features = self._array(split, "features")
        return int((features.shards or features.chunks)[1])

    def own_rows(self, split: str) -> tuple[int, int]:
        """Return where the samples of a split begin and end that this process writes: whole chunks, perhaps none."""
        samples, unit = self._array(split, "features").shape[1], self.rows_per_write(split)
        units = -(-samples // unit)
        start, stop = (min(units * rank // self.ranks * unit, samples) for rank in (self.rank, self.rank + 1))
        return start, stop

    def write_features(self, split: str, epoch: int, start: int, features: NDArray[Any]) -> None:
        """Write consecutive samples: whole chunks, so from a multiple of `rows_per_write` up to one or to the end.

        Raises
        ------
        DivergedError
            They are not finite in the stored data type; nothing is written.
        UsageError
            They are no whole chunks of the split, or the epoch is not one of the store.
        """
        array, stop = self._array(split, "features"), start + len(features)
        unit, (_, samples, length) = self.rows_per_write(split), array.shape
        if start % unit or (stop % unit and stop != samples) or stop > samples or features.shape[1:] != (length,):
            raise UsageError(
                f"features {features.shape} at row {start} of split {split!r} are no whole chunks of {unit}"
            )
        array[self._position(epoch), start:stop] = _stored(features, self.dtype, f"features of epoch {epoch} ({split})")

    def sync(self) -> None:
        """Force to disk what this process has written; making an epoch count does so for what the first one has."""
        store = self._root.store
        if isinstance(store, DurableStore):
            store.force()

    def write_samples(self, split: str, target: NDArray[np.int64], index: NDArray[np.int64]) -> None:
        """Write the labels of a split and each sample's place in its data set.

        Raises
        ------
        UsageError
            They are impossible, or differ from those that stored epochs were captured with.
        """
        samples, classes = self._array(split, "features").shape[1], self.sizes["label"]
        if target.shape != (samples,) or index.shape != (samples,):
            raise UsageError(f"target {target.shape} and index {index.shape} of split {split!r} need {samples} numbers")
        if target.min() < 0 or target.max() >= classes or index.min() < 0:
            raise UsageError(f"split {split!r} has labels outside 0..{classes - 1}, or an index below 0")
        captured = self._written(split).any()
        for name, values in (("target", target), ("index", index)):
            if not captured:
                self._array(split, name)[:] = values
            elif not np.array_equal(self._run.array(split, name)[:], values):
                raise UsageError(
                    f"split {split!r} of {self.path} was captured with another {name}", "Use another folder"
                )

    def write_classifier(self, epoch: int, weight: NDArray[Any], bias: NDArray[Any]) -> None:
        """Write the classifier of an epoch; it counts at once.

        Raises
        ------
        DivergedError
            It is not finite in float32; nothing is written.
        """
        shape = (self.sizes["label"], self.sizes["feature"])
        if weight.shape != shape or bias.shape != shape[:1]:
            raise UsageError(f"weight {weight.shape} and bias {bias.shape} must be {shape} and {shape[:1]}")
        position, what = self._position(epoch), f"the classifier of epoch {epoch}"
        stored = _stored(weight, "float32", what), _stored(bias, "float32", what)
        self._array(schema.CLASSIFIER, "weight")[position] = stored[0]
        self._array(schema.CLASSIFIER, "bias")[position] = stored[1]
        self._mark(schema.CLASSIFIER, position, written=True)

    def commit(self, split: str, epoch: int) -> None:
        """Make an epoch count.

        Raises
        ------
        UsageError
            A chunk of its features, the samples of its split, or its classifier is not written yet.
        """
        position = self._position(epoch)
        features = self._run.array(split, "features", position)
        arrays = (features, self._run.array(split, "target"), self._run.array(split, "index"))
        lacking = next((path for array in arrays for path in array.missing()), "")
        if lacking or not self._written(schema.CLASSIFIER)[position]:
            what = lacking or "its classifier"
            raise UsageError(f"epoch {epoch} of split {split!r} cannot count: {what} is not written")
        self._mark(split, position, written=True)

    def discard_after(self, epoch: int) -> None:
        """Make all later epochs not count, so that they can be written again."""
        later = [position for number, position in self.epochs.items() if number > epoch]
        for group in (*self._run.splits, schema.CLASSIFIER):
            if later and self._written(group)[later[0] :].any():
                self._mark(group, slice(later[0], None), written=False)

    def _check_arguments(self, epochs: Sequence[int]) -> None:
        if not epochs or min(epochs) < 0 or sorted(set(epochs)) != epochs:
            raise UsageError("the epochs of a store are numbers from 0 on, increasing, at least one")
        if self.sizes["label"] < 2 or self.sizes["feature"] < 1:  # noqa: PLR2004
            raise UsageError("a store needs at least two classes and one feature")
        if self.dtype not in schema.FEATURE_DTYPES:
            raise UsageError(f"features are stored as {' or '.join(schema.FEATURE_DTYPES)}, not {self.dtype}")

    def _open(self) -> None:
        if self.rank == 0:
            self._remove_leftovers()
            if not has_store(self.path):
                create_root(self.path)
        self._add_group(schema.CLASSIFIER, self.sizes)
        shape = self._array(schema.CLASSIFIER, "weight").shape[1:]
        found = self._run.array(schema.CLASSIFIER, "epoch")[:].tolist()
        if (found, shape) != (list(self.epochs), (self.sizes["label"], self.sizes["feature"])):
            raise UsageError(f"{self.path} was made for other epochs, classes or feature length", "Use another folder")

    def _add_group(self, name: str, sizes: dict[str, int]) -> None:
        if self.rank == 0 and name not in listed(read_root(self.path), self.path):
            layout = partial(make_group, shard=self.shard, writers=self.ranks)
            add_group(self.path, layout(name, list(self.epochs), sizes, self.dtype))
        self._run.check(name)

    def _remove_leftovers(self) -> None:
        """Remove files that a killed process had not finished; none of them counts."""
        if folder := local_path(self.location):
            for partial in [*folder.glob("*.partial"), *(folder / schema.STORE).rglob("*.partial")]:
                partial.unlink()

    @cached_property
    def _root(self) -> zarr.Group:
        return zarr.open_group(writable(self.path), mode="r+", use_consolidated=False)

    def _position(self, epoch: int) -> int:
        if epoch not in self.epochs:
            raise UsageError(f"{self.path} has no place for epoch {epoch}")
        return self.epochs[epoch]

    def _array(self, group: str, name: str) -> zarr.Array[Any]:
        if (group, name) not in self._arrays:
            array: Any = self._root[f"{group}/{name}"]
            self._arrays[group, name] = array.with_config({"write_empty_chunks": True})
        return self._arrays[group, name]

    def _written(self, group: str) -> NDArray[np.bool_]:
        return np.asarray(self._run.array(group, "written")[:], bool)

    def _mark(self, group: str, position: int | slice, *, written: bool) -> None:
        marks = self._written(group)
        marks[position] = written
        self._array(group, "written")[:] = marks


def _stored(values: NDArray[Any], dtype: str, what: str) -> NDArray[Any]:
    """Convert to the stored data type.

    Raises
    ------
    DivergedError
        The result is not finite.
    """
    with np.errstate(over="ignore"):
        stored = values.astype(dtype, copy=False)
    if not np.isfinite(stored).all():
        raise DivergedError(f"{what}: NaN or inf, or numbers beyond {dtype}; they are not stored")
    return stored
