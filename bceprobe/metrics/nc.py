"""Neural collapse, NC1 to NC4: FORMULAS.md, "Metrics of neural collapse".

Every quantity comes from class statistics and thin decompositions in float64; nothing here is d x d or N x N.
Classes without a sample are left out of everything that needs class means.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from bceprobe.metrics.base import metric
from bceprobe.snapshot import EPS

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.snapshot import Block, Snapshot

ZHU = "doi:10.48550/arXiv.2105.02375"
PAPYAN = "doi:10.1073/pnas.2015509117"


@metric(
    "nc1", "nc", long_name="NC1: within-class variability", definition="paper eq. 32", references=PAPYAN, scale="log"
)
def nc1(snapshot: Snapshot) -> float:
    """tr(Sigma_W Sigma_B^+) / K: within-class against between-class scatter (`covariance_ratio` elsewhere).

    With the thin SVD M = U S V^T of the centred class means this is the mean over samples of
    ||S^-1 V^T (h_i - class mean)||^2, over the K' classes that are present. The pseudo-inverse keeps
    min(K' - 1, d) directions, less those that vanish in float64 (equal class means), which are warned about.
    NaN, with a warning, if there are none: all class means are equal, or only one class is present.
    Invariant under rotation and scaling of the features; independent of the classifier.
    """
    whiten = _between_whitening(snapshot)
    if not whiten.size:
        return np.nan
    total = 0.0
    for block in snapshot.blocks():
        within = _residuals(block, snapshot.class_means) @ whiten
        total += float(np.vdot(within, within))
    return total / snapshot.samples


@metric("nc2", "nc", long_name="NC2: classifier to simplex ETF", definition="paper eq. 33, centred weight", scale="log")
def nc2(snapshot: Snapshot) -> float:
    """|| W~W~^T / ||W~W~^T||_F - E ||_F with W~ = W minus its row mean and E the simplex ETF of norm 1.

    NaN if all rows of the weight are equal. Invariant under rotation and scaling of the weight; independent of the
    features, so classes without a sample count as well.
    """
    weight = _centred(_weight(snapshot))
    return _distance_to_etf(weight, weight)


@metric("nc3", "nc", long_name="NC3: self-duality", definition="paper eq. 34, centred weight", scale="log")
def nc3(snapshot: Snapshot) -> float:
    """|| W~M^T / ||W~M^T||_F - E ||_F with the centred class means M, over the classes that are present.

    NaN if the product vanishes (equal means, equal weight rows, or both orthogonal). Invariant under one rotation of
    features and weight, and under scaling of either.
    """
    return _distance_to_etf(_centred(_weight(snapshot)[snapshot.present]), snapshot.centred_means)


@metric("nc4", "nc", long_name="NC4: disagreement with nearest class mean", definition="paper eq. 31", units="share")
def nc4(snapshot: Snapshot) -> float:
    """Share of samples whose largest logit is not the class with the nearest mean (1 - `clf_ncc_agreement`).

    Only classes that are present compete for the nearest mean; of equals the first counts. Invariant under one rotation
    of features and weight, and under scaling of weight and bias together.
    """
    labels, means = np.flatnonzero(snapshot.present), snapshot.centred_means
    half_norms = np.square(means).sum(axis=1) / 2
    differ = 0
    for block in snapshot.blocks():
        nearest = labels[np.argmax((block.features - snapshot.centre) @ means.T - half_norms, axis=1)]
        differ += int(np.count_nonzero(nearest != np.argmax(snapshot.logits(block.features), axis=1)))
    return differ / snapshot.samples


@metric(
    "nc2_uncentred", "nc", long_name="NC2, uncentred weight", definition="Zhu et al. 2021", references=ZHU, scale="log"
)
def nc2_uncentred(snapshot: Snapshot) -> float:
    """`nc2` with W in place of W~; NaN if the weight is zero."""
    return _distance_to_etf(_weight(snapshot), _weight(snapshot))


@metric(
    "nc3_uncentred", "nc", long_name="NC3, uncentred weight", definition="Zhu et al. 2021", references=ZHU, scale="log"
)
def nc3_uncentred(snapshot: Snapshot) -> float:
    """`nc3` with W in place of W~; NaN where `nc3` is."""
    return _distance_to_etf(_weight(snapshot)[snapshot.present], snapshot.centred_means)


def simplex_etf(classes: int) -> NDArray[np.float64]:
    """Return E = (I - 11^T/K) / sqrt(K - 1), (K, K), of Frobenius norm 1.

    Examples
    --------
    >>> bool(np.isclose(np.linalg.norm(simplex_etf(7)), 1.0))
    True
    """
    etf: NDArray[np.float64] = (np.eye(classes) - 1 / classes) / np.sqrt(classes - 1)
    return etf


def _residuals(block: Block, class_means: NDArray[np.float64]) -> NDArray[np.float64]:
    """Subtract from each sample the mean of its class; (B, d), grouped by class."""
    residuals, start = np.empty_like(block.features), 0
    for label, features in block.by_class():
        np.subtract(features, class_means[label], out=residuals[start : start + len(features)])
        start += len(features)
    return residuals


def _weight(snapshot: Snapshot) -> NDArray[np.float64]:
    return snapshot.weight.astype(np.float64)


def _centred(weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Subtract the row mean; exactly zero where all rows are equal up to the rounding of a sum over K rows."""
    centred: NDArray[np.float64] = weight - weight.mean(axis=0)
    rounding = EPS * len(weight) * np.linalg.norm(weight)
    return centred if np.linalg.norm(centred) > rounding else np.zeros_like(centred)


def _distance_to_etf(left: NDArray[np.float64], right: NDArray[np.float64]) -> float:
    """Return || LR^T / ||LR^T||_F - E ||_F; NaN if LR^T is no more than the rounding of sums over d products."""
    product = left @ right.T
    norm = np.linalg.norm(product)
    rounding = EPS * left.shape[1] * np.linalg.norm(left) * np.linalg.norm(right)
    if norm <= rounding:
        return np.nan
    return float(np.linalg.norm(product / norm - simplex_etf(len(product))))


def _between_whitening(snapshot: Snapshot) -> NDArray[np.float64]:
    """Return V S^-1, (d, r): columns that whiten the between-class scatter, r <= min(K' - 1, d)."""
    means = snapshot.centred_means
    _, singular, right = np.linalg.svd(means, full_matrices=False)
    possible = min(len(means) - 1, means.shape[1])
    rank = int(np.count_nonzero(singular[:possible] > snapshot.mean_rounding))
    if rank < max(possible, 1):
        consequence = f"NC1 is measured in those {rank}" if rank else "NC1 is undefined"
        message = f"the means of {len(means)} classes span {rank} of {possible} directions; {consequence}"
        warnings.warn(message, RuntimeWarning, stacklevel=3)
    whiten: NDArray[np.float64] = right[:rank].T / singular[:rank]
    return whiten
