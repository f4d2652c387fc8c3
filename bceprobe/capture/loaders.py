"""What the Recorder reads from: batches in a fixed order, so that row i is the same sample in every epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from torch.utils.data import DataLoader, IterableDataset, SequentialSampler, Subset, SubsetRandomSampler

from bceprobe.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor
    from torch.utils.data import Dataset


def in_order(loader: Iterable[Any]) -> Iterable[Any]:
    """Return the loader itself if its order is fixed, else a sequential one over the same samples.

    A shuffling `DataLoader` is replaced by one that walks its data set in order (or, with a `SubsetRandomSampler`, the
    subset by increasing index) with the same batch size, collation and workers, nothing dropped. Other iterables are
    taken as they are.
    """
    if not isinstance(loader, DataLoader) or isinstance(loader.dataset, IterableDataset):
        return loader
    if isinstance(loader.sampler, SequentialSampler) and not loader.drop_last:
        return loader
    dataset = loader.dataset
    if isinstance(loader.sampler, SubsetRandomSampler):
        dataset = Subset(dataset, sorted(loader.sampler.indices))
    return _walking(loader, dataset)


@runtime_checkable
class Divisible(Protocol):
    """A loader that can leave out samples."""

    def between(self, start: int, stop: int) -> Iterable[Any]:
        """Return a loader of the samples from one place to another."""


def between(loader: Iterable[Any], start: int, stop: int) -> Iterable[Any]:
    """Return a loader of some samples of an ordered one.

    Raises
    ------
    UsageError
        It can only be walked through as a whole.
    """
    if start == stop:
        return ()
    if isinstance(loader, Divisible):
        return loader.between(start, stop)
    if isinstance(loader, DataLoader) and not isinstance(loader.dataset, IterableDataset):
        return _walking(loader, Subset(loader.dataset, range(start, stop)))
    what = f"{type(loader).__name__} cannot be shared between processes"
    raise UsageError(what, "Give a DataLoader over a map-style data set")


def _walking(loader: DataLoader[Any], dataset: Dataset[Any]) -> DataLoader[Any]:
    """Make a loader like another one that walks through a data set."""
    return DataLoader(
        dataset,
        batch_size=loader.batch_size or 1,
        num_workers=loader.num_workers,
        collate_fn=loader.collate_fn,
        pin_memory=loader.pin_memory,
    )


def count_samples(loader: Iterable[Any]) -> int:
    """Count the samples of an ordered loader; one that cannot tell is walked through once."""
    if isinstance(loader, DataLoader) and not isinstance(loader.dataset, IterableDataset):
        return len(loader.dataset)  # type: ignore[arg-type]  # every map-style data set has a length
    return sum(len(unpack(batch)[1]) for batch in loader)


def unpack(batch: Any) -> tuple[Any, Tensor]:
    """Take input and target from a batch: its first two elements.

    Raises
    ------
    UsageError
        The batch is no sequence of at least two elements.
    """
    if not isinstance(batch, (tuple, list)) or len(batch) < 2:  # noqa: PLR2004
        raise UsageError(f"the loader yields {type(batch).__name__}", "A batch must start with (input, target)")
    return batch[0], batch[1]
