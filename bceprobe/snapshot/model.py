"""The Snapshot itself: what it holds, and the statistics that are kept with it."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from bceprobe.snapshot.checks import check_previous, check_shapes, check_values
from bceprobe.snapshot.columns import columns, prepare
from bceprobe.snapshot.decisions import Decisions, decided
from bceprobe.snapshot.gathering import gather
from bceprobe.snapshot.moments import EPS, MeanSpace, Moments, Projection, class_moments, mean_space, projection
from bceprobe.snapshot.parts import read_rows
from bceprobe.snapshot.threads import one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from bceprobe.snapshot.columns import Column
    from bceprobe.snapshot.gathering import Wanted
    from bceprobe.snapshot.parts import FeatureArray
    from bceprobe.snapshot.statistics import Statistic
    from bceprobe.snapshot.training import Training

GlobalMean = Literal["sample", "class"]
HELD_BYTES = 64 * 2**20


@dataclass(frozen=True, eq=False)
class Snapshot:
    """One epoch of one split.

    Parameters
    ----------
    features
        Penultimate features, (N, d): exactly what the classifier receives. An array, or anything with a shape that
        reads rows on demand; checked for NaN and inf when they are read. Norms below 1e-150 count as zero.
    target
        Labels 0..K-1, (N,).
    weight
        Classifier weight, (K, d).
    bias
        Classifier bias in PyTorch's sign, (K,): ``logits = features @ weight.T + bias``. Zeros if left out.
    global_mean
        ``"sample"``: mean over all samples (the paper); ``"class"``: mean of the class means (Papyan et al.).
    training
        How the classifier was trained, for metrics about gradients; they are NaN without it.
    previous
        The snapshot of the same samples that was captured before this one, for metrics about change.
    memory
        Bytes that the (N, K) scores may take; beyond that they are computed anew where they are needed, which costs
        time and may break ties of scores by rounding.

    Raises
    ------
    SnapshotError
        Shapes or a previous snapshot that do not fit, labels outside 0..K-1, values that are not finite or beyond 1e70
        in size.
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
    training: Training | None = None
    previous: Snapshot | None = None
    memory: int = HELD_BYTES
    kept: dict[Any, Any] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        features = self.features if hasattr(self.features, "shape") else np.asarray(self.features)
        target, weight = np.asarray(self.target), np.asarray(self.weight)
        bias = np.zeros(weight.shape[:1]) if self.bias is None else np.asarray(self.bias)
        check_shapes(features.shape, target, weight, bias)
        check_values(target, weight, bias, self.global_mean)
        check_previous(target, weight, self.previous)
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

    @cached_property
    def weight64(self) -> NDArray[np.float64]:
        """The weight in float64, (K, d)."""
        return np.asarray(self.weight, dtype=np.float64)

    @cached_property
    def threshold(self) -> NDArray[np.float64]:
        """The paper's classifier bias b, (K,): the negative of PyTorch's."""
        return 0.0 - np.asarray(self.bias, dtype=np.float64)

    @cached_property
    def small_features(self) -> NDArray[Any]:
        """All features at once, as stored: for snapshots that are in memory or as small as one read.

        What was read is copied: its owner may use that memory again.
        """
        return self.features if isinstance(self.features, np.ndarray) else np.array(self.features[0 : self.samples])

    def rows(self, places: NDArray[np.intp]) -> NDArray[Any]:
        """Read the features of some samples as stored, (n,) -> (n, d); `places` must increase."""
        return read_rows(self, places)

    @cached_property
    def class_counts(self) -> NDArray[np.int64]:
        """Samples per class, (K,)."""
        return np.bincount(self.target, minlength=self.classes)

    @cached_property
    def present(self) -> NDArray[np.bool_]:
        """Which classes have a sample in this split, (K,)."""
        return self.class_counts > 0

    @cached_property
    def moments(self) -> Moments:
        """Class means, from one walk over the features."""
        return class_moments(self)

    @property
    def knows_means(self) -> bool:
        """Whether the class means are there already, so that the features have been checked."""
        return "moments" in vars(self)

    @property
    def class_means(self) -> NDArray[np.float64]:
        """Mean feature of every class, (K, d); NaN rows for classes without a sample."""
        return self.moments.means

    @cached_property
    def projection(self) -> Projection:
        """What blocks are multiplied with."""
        return projection(self)

    @cached_property
    def mean_rounding(self) -> float:
        """What rounding can make of equal class means: a bound on the Frobenius norm of their error.

        Each of the n terms of a class mean is rounded to EPS of its size, and these errors add up like a random walk;
        over all classes and features that makes EPS ||H||_F. The factor leaves room for the decomposition that follows.
        """
        return 8 * EPS * float(np.sqrt(self.moments.squares.sum()))

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

    @cached_property
    def mean_space(self) -> MeanSpace:
        """The directions that the centred class means span, and the means along them."""
        with one_blas_thread():
            return mean_space(self)

    @property
    def decisions(self) -> Decisions:
        """Positive and largest negative score of every sample, without bias."""
        return Decisions(*self[decided][:, 0:2].T)

    @property
    def biased_decisions(self) -> Decisions:
        """Positive and largest negative logit of every sample."""
        return Decisions(*self[decided][:, 2:4].T)

    @property
    def negative_mass(self) -> NDArray[np.float64]:
        """Logarithm of the sum of exp(logit) over the negative logits of every sample, (N,)."""
        mass: NDArray[np.float64] = self[decided][:, 4]
        return mass

    @property
    def rivals(self) -> NDArray[np.float64]:
        """How many other logits are at least as large as the own one, of every sample, (N,)."""
        rivals: NDArray[np.float64] = self[decided][:, 5]
        return rivals

    def columns(self) -> Iterator[Column]:
        """Walk the scores class by class."""
        self.gather(prepare(self))
        return columns(self)

    def be_previous(self, statistics: Iterable[Statistic]) -> None:
        """Gather what the metrics of the next snapshot want of this one, while its features are at hand."""
        self.gather([*statistics, *prepare(self)])

    def __getitem__(self, statistic: Statistic) -> Any:
        self.gather([statistic])
        return self.kept[statistic]

    def gather(self, wanted: Iterable[Wanted]) -> None:
        """Compute statistics that are not kept yet, all of one kind in one walk, and then what is made of them once.

        Raises
        ------
        SnapshotError
            Features that are NaN, inf or too large.
        """
        gather(self, wanted)
