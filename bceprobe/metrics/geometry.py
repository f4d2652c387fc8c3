"""Feature geometry: compactness, distinctiveness, norms and ranks: FORMULAS.md, "Feature geometry".

The paper's compactness and distinctiveness (49-50) are not recoverable. What is computed here is this project's own
definition, in O(N d): the mean cosine of pairs of samples from the sums of their unit vectors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from bceprobe.metrics.base import ByClass, metric
from bceprobe.metrics.directions import centred_directions, norm_moments, uncentred_directions, unit_sums
from bceprobe.metrics.spectrum import effective_rank, effective_rank_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.metrics.directions import Directions
    from bceprobe.snapshot import Snapshot

ROY = "Roy and Vetterli 2007, The effective rank, EUSIPCO"
OWN = "own: the paper's eq. 49-50 are not recoverable"
RANKED = 256
COMPACT: dict[str, Any] = {"higher_is_better": True, "by_class": True, "uses": (unit_sums,), "units": "cosine"}
NORM: dict[str, Any] = {"higher_is_better": None, "units": "feature"}


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


@metric(
    "feature_norm_mean",
    "geometry",
    long_name="Feature norm",
    definition="mean of ||h||",
    by_class=True,
    uses=(unit_sums, norm_moments),
    **NORM,
)
def feature_norm_mean(snapshot: Snapshot) -> ByClass:
    """Mean norm of the features, over all samples and over those of each class."""
    return norm_moments(snapshot)[0]


@metric(
    "feature_norm_std",
    "geometry",
    long_name="Spread of feature norms",
    definition="population standard deviation of ||h||",
    by_class=True,
    uses=(unit_sums, norm_moments),
    **NORM,
)
def feature_norm_std(snapshot: Snapshot) -> ByClass:
    """Return the population standard deviation of the norms, over all samples and within each class."""
    return norm_moments(snapshot)[1]


@metric(
    "class_mean_norm_mean",
    "geometry",
    long_name="Class-mean norm",
    definition="mean of ||class mean - global mean||",
    by_class=True,
    **NORM,
)
def class_mean_norm_mean(snapshot: Snapshot) -> ByClass:
    """Mean over classes of the norm of the centred class mean; by class, that norm."""
    norms = np.full(snapshot.classes, np.nan)
    norms[snapshot.present] = np.linalg.norm(snapshot.centred_means, axis=1)
    return ByClass(norms[snapshot.present].mean(), norms)


@metric(
    "class_mean_norm_std",
    "geometry",
    long_name="Spread of class-mean norms",
    definition="population standard deviation of ||class mean - global mean||",
    **NORM,
)
def class_mean_norm_std(snapshot: Snapshot) -> float:
    """Return the population standard deviation over classes of the norm of the centred class mean."""
    return float(np.linalg.norm(snapshot.centred_means, axis=1).std())


@metric(
    "effective_rank_features",
    "geometry",
    long_name="Effective rank of features",
    definition=f"own choice of samples: the first of each class, {RANKED} in all",
    references=ROY,
    higher_is_better=None,
)
def effective_rank_features(snapshot: Snapshot) -> float:
    """Return exp of the entropy of the normalised singular values of the centred features; NaN if they are all equal.

    Of the first samples of each class, as many of every class that is present, at most 256 in all (one of each class
    if there are more classes): the whole spectrum would cost more than all other metrics together.
    """
    return effective_rank(_first_features(snapshot) - snapshot.centre)


@metric(
    "effective_rank_means",
    "geometry",
    long_name="Effective rank of class means",
    definition="Roy and Vetterli 2007, of the centred class means",
    references=ROY,
    higher_is_better=None,
)
def effective_rank_means(snapshot: Snapshot) -> float:
    """Return exp of the entropy of the normalised singular values of M; K - 1 at collapse, NaN if means are equal."""
    return effective_rank_of(snapshot.mean_space.singular)


def _compactness(snapshot: Snapshot, found: Directions, pairs: str) -> ByClass:
    by_class, squares = np.full(snapshot.classes, np.nan), np.square(found.means).sum(axis=1)
    if pairs == "exclude-self":
        apart = found.samples * (found.samples - 1)
        squares = squares * found.samples**2 - found.directed
        squares = np.divide(squares, apart, out=np.full(len(apart), np.nan), where=apart > 0)
    by_class[snapshot.present] = squares
    return ByClass(squares.mean(), by_class)


def _distinctiveness(snapshot: Snapshot, found: Directions) -> ByClass:
    by_class, means = np.full(snapshot.classes, np.nan), found.means
    if len(means) > 1:
        cosines = means @ (means.sum(axis=0)) - np.square(means).sum(axis=1)
        by_class[snapshot.present] = 1 - cosines / (len(means) - 1)
    return ByClass(by_class[snapshot.present].mean(), by_class)


def _first_features(snapshot: Snapshot) -> NDArray[np.float64]:
    """Take the first features of each class, as many of every class, in float64."""
    labels = np.flatnonzero(snapshot.present)
    each = max(1, min(RANKED // len(labels), int(snapshot.class_counts[labels].min())))
    places = [np.flatnonzero(snapshot.target == label)[:each] for label in labels]
    return snapshot.rows(np.sort(np.concatenate(places))).astype(np.float64)
