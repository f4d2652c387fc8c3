"""Feature geometry: compactness, distinctiveness, norms and ranks: FORMULAS.md, "Feature geometry".

The paper's compactness and distinctiveness (49-50) are not recoverable. What is computed here is this project's own
definition, in O(N d): the mean cosine of pairs of samples from the sums of their unit vectors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from bceprobe.metrics.base import ByClass, metric, per_sample_of_class
from bceprobe.snapshot import once, summed
from bceprobe.snapshot.blocks import tile, tiles

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.snapshot import Block, Snapshot

ROY = "Roy and Vetterli 2007, The effective rank, EUSIPCO"
OWN = "own: the paper's eq. 49-50 are not recoverable"
RANKED = 256
NEAR = 1e-4


class Directions(NamedTuple):
    """Of the present classes, the sum of the unit vectors of their samples (K', d), and their samples (K',)."""

    sums: NDArray[np.float64]
    counts: NDArray[np.int64]

    @property
    def means(self) -> NDArray[np.float64]:
        """m_k, (K', d)."""
        return self.sums / self.counts[:, None]


@summed
def unit_sums(block: Block) -> tuple[NDArray[np.float64], ...]:
    """Sum over each class the features divided by their norm, centred and uncentred, (2, K, d), and norms, (K, 2).

    The norms are relative to that of a first sample of the class: their differences, and the squares of these.
    """
    snapshot, sums, norms = (
        block.snapshot,
        np.zeros((2, *block.snapshot.weight.shape)),
        np.zeros((2, block.snapshot.classes)),
    )
    for label, samples in block.groups():
        for rows in tiles(samples.stop - samples.start, sums.shape[2]):
            features = tile(block.stored[samples][rows])
            squares = np.einsum("ij,ij->i", features, features)
            inverse = _inverse_norms(features, squares, snapshot)
            sums[:, label] += inverse @ features
            sums[0, label] -= inverse[0].sum() * snapshot.centre
            apart = np.sqrt(squares) - np.linalg.norm(snapshot.moments.first[label])
            norms[:, label] += apart.sum(), apart @ apart
    return sums, norms


@once
def norm_moments(snapshot: Snapshot) -> tuple[ByClass, ByClass]:
    """Mean and population standard deviation of the feature norms, over all samples and within each class."""
    counts, filled = snapshot.class_counts, snapshot.present
    apart, squares = (per_sample_of_class(snapshot, sums) for sums in snapshot[unit_sums][1])
    means = np.linalg.norm(snapshot.moments.first, axis=1) + apart
    variances = np.maximum(squares - apart**2, 0.0)
    mean = np.average(means[filled], weights=counts[filled])
    variance = np.average(variances[filled] + np.square(means[filled] - mean), weights=counts[filled])
    return ByClass(mean, means), ByClass(np.sqrt(variance), np.sqrt(variances))


COMPACT = {"higher_is_better": True, "by_class": True, "uses": (unit_sums,), "units": "cosine"}


@metric("compactness", "geometry", long_name="Compactness", definition=OWN, **COMPACT)
def compactness(snapshot: Snapshot, *, pairs: Literal["all", "exclude-self"] = "all") -> ByClass:
    """Mean cosine over all pairs of samples of one class, around the global mean; mean over classes. 1 at collapse.

    With ``pairs="exclude-self"`` a sample makes no pair with itself (NaN for a class of one sample). A feature at the
    global mean has no direction and counts as cosine 0.
    """
    return _compactness(snapshot, centred_directions(snapshot), pairs)


@metric("distinctiveness", "geometry", long_name="Distinctiveness", definition=OWN, **COMPACT)
def distinctiveness(snapshot: Snapshot) -> ByClass:
    """1 minus the mean cosine over pairs of samples of different classes, mean over pairs of classes.

    By class, over the pairs that it is in. K/(K-1) at collapse; NaN if only one class is present.
    """
    return _distinctiveness(snapshot, centred_directions(snapshot))


@metric("compactness_uncentred", "geometry", long_name="Compactness, uncentred", definition=OWN, **COMPACT)
def compactness_uncentred(snapshot: Snapshot, *, pairs: Literal["all", "exclude-self"] = "all") -> ByClass:
    """`compactness` with cosines around the origin."""
    return _compactness(snapshot, uncentred_directions(snapshot), pairs)


@metric("distinctiveness_uncentred", "geometry", long_name="Distinctiveness, uncentred", definition=OWN, **COMPACT)
def distinctiveness_uncentred(snapshot: Snapshot) -> ByClass:
    """`distinctiveness` with cosines around the origin."""
    return _distinctiveness(snapshot, uncentred_directions(snapshot))


NORM: dict[str, Any] = {"higher_is_better": None, "units": "feature"}


@metric("feature_norm_mean", "geometry", long_name="Feature norm", definition="mean of ||h||", by_class=True,
        uses=(unit_sums, norm_moments), **NORM)  # fmt: skip
def feature_norm_mean(snapshot: Snapshot) -> ByClass:
    """Mean norm of the features, over all samples and over those of each class."""
    return norm_moments(snapshot)[0]


@metric("feature_norm_std", "geometry", long_name="Spread of feature norms", by_class=True, uses=(unit_sums, norm_moments),
        definition="population standard deviation of ||h||", **NORM)  # fmt: skip
def feature_norm_std(snapshot: Snapshot) -> ByClass:
    """Population standard deviation of the norms, over all samples and within each class."""
    return norm_moments(snapshot)[1]


@metric("class_mean_norm_mean", "geometry", long_name="Class-mean norm", by_class=True,
        definition="mean of ||class mean - global mean||", **NORM)  # fmt: skip
def class_mean_norm_mean(snapshot: Snapshot) -> ByClass:
    """Mean over classes of the norm of the centred class mean; by class, that norm."""
    norms = np.full(snapshot.classes, np.nan)
    norms[snapshot.present] = np.linalg.norm(snapshot.centred_means, axis=1)
    return ByClass(np.nanmean(norms), norms)


@metric("class_mean_norm_std", "geometry", long_name="Spread of class-mean norms",
        definition="population standard deviation of ||class mean - global mean||", **NORM)  # fmt: skip
def class_mean_norm_std(snapshot: Snapshot) -> float:
    """Population standard deviation over classes of the norm of the centred class mean."""
    return float(np.linalg.norm(snapshot.centred_means, axis=1).std())


@metric("effective_rank_features", "geometry", long_name="Effective rank of features", references=ROY,
        definition=f"own choice of samples: the first of each class, {RANKED} in all", higher_is_better=None)  # fmt: skip
def effective_rank_features(snapshot: Snapshot) -> float:
    """exp of the entropy of the normalised singular values of the centred features; NaN if they are all equal.

    Of the first samples of each class, as many of every class that is present, at most 256 in all: the whole spectrum
    would cost more than all other metrics together.
    """
    return _effective_rank(_first_features(snapshot) - snapshot.centre)


@metric("effective_rank_means", "geometry", long_name="Effective rank of class means", references=ROY,
        definition="Roy and Vetterli 2007, of the centred class means", higher_is_better=None)  # fmt: skip
def effective_rank_means(snapshot: Snapshot) -> float:
    """exp of the entropy of the normalised singular values of M; K - 1 at collapse, NaN if all means are equal."""
    return _from_spectrum(snapshot.mean_space.singular)


@once
def centred_directions(snapshot: Snapshot) -> Directions:
    """Sum unit vectors around the global mean."""
    return Directions(snapshot[unit_sums][0][0][snapshot.present], snapshot.class_counts[snapshot.present])


@once
def uncentred_directions(snapshot: Snapshot) -> Directions:
    """Sum unit vectors around the origin."""
    return Directions(snapshot[unit_sums][0][1][snapshot.present], snapshot.class_counts[snapshot.present])


def _inverse_norms(features: NDArray[np.float64], own: NDArray[np.float64], snapshot: Snapshot) -> NDArray[np.float64]:
    """Return 1 / ||h - centre|| and 1 / ||h||, (2, B); 0 for a feature without direction.

    The first comes from the second, whose squares are `own`, (B,); where they cancel, from the difference itself.
    """
    centre = snapshot.centre
    apart = own - 2 * (features @ centre) + centre @ centre
    near = np.flatnonzero(apart < NEAR * (own + centre @ centre))
    apart[near] = np.square(features[near] - centre).sum(axis=1)
    squares, rounding = np.stack([apart, own]), snapshot.mean_rounding**2 / snapshot.samples
    return np.divide(1.0, np.sqrt(squares.clip(0)), out=np.zeros_like(squares), where=squares > [[rounding], [0.0]])


def _compactness(snapshot: Snapshot, found: Directions, pairs: str) -> ByClass:
    by_class, squares = np.full(snapshot.classes, np.nan), np.square(found.means).sum(axis=1)
    if pairs == "exclude-self":
        lone = found.counts < 2  # noqa: PLR2004 - one sample makes no pair
        others = np.where(lone, 1, found.counts - 1)
        squares = np.where(lone, np.nan, (squares * found.counts - 1) / others)
    by_class[snapshot.present] = squares
    return ByClass(squares.mean(), by_class)


def _distinctiveness(snapshot: Snapshot, found: Directions) -> ByClass:
    by_class, means = np.full(snapshot.classes, np.nan), found.means
    if len(means) > 1:
        cosines = means @ (means.sum(axis=0)) - np.square(means).sum(axis=1)
        by_class[snapshot.present] = 1 - cosines / (len(means) - 1)
    return ByClass(by_class[snapshot.present].mean(), by_class)


def _first_features(snapshot: Snapshot) -> NDArray[np.float64]:
    """Take the first features of each class, as many of every class, at most 256 in all, in float64."""
    each = max(1, min(RANKED // int(snapshot.present.sum()), int(snapshot.class_counts[snapshot.present].min())))
    rows = np.concatenate(
        [np.flatnonzero(snapshot.target == label)[:each] for label in np.flatnonzero(snapshot.present)]
    )
    runs = np.split(rows, np.flatnonzero(np.diff(rows) != 1) + 1)
    return np.concatenate([np.asarray(snapshot.features[run[0] : run[-1] + 1], np.float64) for run in runs])


def _effective_rank(rows: NDArray[np.float64]) -> float:
    """Take the spectrum from the smaller of the two Gram matrices."""
    gram = rows @ rows.T if rows.shape[0] < rows.shape[1] else rows.T @ rows
    squares = np.linalg.eigvalsh(gram)
    rounding = 8 * np.finfo(float).eps * len(squares) * squares.max(initial=0.0)
    return _from_spectrum(np.sqrt(squares[squares > rounding]))


def _from_spectrum(singular: NDArray[np.float64]) -> float:
    if not singular.any():
        return np.nan
    shares = singular[singular > 0] / singular.sum()
    return float(np.exp(-(shares * np.log(shares)).sum()))
