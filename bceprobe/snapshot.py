"""Snapshot: the features of one epoch and split with the classifier of that epoch.

All metrics are functions of a Snapshot. It walks the features in blocks of float64, so that a metric needs
memory for one block and for class statistics, whatever the number of samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol

import numpy as np

from bceprobe.errors import SnapshotError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

BLOCK_BYTES = 8 * 2**20


class FeatureArray(Protocol):
    """What the features of a snapshot can be: a numpy array, or anything that reads rows on demand."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Samples and feature length."""

    def __getitem__(self, rows: slice, /) -> Any:
        """Return the rows of a slice as a numpy array."""


class Block(NamedTuple):
    """Consecutive samples: ``features`` (B, d) in float64, ``target`` (B,), and the rows they come from."""

    features: NDArray[np.float64]
    target: NDArray[np.int64]
    rows: slice


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One epoch of one split.

    Parameters
    ----------
    features
        Penultimate features, (N, d): exactly what the classifier receives.
    target
        Labels 0..K-1, (N,).
    weight
        Classifier weight, (K, d).
    bias
        Classifier bias in PyTorch's sign, (K,): ``logits = features @ weight.T + bias``. Zeros if left out.
    global_mean
        ``"sample"``: mean over all samples (the paper); ``"class"``: mean of the class means (Papyan et al.).

    Raises
    ------
    SnapshotError
        Shapes that do not fit together, labels outside 0..K-1, values that are not finite.

    Examples
    --------
    >>> snapshot = Snapshot(np.eye(4), np.array([0, 0, 1, 1]), np.eye(2, 4))
    >>> snapshot.class_counts.tolist()
    [2, 2]
    """

    features: FeatureArray
    target: NDArray[np.int64]
    weight: NDArray[np.floating[Any]]
    bias: NDArray[np.floating[Any]] | None = None
    global_mean: Literal["sample", "class"] = "sample"

    def __post_init__(self) -> None:
        if self.bias is None:
            object.__setattr__(self, "bias", np.zeros(len(self.weight)))
        _check(self)

    @property
    def classes(self) -> int:
        """K, the number of classes (rows of ``weight``)."""
        return int(self.weight.shape[0])

    @property
    def samples(self) -> int:
        """N, the number of samples."""
        return int(self.features.shape[0])

    @property
    def threshold(self) -> NDArray[np.float64]:
        """The paper's classifier bias b, (K,): the negative of PyTorch's."""
        return -np.asarray(self.bias, dtype=np.float64)

    def blocks(self) -> Iterator[Block]:
        """Walk the samples in order, in blocks of about 8 MB, converted to float64."""
        step = max(1, BLOCK_BYTES // (8 * max(1, self.features.shape[1])))
        for start in range(0, self.samples, step):
            rows = slice(start, min(start + step, self.samples))
            features = np.asarray(self.features[rows], dtype=np.float64)
            if not np.isfinite(features.sum()):
                raise SnapshotError(f"features contain NaN or inf in rows {start}..{rows.stop - 1}")
            yield Block(features, self.target[rows], rows)

    @cached_property
    def class_counts(self) -> NDArray[np.int64]:
        """Samples per class, (K,)."""
        return np.bincount(self.target, minlength=self.classes)

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        """Which classes have a sample in this split, (K,)."""
        return self.class_counts > 0

    @cached_property
    def class_means(self) -> NDArray[np.float64]:
        """Mean feature of every class, (K, d); NaN rows for classes without a sample."""
        sums = np.zeros((self.classes, self.features.shape[1]))
        for block in self.blocks():
            sums += _class_sums(block, self.classes)
        with np.errstate(invalid="ignore"):
            return sums / self.class_counts[:, None]

    @cached_property
    def centre(self) -> NDArray[np.float64]:
        """The global mean, (d,), as ``global_mean`` defines it."""
        means = self.class_means[self.present]
        weights = self.class_counts[self.present] if self.global_mean == "sample" else None
        return np.average(means, axis=0, weights=weights)

    @cached_property
    def centred_means(self) -> NDArray[np.float64]:
        """M: class means minus the global mean, for the classes that are present, (K', d)."""
        return self.class_means[self.present] - self.centre

    def scores(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Decision scores without bias of some features, (B, d) -> (B, K)."""
        return features @ np.asarray(self.weight, dtype=np.float64).T

    def logits(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Decision scores minus the threshold, (B, d) -> (B, K)."""
        return self.scores(features) - self.threshold

    @cached_property
    def decisions(self) -> Decisions:
        """Positive and largest negative score of every sample, without bias."""
        return self._decide(with_bias=False)

    @cached_property
    def biased_decisions(self) -> Decisions:
        """Positive and largest negative logit of every sample."""
        return self._decide(with_bias=True)

    def _decide(self, *, with_bias: bool) -> Decisions:
        positive, negative = np.empty(self.samples), np.empty(self.samples)
        score = self.logits if with_bias else self.scores
        for block in self.blocks():
            values, own = score(block.features), (np.arange(len(block.target)), block.target)
            positive[block.rows] = values[own]
            values[own] = -np.inf
            negative[block.rows] = values.max(axis=1)
        return Decisions(positive, negative)


class Decisions(NamedTuple):
    """For every sample, the score of its own class and the largest of the others, each (N,)."""

    positive: NDArray[np.float64]
    negative: NDArray[np.float64]


def _class_sums(block: Block, classes: int) -> NDArray[np.float64]:
    """Sum the features of each class; contiguous classes (our stores) are summed without a gather."""
    features, target = block.features, block.target
    if np.any(target[1:] < target[:-1]):
        order = np.argsort(target, kind="stable")
        features, target = features[order], target[order]
    labels, starts = np.unique(target, return_index=True)
    sums = np.zeros((classes, features.shape[1]))
    sums[labels] = np.add.reduceat(features, starts, axis=0)
    return sums


def _check(snapshot: Snapshot) -> None:
    features, target, weight, bias = snapshot.features, snapshot.target, snapshot.weight, snapshot.bias
    if len(features.shape) != 2 or weight.ndim != 2 or features.shape[1] != weight.shape[1]:  # noqa: PLR2004
        raise SnapshotError(f"features {features.shape} and weight {weight.shape} must be (N, d) and (K, d)")
    if target.shape != features.shape[:1] or not np.issubdtype(target.dtype, np.integer):
        raise SnapshotError(f"target must hold {features.shape[0]} integers, not {target.dtype} {target.shape}")
    if not target.size or weight.shape[0] < 2:  # noqa: PLR2004
        raise SnapshotError("a snapshot needs at least one sample and two classes")
    if target.min() < 0 or target.max() >= weight.shape[0]:
        raise SnapshotError(f"target holds labels {target.min()}..{target.max()}, outside 0..{weight.shape[0] - 1}")
    if bias is None or bias.shape != weight.shape[:1] or not (np.isfinite(weight).all() and np.isfinite(bias).all()):
        raise SnapshotError(f"weight and bias must be finite, and bias of shape ({weight.shape[0]},)")
