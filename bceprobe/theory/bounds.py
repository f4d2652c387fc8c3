"""Inequalities of the paper's proofs: the lower bound (81) of BCE, and when its threshold separates scores (167)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scipy.special import entr

from bceprobe.theory.relaxed import sigmoid

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bceprobe.theory.problem import Problem


def lower_bound(
    positive: NDArray[np.float64], negatives: NDArray[np.float64], c1: float, c2: float
) -> NDArray[np.float64]:
    """Bound BCE from below by a function that is linear in the logits (81).

    It touches the loss where c1 is the sigmoid of the positive logit, and c2 that of minus each negative one.

    Parameters
    ----------
    positive, negatives
        Logits of the own class, (...), and of the others, (..., K - 1).
    c1, c2
        Any numbers between 0 and 1.

    Returns
    -------
    ndarray
        -(1 - c1) z_y + (1 - c2) sum_j z_j + H(c1) + (K - 1) H(c2), (...), with the binary entropy H in nats.
    """
    entropies = _entropy(c1) + negatives.shape[-1] * _entropy(c2)
    bound: NDArray[np.float64] = -(1 - c1) * positive + (1 - c2) * negatives.sum(axis=-1) + entropies
    return bound


def separates(problem: Problem, rho: float) -> bool:
    """Tell whether (167) holds: at the paper's optimum of BCE with ||W||^2 = rho, exactly then b < positive score.

    The threshold is always larger than the negative score. For K = 2 the condition is not stated.
    """
    k = problem.classes
    reach = problem.ratio * rho / (k - 1)
    return k > 2 and problem.lambda_b * reach + 1 / (2 * (k - 1)) > sigmoid(-reach)  # noqa: PLR2004 - as published


def _entropy(share: float) -> float:
    return float(entr(share) + entr(1 - share))
