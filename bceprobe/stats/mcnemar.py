"""Accuracy of two trained models on one test set, by the samples on which only one of them is right."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri
from statsmodels.stats.contingency_tables import mcnemar as mcnemar_test

from bceprobe.stats.hypothesis_tests import CONFIDENCE, NO_VARIATION, TestResult

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

MCNEMAR_EXACT = "McNemar, exact"
MCNEMAR = "McNemar, chi-squared"
# Discordant samples up to which the binomial distribution is used; beyond, chi-squared with continuity correction.
FEW = 25


def mcnemar(right_a: ArrayLike, right_b: ArrayLike) -> TestResult:
    r"""McNemar's test of two models on the same samples, by `statsmodels`.

    Only discordant samples count: n_b that b alone classifies rightly, n_a that a alone does. Up to 25 of them the
    p-value is that of the exact binomial test; beyond, of chi-squared with continuity correction, which stays close to
    the exact one and, like it, rejects in at most 5 % of cases.

    It speaks of these two models and of samples like these, and says nothing about the training procedure.

    Parameters
    ----------
    right_a, right_b
        Whether each model classifies each sample rightly, (N,), in the same order of samples.

    Returns
    -------
    TestResult
        n holds the number of samples; the difference of accuracies; its interval by Agresti and Min (Wald's, with half
        a sample added to each of the four cells); the effect is Cohen's g, n_b / (n_a + n_b) - 1/2. Without p-value
        and effect where both models err on the same samples.

    Raises
    ------
    ValueError
        The models were not judged on equally many samples, or on none.

    References
    ----------
    McNemar 1947, doi:10.1007/BF02295996; Agresti & Min 2005, doi:10.1002/sim.1781; Cohen 1988, ch. 5.

    Examples
    --------
    >>> found = mcnemar([1, 1, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 1, 1])
    >>> found.test, found.p_value
    ('McNemar, exact', 0.0625)
    """
    first, second = np.asarray(right_a, bool), np.asarray(right_b, bool)
    if first.shape != second.shape or first.ndim != 1 or not first.size:
        raise ValueError(f"both models need the same samples, not {first.shape} and {second.shape}")
    only_a, only_b = int((first & ~second).sum()), int((second & ~first).sum())
    samples, discordant = first.size, only_a + only_b
    difference, exact = (only_b - only_a) / samples, discordant <= FEW
    name, interval = MCNEMAR_EXACT if exact else MCNEMAR, _agresti_min(only_a, only_b, samples)
    if not discordant:
        return TestResult(name, (samples, samples), difference, *interval, note=NO_VARIATION)
    found = mcnemar_test([[0, only_a], [only_b, 0]], exact=exact, correction=True)
    p_value, effect = min(float(found.pvalue), 1.0), only_b / discordant - 0.5
    return TestResult(name, (samples, samples), difference, *interval, p_value, effect)


def _agresti_min(only_a: int, only_b: int, samples: int) -> tuple[float, float]:
    """Bound the difference of paired proportions."""
    a, b, n = only_a + 0.5, only_b + 0.5, samples + 2
    centre, half = (b - a) / n, ndtri((1 + CONFIDENCE) / 2) * math.sqrt(a + b - (b - a) ** 2 / n) / n
    return max(centre - half, -1.0), min(centre + half, 1.0)
