"""Neural collapse, NC1 to NC4: FORMULAS.md, "Metrics of neural collapse".

Every quantity comes from class statistics and thin decompositions in float64; nothing here is d x d or N x N.
Classes without a sample are left out of everything that needs class means.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from bceprobe.metrics.base import metric

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.snapshot import Snapshot

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
    NaN if all class means are equal.
    """
    whiten = _between_whitening(snapshot)
    if not whiten.size:
        return np.nan
    total = 0.0
    for block in snapshot.blocks():
        within = block.features - snapshot.class_means[block.target]
        total += float(np.square(within @ whiten).sum())
    return total / snapshot.samples


@metric("nc2", "nc", long_name="NC2: classifier to simplex ETF", definition="paper eq. 33, centred weight", scale="log")
def nc2(snapshot: Snapshot) -> float:
    """|| W~W~^T / ||W~W~^T||_F - E ||_F with W~ = W minus its row mean and E the simplex ETF of norm 1.

    NaN if all rows of the weight are equal.
    """
    weight = _centred(_weight(snapshot))
    return _distance_to_etf(weight @ weight.T)


@metric("nc3", "nc", long_name="NC3: self-duality", definition="paper eq. 34, centred weight", scale="log")
def nc3(snapshot: Snapshot) -> float:
    """|| W~M^T / ||W~M^T||_F - E ||_F with the centred class means M, over the classes that are present.

    NaN if the product vanishes (equal means, equal weight rows, or both orthogonal).
    """
    weight = _centred(_weight(snapshot)[snapshot.present])
    return _distance_to_etf(weight @ snapshot.centred_means.T)


@metric("nc4", "nc", long_name="NC4: disagreement with nearest class mean", definition="paper eq. 31", units="share")
def nc4(snapshot: Snapshot) -> float:
    """Share of samples whose largest logit is not the class with the nearest mean (1 - `clf_ncc_agreement`).

    Only classes that are present compete for the nearest mean; of equals the first counts.
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
    weight = _weight(snapshot)
    return _distance_to_etf(weight @ weight.T)


@metric(
    "nc3_uncentred", "nc", long_name="NC3, uncentred weight", definition="Zhu et al. 2021", references=ZHU, scale="log"
)
def nc3_uncentred(snapshot: Snapshot) -> float:
    """`nc3` with W in place of W~; NaN where `nc3` is."""
    return _distance_to_etf(_weight(snapshot)[snapshot.present] @ snapshot.centred_means.T)


def simplex_etf(classes: int) -> NDArray[np.float64]:
    """Return E = (I - 11^T/K) / sqrt(K - 1), (K, K), of Frobenius norm 1.

    Examples
    --------
    >>> bool(np.isclose(np.linalg.norm(simplex_etf(7)), 1.0))
    True
    """
    etf: NDArray[np.float64] = (np.eye(classes) - 1 / classes) / np.sqrt(classes - 1)
    return etf


def _weight(snapshot: Snapshot) -> NDArray[np.float64]:
    return snapshot.weight.astype(np.float64)


def _centred(weight: NDArray[np.float64]) -> NDArray[np.float64]:
    centred: NDArray[np.float64] = weight - weight.mean(axis=0)
    return centred


def _distance_to_etf(gram: NDArray[np.float64]) -> float:
    norm = np.linalg.norm(gram)
    if len(gram) < 2 or norm == 0:  # noqa: PLR2004 - one class spans no simplex
        return np.nan
    return float(np.linalg.norm(gram / norm - simplex_etf(len(gram))))


def _between_whitening(snapshot: Snapshot) -> NDArray[np.float64]:
    """Return V S^-1, (d, r): columns that whiten the between-class scatter, r <= min(K' - 1, d)."""
    means = snapshot.centred_means
    _, singular, right = np.linalg.svd(means, full_matrices=False)
    possible = min(len(means) - 1, means.shape[1])
    rank = int(np.count_nonzero(singular[:possible] > _tolerance(snapshot)))
    if rank < possible:
        message = f"class means span {rank} of {possible} directions; NC1 is measured in those {rank}"
        warnings.warn(message, RuntimeWarning, stacklevel=3)
    whiten: NDArray[np.float64] = right[:rank].T / singular[:rank]
    return whiten


def _tolerance(snapshot: Snapshot) -> float:
    """Bound the rounding of the class means: float64 spacing at their size, grown by the matrix's dimensions."""
    means = snapshot.class_means[snapshot.present]
    return float(np.abs(means).max() * max(means.shape) * np.finfo(np.float64).eps)
