"""Minimising the layer-peeled problem numerically, from random starts: the check on the closed forms.

Nothing here knows them: it minimises the objective as it is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize

from bceprobe.errors import UsageError
from bceprobe.theory.objective import Variables, labels, objective_and_gradient

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from bceprobe.theory.problem import Problem

# Of which L-BFGS keeps 2 HISTORY copies, in float64.
LARGEST = 2_000_000
HISTORY = 30
# Where rounding of the objective stops the search first, in our experience after a gradient of 1e-8.
GRADIENT = 1e-12
ITERATIONS = 100_000


@dataclass(frozen=True)
class Solution:
    """What a minimisation ended with.

    Parameters
    ----------
    weight, features, target, threshold
        (K, d), (N, d), (N,) and (K,), in float64; the logits are features @ weight.T - threshold.
    objective
        Its value there.
    gradient
        The largest entry of the gradient: how near to a stationary point it is.
    iterations
        Of L-BFGS.
    """

    weight: NDArray[np.float64]
    features: NDArray[np.float64]
    target: NDArray[np.int64]
    threshold: NDArray[np.float64]
    objective: float
    gradient: float
    iterations: int


def solve(problem: Problem, seed: int = 0, progress: Callable[[int, float], None] | None = None) -> Solution:
    """Minimise the objective by L-BFGS in float64 from a random start.

    Parameters
    ----------
    problem
        With at most 2,000,000 variables.
    seed
        Of the start.
    progress
        Called after each iteration with their number and the objective.

    Raises
    ------
    UsageError
        The problem has too many variables.
    """
    target, sizes = labels(problem), _sizes(problem)
    splits, done = np.cumsum(sizes)[:-1], 0

    def variables(flat: NDArray[np.float64]) -> Variables:
        weight, features, threshold = np.split(flat, splits)
        return Variables(weight.reshape(problem.classes, -1), features.reshape(len(target), -1), threshold)

    def function(flat: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        value, gradient = objective_and_gradient(problem, variables(flat))
        return value, np.concatenate([part.ravel() for part in gradient])

    def moved(intermediate_result: object) -> None:
        nonlocal done
        done += 1
        if progress:
            progress(done, float(intermediate_result.fun))  # type: ignore[attr-defined]  # scipy has no types

    options = {"maxcor": HISTORY, "maxiter": ITERATIONS, "maxfun": 2 * ITERATIONS, "maxls": 60, "ftol": 0.0}
    start = _start(problem, sizes, seed)
    found = minimize(
        function, start, jac=True, method="L-BFGS-B", callback=moved, options={**options, "gtol": GRADIENT}
    )
    steepest = float(np.abs(found.jac).max())
    weight, features, threshold = variables(found.x)
    return Solution(weight, features, target, threshold, float(found.fun), steepest, int(found.nit))


def _sizes(problem: Problem) -> list[int]:
    """Count the variables of weight, features and thresholds.

    Raises
    ------
    UsageError
        They are too many.
    """
    sizes = [problem.classes * problem.dim, len(labels(problem)) * problem.dim, problem.classes]
    if sum(sizes) > LARGEST:
        raise UsageError(
            f"{sum(sizes):,} variables are too many to solve for; at most {LARGEST:,}",
            f"For every dim from {problem.classes} on the optimum is the same; or take fewer samples per class",
        )
    return sizes


def _start(problem: Problem, sizes: list[int], seed: int) -> NDArray[np.float64]:
    """Draw normal numbers: rows of weight and features of length about 1, and thresholds."""
    source = np.random.default_rng(seed)
    scales = (problem.dim**-0.5, problem.dim**-0.5, 1.0)
    return np.concatenate([scale * source.normal(size=size) for scale, size in zip(scales, sizes, strict=True)])
