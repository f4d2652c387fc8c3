"""Closed forms against an independent minimisation of the objective, from random starts, in every regime."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest
from theory.problems import REGIMES, draw

from bceprobe.errors import UsageError
from bceprobe.metrics import METRICS, measure
from bceprobe.snapshot import Snapshot
from bceprobe.theory import Problem, Solution, optimum, solve

CASES = [(loss, regime, seed) for loss, regimes in REGIMES.items() for regime in regimes for seed in range(6)]


def collapse(found: Solution) -> dict[str, float]:
    """NC1 to NC3 of a solution, by the metrics, which know no theory."""
    snapshot = Snapshot(found.features, found.target, found.weight, -found.threshold)
    names = ("nc1", "nc2", "nc3", "nc2_uncentred", "nc3_uncentred")
    values = measure(snapshot, [METRICS[name] for name in names])
    return {name: float(values[name]) for name in names}


@pytest.mark.parametrize(("loss", "regime", "seed"), CASES)
def test_minimisation_ends_at_the_closed_form(loss: str, regime: str, seed: int) -> None:
    """In every regime the objective is that of the closed form to 1e-10; threshold, scores and ||W||^2 follow to 1e-4.

    These vary with the square root of what is left of the objective. The bias of CE without decay is left free.
    """
    problem = draw(loss, regime, seed)
    expected, found = optimum(problem), solve(problem, seed)
    assert expected.regime == regime
    assert abs(found.objective - expected.objective) < 1e-10
    scores = found.features @ found.weight.T
    own = np.eye(problem.classes, dtype=bool)[found.target]
    close = partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-4)
    close(scores[own], expected.positive_score)
    close(scores[~own], expected.negative_score)
    close(np.square(found.weight).sum(), expected.rho)
    if not np.isnan(expected.threshold):
        close(found.threshold, expected.threshold)


@pytest.mark.parametrize(("loss", "seed"), [(loss, seed) for loss in REGIMES for seed in range(6)])
def test_features_collapse_in_the_etf_regime(loss: str, seed: int) -> None:
    """NC1, NC2, NC3 and their uncentred variants vanish at the solution: no means of weight or features are left."""
    values = collapse(solve(draw(loss, "etf", seed), seed))
    assert max(values.values()) < 1e-6, values


@pytest.mark.parametrize("seed", range(6))
def test_weights_have_a_mean_in_the_shifted_regime(seed: int) -> None:
    """Beyond the boundary of Theorem 3.2 NC1, NC2 and NC3 still vanish, uncentred NC2 does not."""
    values = collapse(solve(draw("bce", "shifted", seed), seed))
    assert max(values["nc1"], values["nc2"], values["nc3"]) < 1e-6
    assert values["nc2_uncentred"] > 0.01


def test_starts_differ_and_ends_agree() -> None:
    """Different seeds end at rotations of one another, with equal scores; the same seed ends at the same numbers."""
    problem = Problem("bce", classes=4, dim=6, per_class=2, lambda_b=1e-5)
    first, again, other = (solve(problem, seed) for seed in (0, 0, 1))
    np.testing.assert_array_equal(first.features, again.features)
    assert not np.allclose(first.features, other.features, atol=0.1)
    np.testing.assert_allclose(first.features @ first.weight.T, other.features @ other.weight.T, atol=1e-5)


def test_part_of_a_sample() -> None:
    """Samples per class need not be whole (128 over 10 classes): lighter samples attain the optimum."""
    problem = Problem("bce", classes=10, dim=12, per_class=12.8)
    found = solve(problem)
    assert len(found.target) == 130
    assert found.objective == pytest.approx(optimum(problem).objective, abs=1e-12)


def test_progress_is_told() -> None:
    """Every iteration is counted, and the objective falls."""
    seen: list[tuple[int, float]] = []
    found = solve(Problem("ce", classes=3, dim=4, per_class=2), progress=lambda done, value: seen.append((done, value)))
    assert [done for done, _ in seen] == list(range(1, found.iterations + 1))
    assert seen[0][1] > seen[-1][1] == pytest.approx(found.objective, abs=1e-12)


def test_a_problem_that_is_too_large_is_refused() -> None:
    """What would not fit memory is refused, with a smaller problem that has the same optimum."""
    with pytest.raises(UsageError, match="are too many to solve for") as caught:
        solve(Problem("bce", classes=100, dim=2048, per_class=500))
    assert "from 100 on the optimum is the same" in caught.value.hint
