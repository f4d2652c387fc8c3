"""Inequalities of the paper's proofs: the lower bound (81) of BCE, and when its threshold separates the scores (167)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scipy.special import entr

from bceprobe.theory.relaxed import sigmoid

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from bceprobe.theory.problem import Problem


def lower_bound(
    positive: NDArray[np.float64], negatives: NDArray[np.float64], missed: float, wrong: float
) -> NDArray[np.float64]:
    """Bound BCE from below by a function that is linear in the logits (81).

    Equal to the loss where sigmoid(positive) is `missed` and sigmoid of every negative logit is `wrong`.

    Parameters
    ----------
    positive, negatives
        Logits of the own class, (...), and of the others, (..., K - 1).
    missed, wrong
        c1 and c2, between 0 and 1.

    Returns
    -------
    ndarray
        -(1 - c1) z_y + (1 - c2) sum_j z_j + H(c1) + (K - 1) H(c2), (...), with the binary entropy H in nats.
    """
    entropies = _entropy(missed) + negatives.shape[-1] * _entropy(wrong)
    bound: NDArray[np.float64] = -(1 - missed) * positive + (1 - wrong) * negatives.sum(axis=-1) + entropies
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
