"""The closed forms by themselves: published numbers, stationarity, boundaries, and the metrics of the same names."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from theory.problems import REGIMES, draw

from bceprobe.errors import UsageError
from bceprobe.metrics import METRICS, measure
from bceprobe.snapshot import Snapshot, Training
from bceprobe.theory import Problem, alpha, construct, optimum, solve
from bceprobe.theory.objective import objective_and_gradient

CASES = [(loss, regime, seed) for loss, regimes in REGIMES.items() for regime in regimes for seed in range(8)]
EXAMPLE = Problem("bce", classes=10, dim=12, per_class=5)


def test_the_counterexample_to_theorem_32() -> None:
    """The numbers of FORMULAS.md: at lambda_b = 5e-3 the paper's point costs more than twice the minimum."""
    inside, outside = (optimum(replace(EXAMPLE, lambda_b=decay)) for decay in (1e-4, 5e-3))
    assert (inside.regime, round(inside.objective, 10), round(inside.threshold, 6)) == ("etf", 0.1496642508, 5.301441)
    assert (outside.regime, round(outside.objective, 10)) == ("shifted", 0.1927653065)
    assert round(outside.threshold, 7) == 0.2236068
    assert (outside.positive_score, outside.negative_score) == pytest.approx((4.9313643, -5.8771910), abs=1e-7)
    paper = optimum(replace(EXAMPLE, lambda_b=5e-3, dim=9))
    assert (paper.regime, round(paper.objective_high, 10)) == ("unknown", 0.4509680704)


def test_the_scores_of_figure_3() -> None:
    """With n = B/K the theory of CE gives 5.68 and -0.63, where the poster shows 5.65 and -0.62."""
    found = optimum(Problem("ce"))
    assert [round(value, 2) for value in (found.positive_score, found.negative_score, found.threshold)] == [
        5.68,
        -0.63,
        0,
    ]


@pytest.mark.parametrize(("loss", "regime", "seed"), CASES)
def test_the_constructed_point_is_stationary(loss: str, regime: str, seed: int) -> None:
    """Weight, features and thresholds built from the closed form have its objective and ||W||^2, and no gradient."""
    problem = draw(loss, regime, seed)
    expected, point = optimum(problem), construct(problem)
    value, gradient = objective_and_gradient(problem, point)
    assert value == pytest.approx(expected.objective, abs=1e-13)
    assert np.square(point.weight).sum() == pytest.approx(expected.rho, rel=1e-12, abs=1e-12)
    assert max(float(np.abs(part).max()) for part in gradient) < 1e-14


@pytest.mark.parametrize("classes", [5, 10, 20, 1000])
@pytest.mark.parametrize("pull", [1e-4, 0.02, 0.5, 0.9])
def test_the_optimum_is_continuous_where_regimes_meet(classes: int, pull: float) -> None:
    """Just below and just above lambda_b* everything but the regime agrees."""
    problem = Problem("bce", classes, classes, 1, pull / classes, pull / classes, 0)
    switch = optimum(problem).lambda_b_star
    below, above = (optimum(replace(problem, lambda_b=switch * (1 + step))) for step in (-1e-9, 1e-9))
    assert (below.regime, above.regime) == ("etf", "shifted")
    for name in ("objective", "rho", "threshold", "positive_score", "negative_score"):
        assert getattr(below, name) == pytest.approx(getattr(above, name), rel=1e-5, abs=1e-6), name


@pytest.mark.parametrize(("pull", "regimes"), [(2.0, ("zero", "rank-one")), (0.5, ("etf", "shifted"))])
def test_features_do_not_always_vanish_under_strong_regularisers(pull: float, regimes: tuple[str, str]) -> None:
    """From q = 1 on there is no ETF; but under a strong decay of the bias, means of weight and features remain."""
    problem = Problem("bce", 10, 10, 1, pull / 10, pull / 10, 0)
    assert tuple(optimum(replace(problem, lambda_b=decay)).regime for decay in (1e-6, 10.0)) == regimes


def test_regimes_never_switch_where_the_threshold_is_small() -> None:
    """For two classes, and from q = K/2 - 1 on, no lambda_b leaves the paper's point."""
    for problem in (Problem("bce", 2, 2, 1, 0.1, 0.1), Problem("bce", 6, 6, 1, 2.1 / 6, 2.1 / 6)):
        found = optimum(replace(problem, lambda_b=1e9))
        assert (found.lambda_b_star, found.regime) == (math.inf, "etf" if problem.classes == 2 else "zero")
        assert found.to_dict()["lambda_b_star"] is None


def test_two_classes_are_symmetric() -> None:
    """For K = 2 the threshold of BCE is 0, the scores are opposite, and each is that of logistic regression."""
    found = optimum(Problem("bce", 2, 3, 1, 0.05, 0.05, 0.01))
    assert found.threshold == pytest.approx(0, abs=1e-15)
    assert found.positive_score == -found.negative_score == pytest.approx(math.log(2 / 0.1 - 1))


@pytest.mark.parametrize("decay", [0.0, 1e-4, 0.1])
def test_prior_without_features(decay: float) -> None:
    """Without features the threshold of BCE alone is trained: log(K - 1) without decay, nearer to 0 with it."""
    found = optimum(Problem("bce", 8, 8, 1, 0.2, 0.2, decay))
    assert (found.regime, found.rho, found.positive_score, found.separated) == ("zero", 0, 0, 0)
    slope = decay * found.threshold - (7 / (1 + math.exp(found.threshold)) - 1 / (1 + math.exp(-found.threshold))) / 8
    assert abs(slope) < 1e-15
    assert found.threshold == pytest.approx(math.log(7)) if decay == 0 else found.threshold < math.log(7)


def test_ce_keeps_any_threshold_without_decay() -> None:
    """CE without decay of the bias has a ridge of minima: there is no threshold, and no answer to what it separates."""
    found = optimum(Problem("ce", lambda_b=0)).to_dict()
    assert (found["threshold"], found["separated"], found["alpha"], found["lambda_b_star"]) == (None, None, None, None)
    assert "keeps the initial mean" in found["statement"]
    assert optimum(Problem("ce")).threshold == 0


@pytest.mark.parametrize("regime", ["etf", "shifted", "zero"])
def test_alpha_is_that_of_the_metric(regime: str) -> None:
    """Alpha of an optimum is what the metric measures on it: 0 at the paper's optimum."""
    problem = draw("bce", regime, 1)
    point, batch = construct(problem), problem.classes * int(problem.per_class)
    training = Training("bce", problem.lambda_w, problem.lambda_h, problem.lambda_b, batch, batch)
    target = np.repeat(np.arange(problem.classes), int(problem.per_class))
    snapshot = Snapshot(point.features, target, point.weight, -point.threshold, training=training)
    expected = optimum(problem)
    measured = measure(snapshot, [METRICS["alpha"], METRICS["threshold_mean"], METRICS["separated"]])
    assert measured["alpha"] == pytest.approx(expected.alpha, abs=1e-14)
    assert measured["threshold_mean"] == pytest.approx(expected.threshold)
    assert measured["separated"] == expected.separated
    assert (abs(expected.alpha) < 1e-14) == (regime != "shifted")
    assert alpha(problem, expected.threshold, expected.rho) == expected.alpha


@pytest.mark.parametrize("loss", ["ce", "bce"])
def test_the_etf_needs_one_dimension_less_than_classes(loss: str) -> None:
    """With d = K - 1 the ETF is the global minimum as for larger d."""
    problem = Problem(loss, classes=6, dim=5, per_class=3, lambda_b=1e-5)
    assert optimum(problem).regime == "etf"
    assert optimum(problem).objective == optimum(replace(problem, dim=60)).objective
    assert solve(problem).objective == pytest.approx(optimum(problem).objective, abs=1e-12)


@pytest.mark.parametrize(("loss", "dim", "decay"), [("ce", 4, 0.01), ("bce", 4, 0.0), ("bce", 5, 0.1), ("bce", 3, 0.1)])
def test_a_smaller_feature_length_has_bounds(loss: str, dim: int, decay: float) -> None:
    """Below what the minimum takes, the closed form is a lower bound; the solver ends between it and the upper one."""
    problem = Problem(loss, classes=6, dim=dim, per_class=2, lambda_w=1e-3, lambda_h=1e-3, lambda_b=decay)
    found = optimum(problem)
    assert (found.regime, found.to_dict()["objective"]) == ("unknown", None)
    assert found.objective_low == optimum(replace(problem, dim=6)).objective
    best = min(solve(problem, seed).objective for seed in range(3))
    assert found.objective_low + 1e-6 < best <= found.objective_high + 1e-12
    with pytest.raises(UsageError, match="no optimum of feature length"):
        construct(problem)


def test_means_need_one_dimension() -> None:
    """Where there are means alone, the closed form holds from d = 1 on."""
    problem = Problem("bce", classes=10, dim=1, per_class=2, lambda_w=0.1, lambda_h=0.2, lambda_b=1)
    assert optimum(problem).regime == "rank-one"
    assert solve(problem).objective == pytest.approx(optimum(problem).objective, abs=1e-12)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"loss": "mse"}, "no loss 'mse'"),
        ({"classes": 1}, "classes is 1; it must be 2 or more"),
        ({"dim": 0}, "dim is 0; it must be 1 or more"),
        ({"per_class": 0}, "per_class is 0; it must be a positive number"),
        ({"lambda_w": 0.0}, "without it the minimum is at infinity"),
        ({"lambda_h": -1.0}, "lambda_h is -1"),
        ({"lambda_b": -1e-3}, "lambda_b is -0.001; it must be 0 or more"),
        ({"lambda_b": math.nan}, "lambda_b is nan"),
        ({"lambda_b": math.inf}, "lambda_b is inf"),
        ({"lambda_w": 1e-200, "lambda_h": 1e-300, "per_class": 1e-300}, "leaves the range of numbers"),
    ],
)
def test_impossible_problems_are_refused(change: dict[str, Any], text: str) -> None:
    """Every value outside its range is named."""
    with pytest.raises(UsageError, match=text):
        replace(Problem(), **change)


@pytest.mark.parametrize("pull", [1e-12, 1e-6, 0.999999, 1.0, 1.000001, 1e6])
@pytest.mark.parametrize("decay", [0.0, 1e-300, 1e-12, 1.0, 1e12])
@pytest.mark.parametrize("classes", [2, 3, 100_000])
def test_extreme_problems_have_finite_optima(pull: float, decay: float, classes: int) -> None:
    """Tiny and huge regularisers and many classes overflow nowhere, and the minimum is not above simple points."""
    for loss in ("ce", "bce"):
        problem = Problem(loss, classes, classes, 1, pull / classes, pull / classes, decay)
        found = optimum(problem)
        values = [found.objective, found.rho, found.positive_score, found.negative_score]
        assert np.isfinite(values).all(), (problem, found)
        nothing = math.log(classes) if loss == "ce" else classes * math.log(2)
        assert found.objective <= nothing * (1 + 1e-12)
        assert found.negative_score <= found.positive_score
