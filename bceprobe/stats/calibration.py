"""Calibration: whether a classifier is as often right as its probabilities say.

The probabilities of cross-entropy are the softmax of the logits. Those of binary cross-entropy are sigmoids, one per
class, which need not sum to one: that they are judged by the same formulas is this project's own choice, and is to be
labelled so wherever it is shown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np
from scipy.special import expit, softmax

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

BINS = 15
NAEINI = "Naeini et al. 2015, doi:10.1609/aaai.v29i1.9602; Guo et al. 2017, doi:10.48550/arXiv.1706.04599"
BRIER = "Brier 1950, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2"
Link = Literal["softmax", "sigmoid"]


class Calibration(NamedTuple):
    """What calibration is judged by, of every sample.

    The bin of its confidence, (N,); whether the decision is right, less the confidence, (N,); and the squared error of
    its probabilities, summed over classes, (N,).
    """

    bins: NDArray[np.int64]
    excess: NDArray[np.float64]
    squared_error: NDArray[np.float64]


def probabilities(logits: ArrayLike, link: Link) -> NDArray[np.float64]:
    """Return the probabilities that a loss gives to classes, (N, K) -> (N, K): softmax for CE, sigmoid for BCE."""
    values = np.asarray(logits, float)
    found: NDArray[np.float64] = softmax(values, axis=1) if link == "softmax" else expit(values)
    return found


def calibration(probability: ArrayLike, target: ArrayLike) -> Calibration:
    """Judge probabilities sample by sample.

    Parameters
    ----------
    probability
        Of every class, (N, K), from 0 to 1.
    target
        (N,), from 0 to K - 1.

    Returns
    -------
    Calibration
        The decision is the most probable class (the first of equals) and its probability is the confidence. Bins are
        15 of equal width, closed above.

    Raises
    ------
    ValueError
        Other shapes, or something that is no probability.
    """
    values, labels = np.asarray(probability, float), np.asarray(target)
    if values.ndim != 2 or labels.shape != values.shape[:1]:  # noqa: PLR2004 - samples and classes
        raise ValueError(f"probabilities (N, K) and targets (N,) are needed, not {values.shape} and {labels.shape}")
    if not ((values >= 0) & (values <= 1)).all():
        raise ValueError("probabilities must lie between 0 and 1")
    decision, rows = values.argmax(axis=1), np.arange(labels.size)
    confidence = values[rows, decision]
    bins = np.clip(np.ceil(confidence * BINS).astype(np.int64) - 1, 0, BINS - 1)
    own = values[rows, labels]
    error = np.square(values).sum(axis=1) - np.square(own) + np.square(1 - own)
    return Calibration(bins, (decision == labels) - confidence, error)


def expected_calibration_error(probability: ArrayLike, target: ArrayLike) -> float:
    r"""Return the mean difference between accuracy and confidence: :math:`\sum_b |\sum_{i \in b} r_i - c_i| / N`.

    r is 1 where the decision is right, c its confidence; over 15 bins of confidence. Field's definition for softmax,
    own choice for sigmoids.

    References
    ----------
    Naeini et al. 2015, doi:10.1609/aaai.v29i1.9602; Guo et al. 2017, doi:10.48550/arXiv.1706.04599.
    """
    found = calibration(probability, target)
    return float(np.abs(np.bincount(found.bins, found.excess, BINS)).sum() / found.bins.size)


def brier_score(probability: ArrayLike, target: ArrayLike) -> float:
    r"""Return the mean over samples of :math:`\sum_k (p_k - [k = y])^2`: from 0 to 2 for softmax, to K for sigmoids.

    Brier's own definition, which sums over classes; for sigmoids it is own choice.

    References
    ----------
    Brier 1950, doi:10.1175/1520-0493(1950)078<0001:VOFEIT>2.0.CO;2.
    """
    return float(calibration(probability, target).squared_error.mean())
