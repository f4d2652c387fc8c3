"""Neural collapse, NC1 to NC4: FORMULAS.md, "Metrics of neural collapse".

Every quantity comes from class statistics and thin decompositions in float64; nothing here is d x d or N x N.
Classes without a sample are left out of everything that needs class means.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from bceprobe.metrics.averages import per_sample_of_class
from bceprobe.metrics.base import ByClass, metric
from bceprobe.metrics.etf import centred_weight, distance_to_etf
from bceprobe.snapshot import EPS, buffer, deciding, once, scattering, summed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.snapshot import Block, Snapshot

ZHU = "doi:10.48550/arXiv.2105.02375"
PAPYAN = "doi:10.1073/pnas.2015509117"


@summed
def whitened_squares(block: Block) -> tuple[NDArray[np.float64], ...]:
    """Sum ||S^-1 V^T (h_i - class mean)||^2 over each class, (K,)."""
    residuals = block.projected.residuals
    singular = block.snapshot.mean_space.singular[:, None]
    whitened = np.divide(residuals, singular, out=buffer("whitened", residuals.shape))
    return (block.by_class(np.einsum("ij,ij->j", whitened, whitened)),)


@scattering
def first_scatter(block: Block) -> tuple[NDArray[np.float64], ...]:
    """Sum the squared distances of the samples of each class to the origin of the projection, (K,)."""
    return (block.projected.scatter,)


@once
def scatter(snapshot: Snapshot) -> NDArray[np.float64]:
    """Sum the squared distances of the samples of each class to their mean, (K,)."""
    (squares,), origin = snapshot[first_scatter], snapshot.projection.origin
    steps = np.nan_to_num(snapshot.class_means - (0.0 if origin is None else origin))
    around: NDArray[np.float64] = squares - snapshot.class_counts * np.square(steps).sum(axis=1)
    return np.maximum(around, 0.0)


@deciding
def disagreements(block: Block) -> tuple[NDArray[np.int64], ...]:
    """Count the samples of each class whose largest logit is not the class with the nearest mean, (K,).

    With m_k the centred class means along the directions of their space, and a feature m_y + r of class y, the mean
    that is nearest is that with the largest r . m_k + m_y . m_k - ||m_k||^2 / 2.
    """
    snapshot, means = block.snapshot, block.snapshot.mean_space.coordinates
    closeness = buffer("closeness", (len(block.target), len(means)))
    np.matmul(block.projected.residuals.T, means.T, out=closeness)
    steps = block.snapshot.projection.means @ means.T - np.square(means).sum(axis=1) / 2
    for label, own in block.groups():
        closeness[own] += steps[label]
    nearest = np.flatnonzero(snapshot.present)[_first_largest(closeness)]
    return (block.by_class(~block.leads(nearest)),)


@metric(
    "nc1",
    "nc",
    long_name="NC1: within-class variability",
    definition="paper eq. 32",
    references=PAPYAN,
    scale="log",
    by_class=True,
    uses=(whitened_squares,),
)
def nc1(snapshot: Snapshot) -> ByClass:
    """tr(Sigma_W Sigma_B^+) / K: within-class against between-class scatter (`covariance_ratio` elsewhere).

    With the thin SVD M = U S V^T of the centred class means this is the mean over samples of
    ||S^-1 V^T (h_i - class mean)||^2, over the K' classes that are present; by class, the mean over its samples. The
    pseudo-inverse keeps min(K' - 1, d) directions, less those that vanish in float64 (equal class means), which are
    warned about. NaN, with a warning, if there are none: all class means are equal, or only one class is present.
    Invariant under rotation and scaling of the features; independent of the classifier.
    """
    if not _warned_rank(snapshot):
        return ByClass(np.nan, np.full(snapshot.classes, np.nan))
    (squares,) = snapshot[whitened_squares]
    return ByClass(squares.sum() / snapshot.samples, per_sample_of_class(snapshot, squares))


@metric("nc2", "nc", long_name="NC2: classifier to simplex ETF", definition="paper eq. 33, centred weight", scale="log")
def nc2(snapshot: Snapshot) -> float:
    """|| W~W~^T / ||W~W~^T||_F - E ||_F with W~ = W minus its row mean and E the simplex ETF of norm 1.

    NaN if all rows of the weight are equal. Invariant under rotation and scaling of the weight; independent of the
    features, so classes without a sample count as well.
    """
    weight = centred_weight(snapshot)
    return distance_to_etf(weight, weight)


@metric("nc3", "nc", long_name="NC3: self-duality", definition="paper eq. 34, centred weight", scale="log")
def nc3(snapshot: Snapshot) -> float:
    """|| W~M^T / ||W~M^T||_F - E ||_F with the centred class means M, over the classes that are present.

    NaN if the product vanishes (equal means, equal weight rows, or both orthogonal). Invariant under one rotation of
    features and weight, and under scaling of either.
    """
    return distance_to_etf(centred_weight(snapshot, snapshot.present), snapshot.centred_means)


@metric(
    "nc4",
    "nc",
    long_name="NC4: disagreement with nearest class mean",
    definition="paper eq. 31",
    units="share",
    by_class=True,
    uses=(disagreements,),
)
def nc4(snapshot: Snapshot) -> ByClass:
    """Share of samples whose largest logit is not the class with the nearest mean (1 - `clf_ncc_agreement`).

    Only classes that are present compete for the nearest mean; of those equally near up to rounding the first counts.
    Invariant under one rotation of features and weight, and under scaling of weight and bias together.
    """
    (counts,) = snapshot[disagreements]
    return ByClass(counts.sum() / snapshot.samples, per_sample_of_class(snapshot, counts))


@metric(
    "nc2_uncentred", "nc", long_name="NC2, uncentred weight", definition="Zhu et al. 2021", references=ZHU, scale="log"
)
def nc2_uncentred(snapshot: Snapshot) -> float:
    """`nc2` with W in place of W~; NaN if the weight is zero."""
    return distance_to_etf(snapshot.weight64, snapshot.weight64)


@metric(
    "nc3_uncentred", "nc", long_name="NC3, uncentred weight", definition="Zhu et al. 2021", references=ZHU, scale="log"
)
def nc3_uncentred(snapshot: Snapshot) -> float:
    """`nc3` with W in place of W~; NaN where `nc3` is."""
    return distance_to_etf(snapshot.weight64[snapshot.present], snapshot.centred_means)


def _first_largest(values: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return the first of the largest values of each row, equal up to rounding."""
    largest = values.max(axis=1, keepdims=True)
    rounding = 64 * EPS * max(values.max(initial=0.0), -values.min(initial=0.0))
    first: NDArray[np.intp] = np.argmax(values >= largest - rounding, axis=1)
    return first


def _warned_rank(snapshot: Snapshot) -> int:
    """Return the number of directions that the class means span, with a warning if some are lost."""
    rank = len(snapshot.mean_space.singular)
    present, length = snapshot.centred_means.shape
    possible = min(present - 1, length)
    if rank < max(possible, 1):
        consequence = f"NC1 is measured in those {rank}" if rank else "NC1 is undefined"
        message = f"the means of {present} classes span {rank} of {possible} directions; {consequence}"
        warnings.warn(message, RuntimeWarning, stacklevel=3)
    return rank
