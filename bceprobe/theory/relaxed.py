"""The minimum of the layer-peeled problem if the feature length were no limit: FORMULAS.md, "Theory".

Given the scores Z = H W^T, the least regulariser of W and H is sqrt(lambda_w lambda_h) times the nuclear norm of Z, so
that the problem is convex in Z and b. It is symmetric in the classes, so it has a minimum whose scores are

    positive = (K - 1) Delta / K - tau,     negative = -Delta / K - tau

for all samples, with one threshold b for all classes, and whose regulariser is q ((K - 1) Delta / K + tau): Delta makes
a simplex ETF, tau >= 0 makes a mean of the weight rows and a mean of the features that are anti-parallel. What is left
is a problem in Delta, tau and b. W and H exist if d is at least the rank of Z.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from scipy.optimize import brentq

if TYPE_CHECKING:
    from collections.abc import Callable

    from bceprobe.theory.problem import Problem

EPS = 2.0**-52


class Point(NamedTuple):
    """A point of this family.

    Parameters
    ----------
    regime
        ``"etf"``: tau = 0; ``"shifted"``: ETF and means; ``"rank-one"``: means alone; ``"zero"``: W = H = 0.
    difference, shift, threshold
        Delta, tau and b.
    """

    regime: str
    difference: float
    shift: float
    threshold: float


def relaxed(problem: Problem) -> Point:
    """Return the minimum whatever the feature length."""
    return _ce(problem) if problem.loss == "ce" else _bce(problem)


def rank(point: Point, classes: int) -> int:
    """Return the feature length that W and H of a point take."""
    return {"etf": classes - 1, "shifted": classes, "rank-one": 1, "zero": 0}[point.regime]


def objective(problem: Problem, point: Point) -> float:
    """Evaluate the objective at a point, as losses and regularisers."""
    k, delta, b = problem.classes, point.difference, point.threshold
    size = problem.pull * ((k - 1) * delta / k + point.shift)
    if problem.loss == "ce":
        return math.log1p((k - 1) * math.exp(-delta)) + size + k * problem.lambda_b * _square(b)
    positive, negative = (k - 1) * delta / k - point.shift, -delta / k - point.shift
    losses = softplus(b - positive) + (k - 1) * softplus(negative - b)
    return losses + size + k * problem.lambda_b * _square(b)


def paper_point(problem: Problem) -> Point:
    """Return the simplex ETF of BCE with its best threshold: the optimum of the paper's Theorem 3.2 (eq. 12)."""
    return _etf(problem) if problem.pull < 1 else zero(problem)


def zero(problem: Problem) -> Point:
    """Return the best point without features: the threshold alone fits the frequency of the classes."""
    if problem.loss == "ce":
        return Point("zero", 0.0, 0.0, _free(problem))
    k, decay = problem.classes, problem.lambda_b
    prior = math.log(k - 1)
    if decay:
        prior = root(lambda b: k * decay * b - k * sigmoid(-b) + 1, 0.0, prior)
    return Point("zero", 0.0, 0.0, prior)


def mean_point(problem: Problem) -> Point:
    """Return the best point of BCE without differences between classes: anti-parallel means, or zero."""
    without = zero(problem)
    if problem.lambda_b * without.threshold * problem.classes <= problem.pull:
        return without
    wrong, threshold = (1 + problem.pull) / problem.classes, _limit(problem)
    return Point("rank-one", 0.0, logit(1 - wrong, wrong) - threshold, threshold)


def switching_decay(problem: Problem) -> float:
    """Return lambda_b* of BCE, above which means of W and H take over from the threshold; inf if they never do."""
    q, k = problem.pull, problem.classes
    if q < 1:
        wrong, missed = 2 * q / k, (k - 2) * q / k
        at = (k - 1) * logit(1 - wrong, wrong) - logit(1 - missed, missed) if missed else -math.inf
    else:
        wrong = (1 + q) / k
        at = k * logit(1 - wrong, wrong) if wrong < 1 else -math.inf
    return q / at if at > 0 else math.inf


def softplus(value: float) -> float:
    """Return log(1 + exp(z)) without overflow."""
    return max(value, 0.0) + math.log1p(math.exp(-abs(value)))


def logit(share: float, other: float) -> float:
    """Return log(share / other) of two shares of one; either may be tiny."""
    return math.log(share) - math.log(other)


def sigmoid(value: float) -> float:
    """Return 1 / (1 + exp(-z)) without overflow."""
    small = math.exp(-abs(value))
    return (1.0 if value >= 0 else small) / (1 + small)


def _ce(problem: Problem) -> Point:
    """CE feels only differences of scores: an ETF; without decay any threshold will do."""
    q, k = problem.pull, problem.classes
    if q >= 1:
        return zero(problem)
    share = (k - 1) * q / k
    return Point("etf", math.log(k - 1) + logit(1 - share, share), 0.0, _free(problem))


def _free(problem: Problem) -> float:
    return math.nan if problem.lambda_b == 0 else 0.0


def _bce(problem: Problem) -> Point:
    """Take the paper's point as long as lambda_b b <= q/K; beyond, means cost less than the threshold they replace."""
    if problem.lambda_b <= switching_decay(problem):
        return paper_point(problem)
    if problem.pull >= 1:
        return mean_point(problem)
    q, k, threshold = problem.pull, problem.classes, _limit(problem)
    wrong, missed = 2 * q / k, (k - 2) * q / k
    negative = logit(1 - wrong, wrong)
    difference = logit(1 - missed, missed) + negative
    return Point("shifted", difference, negative - difference / k - threshold, threshold)


def _etf(problem: Problem) -> Point:
    """Solve (12) with sigma(b - s+) + sigma(s- - b) = q for b, in the shares that are missed and wrong."""
    q, k, decay = problem.pull, problem.classes, problem.lambda_b

    def shares(b: float) -> tuple[float, float]:
        return q / k + decay * b, (k - 1) * q / k - decay * b

    def excess(b: float) -> float:
        wrong, missed = shares(b)
        return k * b - (k - 1) * logit(1 - wrong, wrong) + logit(1 - missed, missed)

    start = -excess(0.0) / k
    low, high = sorted((0.0, start))
    if decay:
        low, high = max(low, -_inside(q / (k * decay))), min(high, _inside((k - 1) * q / (k * decay)))
    threshold = start if not decay else root(excess, low, high)
    wrong, missed = shares(threshold)
    return Point("etf", logit(1 - missed, missed) + logit(1 - wrong, wrong), 0.0, threshold)


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """Find the root of an increasing function between two numbers, to the last digits."""
    at = {edge: function(edge) for edge in (low, high)}
    if at[low] >= 0 or at[high] <= 0:
        return low if at[low] >= 0 else high
    return float(brentq(function, low, high, xtol=1e-300, rtol=4 * EPS, maxiter=1000))


def _limit(problem: Problem) -> float:
    """Return q / (K lambda_b): no threshold of a minimum is larger."""
    return problem.pull / problem.classes / problem.lambda_b


def _inside(value: float) -> float:
    return value * (1 - 4 * EPS)


def _square(threshold: float) -> float:
    """Return b^2 / 2; nothing where any threshold will do."""
    return 0.0 if math.isnan(threshold) else threshold * threshold / 2
