"""Epochs to a threshold, where some runs never get there: they count as censored, not as lost."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtri
from statsmodels.duration.survfunc import SurvfuncRight

from bceprobe.stats.hypothesis_tests import CONFIDENCE, TestResult, welch_t
from bceprobe.stats.permutation import relabelling

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

LOG_RANK = "log-rank, permutation"


@dataclass(frozen=True)
class Arrivals:
    """When each run of an arm reached a threshold.

    Parameters
    ----------
    epochs
        The first epoch at which it was reached, or the last observed one, (n,).
    reached
        Whether it was, (n,).
    """

    epochs: NDArray[np.float64]
    reached: NDArray[np.bool_]


@dataclass(frozen=True)
class KaplanMeier:
    """The estimated share of runs that have not reached a threshold yet.

    Parameters
    ----------
    n
        Runs.
    epochs
        At which some reached it, (E,).
    waiting, ci_low, ci_high
        Share that has not by the end of each of them, (E,), and its 95 % confidence interval at that epoch (Greenwood,
        on the scale of log(-log)); NaN where the share is nought or one.
    median
        First epoch at which half or more have; NaN if that never happens.
    """

    n: int
    epochs: NDArray[np.float64]
    waiting: NDArray[np.float64]
    ci_low: NDArray[np.float64]
    ci_high: NDArray[np.float64]
    median: float


def first_below(epochs: ArrayLike, values: ArrayLike, threshold: float) -> Arrivals:
    """Find the first epoch at which each run's curve is below a threshold.

    Parameters
    ----------
    epochs
        Increasing, (E,), at least one.
    values
        A curve per run, (n, E). NaN is not below.
    threshold
        Strict. For a quantity that rises, give minus the values and minus the threshold.

    Raises
    ------
    ValueError
        Values of another shape, or no epoch.

    Examples
    --------
    >>> first_below([1, 5, 9], [[3, 0.5, 0.1], [3, 2, 1]], 1)
    Arrivals(epochs=array([5., 9.]), reached=array([ True, False]))
    """
    numbers, curves = np.asarray(epochs, float), np.asarray(values, float)
    if curves.ndim != 2 or curves.shape[1:] != numbers.shape or not numbers.size:  # noqa: PLR2004 - runs and epochs
        raise ValueError(f"a value is needed for each of {numbers.size} epochs, not {curves.shape}")
    below = curves < threshold
    reached: NDArray[np.bool_] = np.any(below, axis=1)
    return Arrivals(np.where(reached, numbers[below.argmax(axis=1)], numbers[-1]), reached)


def kaplan_meier(arrivals: Arrivals) -> KaplanMeier:
    """Estimate how many runs still wait, by Kaplan and Meier, by statsmodels.

    References
    ----------
    Kaplan & Meier 1958, doi:10.1080/01621459.1958.10501452; Kalbfleisch & Prentice 2002, section 1.4 (interval).
    """
    found = SurvfuncRight(arrivals.epochs, arrivals.reached.astype(int))
    some = found.n_events > 0
    waiting, error = found.surv_prob[some], found.surv_prob_se[some]
    inside = (waiting > 0) & (waiting < 1)
    share = np.where(inside, waiting, np.nan)
    half = ndtri((1 + CONFIDENCE) / 2) * error / np.abs(share * np.log(share))
    low, high = share ** np.exp(half), share ** np.exp(-half)
    passed = found.surv_times[some][waiting <= 0.5]  # noqa: PLR2004 - the median
    median = float(passed[0]) if passed.size else math.nan
    return KaplanMeier(arrivals.epochs.size, found.surv_times[some], waiting, low, high, median)


def log_rank(a: Arrivals, b: Arrivals, *, seed: int = 0) -> TestResult:
    r"""Test whether runs of b reach the threshold sooner or later than those of a, by the permutation log-rank test.

    Observed less expected arrivals of b are the sum over its runs of :math:`\delta - \Lambda(t)`, where :math:`\delta`
    is 1 for a run that arrived and :math:`\Lambda` the cumulative hazard of both arms together (Nelson and Aalen). Up
    to 65536 ways to choose which runs are b's, all are tried; beyond, as many are drawn. That is exact for few runs,
    where chi-squared is not, if both arms were trained equally long. Seeds are not paired.

    Parameters
    ----------
    a, b
        Arrivals of each arm's runs.
    seed
        Of the sampled labellings.

    Returns
    -------
    TestResult
        The difference is that of the mean epochs to the threshold, a run counting no longer than the shortest one that
        never got there, with Welch's interval; the effect is the ratio of hazards, b over a, by Peto's one step: above
        1 where b is sooner. Without p-value where no run gets there, or all do at once.

    References
    ----------
    Mantel 1966, Cancer Chemotherapy Reports 50, 163; Peto & Peto 1972, doi:10.2307/2344317; Royston & Parmar 2013,
    doi:10.1186/1471-2288-13-152 (restricted mean).
    """
    sizes = (a.epochs.size, b.epochs.size)
    epochs, reached = np.concatenate([a.epochs, b.epochs]), np.concatenate([a.reached, b.reached])
    horizon = epochs[~reached].min() if not reached.all() else math.inf
    means = welch_t(np.minimum(a.epochs, horizon), np.minimum(b.epochs, horizon))
    scores, variance = _log_rank_scores(epochs, reached, sizes)
    tested = relabelling(scores[: sizes[0]], scores[sizes[0] :], seed=seed)
    excess = float(scores[sizes[0] :].sum())
    ratio = math.exp(excess / variance) if variance > 0 and not tested.note else math.nan
    return replace(means, test=LOG_RANK, p_value=tested.p_value, effect=ratio, note=tested.note)


def _log_rank_scores(
    epochs: NDArray[np.float64], reached: NDArray[np.bool_], sizes: tuple[int, int]
) -> tuple[NDArray[np.float64], float]:
    """Return each run's share in observed less expected arrivals, and the variance of their sum over b."""
    times = np.unique(epochs[reached])
    at_risk, of_b = epochs[:, None] >= times, np.repeat([False, True], sizes)
    waiting, waiting_b = at_risk.sum(axis=0), at_risk[of_b].sum(axis=0)
    arrived, share = (reached[:, None] & (epochs[:, None] == times)).sum(axis=0), waiting_b / waiting
    others = np.maximum(waiting - 1, 1)
    variance = (arrived * share * (1 - share) * (waiting - arrived) / others).sum()
    return reached - at_risk @ (arrived / waiting), float(variance)
