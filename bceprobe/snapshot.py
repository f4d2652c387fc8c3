"""Snapshot: the features of one epoch and split with the classifier of that epoch.

All metrics are functions of a Snapshot. It walks the features in blocks of float64, so that a metric needs
memory for one block and for class statistics, whatever the number of samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, Protocol, get_args

import numpy as np

from bceprobe.errors import SnapshotError, UnknownNameError
from bceprobe.registry import nearest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

# As float64, one chunk of a float32 store: each chunk is then read and checksummed once.
BLOCK_BYTES = 16 * 2**20
# Rows summed at once: the error of a sum grows with its length, and a short one stays in the cache of the processor.
SUMMED_ROWS = 1024
EPS = float(np.finfo(np.float64).eps)
GlobalMean = Literal["sample", "class"]


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

    def by_class(self) -> Iterator[tuple[int, NDArray[np.float64]]]:
        """Split the features by label; labels in order (our stores) cost no gather."""
        features, target = self.features, self.target
        if np.any(target[1:] < target[:-1]):
            order = np.argsort(target, kind="stable")
            features, target = features[order], target[order]
        labels, starts = np.unique(target, return_index=True)
        yield from zip(labels.tolist(), np.split(features, starts[1:]), strict=True)


class Decisions(NamedTuple):
    """For every sample, the score of its own class and the largest of the others, each (N,)."""

    positive: NDArray[np.float64]
    negative: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One epoch of one split.

    Parameters
    ----------
    features
        Penultimate features, (N, d): exactly what the classifier receives. An array, or anything with a shape that
        reads rows on demand; checked for NaN and inf when they are read.
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
    UnknownNameError
        A global mean other than these two.

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
    global_mean: GlobalMean = "sample"

    def __post_init__(self) -> None:
        features = self.features if hasattr(self.features, "shape") else np.asarray(self.features)
        target, weight = np.asarray(self.target), np.asarray(self.weight)
        bias = np.zeros(weight.shape[:1]) if self.bias is None else np.asarray(self.bias)
        _check_shapes(features.shape, target, weight, bias)
        _check_values(target, weight, bias, self.global_mean)
        arrays = {"features": features, "target": target.astype(np.int64, copy=False), "weight": weight, "bias": bias}
        for name, values in arrays.items():
            object.__setattr__(self, name, values)

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
        """Walk the samples in order, in blocks whose features or scores take about 16 MB as float64.

        Raises
        ------
        SnapshotError
            Features that are NaN or inf.
        """
        step = max(1, BLOCK_BYTES // (8 * max(self.weight.shape)))
        if step >= self.samples:
            yield self._only_block
            return
        for start in range(0, self.samples, step):
            yield self._block(slice(start, min(start + step, self.samples)))

    @cached_property
    def _only_block(self) -> Block:
        """All samples; a snapshot that is no larger than a block is read once."""
        return self._block(slice(0, self.samples))

    def _block(self, rows: slice) -> Block:
        features = np.asarray(self.features[rows], dtype=np.float64)
        if not np.isfinite(features).all():
            hint = "Train or export that epoch again"
            raise SnapshotError(f"features contain NaN or inf in rows {rows.start}..{rows.stop - 1}", hint)
        return Block(features, self.target[rows], rows)

    @cached_property
    def class_counts(self) -> NDArray[np.int64]:
        """Samples per class, (K,)."""
        return np.bincount(self.target, minlength=self.classes)

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        """Which classes have a sample in this split, (K,)."""
        return self.class_counts > 0

    @property
    def class_means(self) -> NDArray[np.float64]:
        """Mean feature of every class, (K, d); NaN rows for classes without a sample."""
        return self._moments[0]

    @property
    def mean_rounding(self) -> float:
        """What rounding can make of equal class means: a bound on the Frobenius norm of their error.

        Each of the n terms of a class mean is rounded to EPS of its size, and these errors add up like a random walk;
        over all classes and features that makes EPS ||H||_F. The factor leaves room for the decomposition that follows.
        """
        return 8 * EPS * float(np.sqrt(self._moments[1]))

    @cached_property
    def _moments(self) -> tuple[NDArray[np.float64], float]:
        """Class means, (K, d), and the sum of all squared features.

        Samples are summed relative to the first of their class, so that collapsed features have exact means.
        """
        first, sums, squares = np.full(self.weight.shape, np.nan), np.zeros(self.weight.shape), 0.0
        for block in self.blocks():
            squares += float(np.vdot(block.features, block.features))
            for label, features in block.by_class():
                if np.isnan(first[label, 0]):
                    first[label] = features[0]
                for start in range(0, len(features), SUMMED_ROWS):
                    sums[label] += (features[start : start + SUMMED_ROWS] - first[label]).sum(axis=0)
        return first + sums / np.maximum(self.class_counts, 1)[:, None], squares

    @cached_property
    def centre(self) -> NDArray[np.float64]:
        """The global mean, (d,), as ``global_mean`` defines it."""
        means = self.class_means[self.present]
        weights = self.class_counts[self.present] if self.global_mean == "sample" else None
        return np.average(means, axis=0, weights=weights)

    @cached_property
    def centred_means(self) -> NDArray[np.float64]:
        """M: class means minus the global mean, for the K' classes that are present, (K', d).

        Exactly zero where all class means are equal up to rounding.
        """
        means = self.class_means[self.present] - self.centre
        return means if np.linalg.norm(means) > self.mean_rounding else np.zeros_like(means)

    def scores(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Decision scores without bias of some features, (B, d) -> (B, K)."""
        return features @ np.asarray(self.weight, dtype=np.float64).T

    def logits(self, features: NDArray[np.float64]) -> NDArray[np.float64]:
        """Decision scores minus the threshold, (B, d) -> (B, K)."""
        return self.scores(features) - self.threshold

    @property
    def decisions(self) -> Decisions:
        """Positive and largest negative score of every sample, without bias."""
        return self._decided[0]

    @property
    def biased_decisions(self) -> Decisions:
        """Positive and largest negative logit of every sample."""
        return self._decided[1]

    @cached_property
    def _decided(self) -> tuple[Decisions, Decisions]:
        """Decisions without and with bias, from one walk over the features."""
        plain, biased = (Decisions(np.empty(self.samples), np.empty(self.samples)) for _ in range(2))
        for block in self.blocks():
            scores = self.scores(block.features)
            _decide(biased, block, scores - self.threshold)
            _decide(plain, block, scores)
        return plain, biased


def _decide(decisions: Decisions, block: Block, scores: NDArray[np.float64]) -> None:
    """Enter a block's decisions; `scores` (B, K) is used up."""
    own = np.arange(len(block.target)), block.target
    decisions.positive[block.rows] = scores[own]
    scores[own] = -np.inf
    decisions.negative[block.rows] = scores.max(axis=1)


def _check_shapes(features: tuple[int, ...], target: NDArray[Any], weight: NDArray[Any], bias: NDArray[Any]) -> None:
    if len(features) != 2 or weight.ndim != 2 or features[1] != weight.shape[1]:  # noqa: PLR2004 - both are matrices
        hint = "They must be (samples, feature length) and (classes, feature length)"
        raise SnapshotError(f"features of shape {features} do not fit weight of shape {weight.shape}", hint)
    if 0 in features or len(weight) < 2:  # noqa: PLR2004 - one class decides nothing
        hint = "A snapshot needs a sample, a feature and two classes at least"
        raise SnapshotError(f"features of shape {features} and weight of shape {weight.shape} are too small", hint)
    if target.shape != features[:1]:
        raise SnapshotError(
            f"target of shape {target.shape} does not fit features of shape {features}", "One label each"
        )
    if bias.shape != weight.shape[:1]:
        raise SnapshotError(f"bias of shape {bias.shape} does not fit weight of shape {weight.shape}", "One per class")


def _check_values(target: NDArray[Any], weight: NDArray[Any], bias: NDArray[Any], global_mean: str) -> None:
    if not np.issubdtype(target.dtype, np.integer):
        raise SnapshotError(f"target holds {target.dtype}, not integers", "Labels are 0..K-1")
    if target.min() < 0 or target.max() >= len(weight):
        labels = f"{target.min()}..{target.max()}"
        raise SnapshotError(f"target holds labels {labels}, outside 0..{len(weight) - 1}", "weight has a row per label")
    for name, values in (("weight", weight), ("bias", bias)):
        if not np.isfinite(values).all():
            raise SnapshotError(f"{name} contains NaN or inf", "Train or export that epoch again")
    if global_mean not in get_args(GlobalMean):
        raise UnknownNameError(f"unknown global mean {global_mean!r}", nearest(global_mean, get_args(GlobalMean)))
