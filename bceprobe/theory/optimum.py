"""The optimum: what theory says of a problem, or, where it says less, between which bounds the minimum lies."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from bceprobe.theory import relaxed
from bceprobe.theory.relaxed import sigmoid

if TYPE_CHECKING:
    from bceprobe.theory.problem import Problem
    from bceprobe.theory.relaxed import Point

UNKNOWN = "unknown"


@dataclass(frozen=True)
class Optimum:
    """The global minimum of a problem. Numbers that are not known, or not determined, are NaN.

    Parameters
    ----------
    regime
        ``"etf"``: the paper's simplex ETF; ``"shifted"``: an ETF with anti-parallel means of weight and features, which
        serve as a cheaper bias; ``"rank-one"``: these means alone; ``"zero"``: no features at all; ``"unknown"``: the
        feature length is too small for a closed form.
    objective
        The value of the minimum.
    objective_low, objective_high
        Between these it lies for certain: both are `objective` where it is known.
    rho
        ||W||_F^2.
    threshold
        b, of every class: minus PyTorch's bias. CE without decay takes any; gradient descent keeps the initial mean.
    positive_score, negative_score
        w_k . h_i for the own class and for every other one, without bias.
    separated
        1 if negative score < threshold < positive score, else 0 (in the regime ``"etf"`` of BCE, eq. 167).
    alpha
        Right minus left side of (12) at this threshold and rho: 0 where BCE's optimum is the paper's.
    lambda_b_star
        The lambda_b at which BCE leaves the paper's optimum; inf if it never does, NaN for CE, which has no such value.
    statement
        What is known here, in a sentence.
    """

    regime: str
    objective: float
    objective_low: float
    objective_high: float
    rho: float
    threshold: float
    positive_score: float
    negative_score: float
    separated: float
    alpha: float
    lambda_b_star: float
    statement: str

    def to_dict(self) -> dict[str, Any]:
        """Return all fields for JSON: None where there is no number, and for an infinite ``lambda_b_star``."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in found.items()
        }


def optimum(problem: Problem) -> Optimum:
    """Return the global minimum of the layer-peeled problem in closed form (FORMULAS.md, "Theory").

    The minimum that is free of the feature length d is found first. It is the minimum as soon as d is at least the rank
    of its scores: K - 1 for an ETF, K for a shifted one, 1 and 0 for the others. For a smaller d it is a lower bound.

    Examples
    --------
    >>> from bceprobe.theory import Problem
    >>> found = optimum(Problem("bce", classes=10, dim=12, per_class=5, lambda_b=5e-3))
    >>> found.regime, round(found.objective, 10), round(found.threshold, 7)
    ('shifted', 0.1927653065, 0.2236068)
    """
    point = relaxed.relaxed(problem)
    needed, value = relaxed.rank(point, problem.classes), relaxed.objective(problem, point)
    if problem.dim < needed:
        return _unknown(problem, point.regime, needed, value)
    rho, positive, negative = size(problem, point), *scores(problem, point)
    return Optimum(
        regime=point.regime,
        objective=value,
        objective_low=value,
        objective_high=value,
        rho=rho,
        threshold=point.threshold,
        positive_score=positive,
        negative_score=negative,
        separated=_separated(positive, negative, point.threshold),
        alpha=alpha(problem, point.threshold, rho),
        lambda_b_star=_switch(problem),
        statement=_statement(problem, point),
    )


def scores(problem: Problem, point: Point) -> tuple[float, float]:
    """Return the positive and the negative score of a point, without bias."""
    k, delta = problem.classes, point.difference
    return (k - 1) * delta / k - point.shift, 0.0 - delta / k - point.shift


def size(problem: Problem, point: Point) -> float:
    """Return rho = ||W||_F^2 of a point: of its ETF and of its means."""
    k = problem.classes
    return ((k - 1) * point.difference + k * point.shift) / problem.ratio


def alpha(problem: Problem, threshold: float, rho: float) -> float:
    """Return the right minus the left side of (12), (57): 0 at the paper's optimum of BCE."""
    k = problem.classes
    reach = problem.ratio * rho / k
    wrong, missed = sigmoid(-threshold - reach / (k - 1)), sigmoid(threshold - reach)
    return ((k - 1) * wrong - missed) / k - problem.lambda_b * threshold


def _separated(positive: float, negative: float, threshold: float) -> float:
    return math.nan if math.isnan(threshold) else float(negative < threshold < positive)


def _switch(problem: Problem) -> float:
    return relaxed.switching_decay(problem) if problem.loss == "bce" else math.nan


def _statement(problem: Problem, point: Point) -> str:
    """Say where this comes from."""
    if point.regime == "zero":
        return "W = H = 0: the regularisers outweigh what features could gain (derived)."
    if point.regime == "rank-one":
        return "No differences between classes: means of W and H stand in for the threshold (own, derived)."
    if point.regime == "shifted":
        return "Theorem 3.2 does not hold: lambda_b > lambda_b*, an ETF with means of W and H costs less (derived)."
    if problem.loss == "bce":
        return "The simplex ETF of the paper's Theorem 3.2."
    if problem.lambda_b:
        return "The simplex ETF of the paper's Theorem 3.1, with threshold 0."
    return "The simplex ETF of the paper's Theorem 3.1; any threshold: gradient descent keeps the initial mean."


def _unknown(problem: Problem, regime: str, needed: int, low: float) -> Optimum:
    """Give bounds where the feature length is too small: the problem without that limit, and the best point known."""
    nothing: dict[str, Any] = {field.name: math.nan for field in fields(Optimum)}
    ends = f"d = {problem.dim} is less than the {needed} that the minimum for larger d takes ({regime})"
    known = {
        "regime": UNKNOWN,
        "objective_low": low,
        "objective_high": min(relaxed.objective(problem, point) for point in _feasible(problem)),
        "lambda_b_star": _switch(problem),
        "statement": f"{ends}: no closed form is known, only bounds of the objective. --solve searches for it.",
    }
    return Optimum(**{**nothing, **known})


def _feasible(problem: Problem) -> list[Point]:
    """List points that exist at this feature length."""
    if problem.loss == "ce":
        return [relaxed.zero(problem)]
    points = [relaxed.paper_point(problem), relaxed.mean_point(problem)]
    return [point for point in points if relaxed.rank(point, problem.classes) <= problem.dim]
