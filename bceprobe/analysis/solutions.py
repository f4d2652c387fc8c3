"""Numerical solutions of the layer-peeled problem, looked at like trained models: measured, and stored as runs."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import tomli_w

from bceprobe.metrics import METRICS, measure
from bceprobe.snapshot import Snapshot
from bceprobe.store.importing import import_arrays

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bceprobe.theory import Problem, Solution

# Keys of a record, and the metrics they are.
MEASURED = {
    "threshold_mean": "threshold_mean",
    "positive_score_mean": "positive_mean",
    "negative_score_mean": "negative_mean",
    "nc1": "nc1",
    "nc2": "nc2",
    "nc3": "nc3",
    "nc2_uncentred": "nc2_uncentred",
}
# The name of the model whose features are free, in the settings of its solutions.
LAYER_PEELED = "layer-peeled"
CONSTANTS, LAMBDAS = ("classes", "dim", "per_class"), ("lambda_w", "lambda_h", "lambda_b")
SOLVER = "L-BFGS in float64 from a random start (bceprobe.theory.solve)"


def solution_record(solution: Solution, seed: int, objective: float | None) -> dict[str, Any]:
    """Measure a solution in float64, for JSON: None where there is no number.

    Parameters
    ----------
    solution, seed
        What `solve` returned, and from which seed.
    objective
        That of the closed form, which ``difference`` is against; None where there is none.
    """
    snapshot = Snapshot(solution.features, solution.target, solution.weight, 0.0 - solution.threshold)
    values = measure(snapshot, [METRICS[name] for name in MEASURED.values()])
    numbers = {
        "objective": solution.objective,
        "difference": math.nan if objective is None else solution.objective - objective,
        "gradient": solution.gradient,
        "iterations": solution.iterations,
        **{key: float(values[name]) for key, name in MEASURED.items()},
    }
    return {"seed": seed} | {key: value if math.isfinite(value) else None for key, value in numbers.items()}


def solution_settings(problem: Problem, seed: int) -> dict[str, Any]:
    """Return a problem and the seed of the start as settings, in tables; those that mean nothing here are left out.

    Examples
    --------
    >>> from bceprobe.theory import Problem
    >>> solution_settings(Problem("ce", 10, 12, 5), seed=0)["model"]
    {'name': 'layer-peeled', 'classes': 10, 'dim': 12, 'per_class': 5}
    """
    model = {"name": LAYER_PEELED, **{name: getattr(problem, name) for name in CONSTANTS}}
    return {"seed": seed, "loss": {"name": problem.loss}, "model": model, "penalty": _lambdas(problem)}


def store_solution(
    problem: Problem,
    solution: Solution,
    seed: int,
    out: str | Path,
    provenance: Mapping[str, Any],
    *,
    sources: Mapping[str, str] | None = None,
) -> Path:
    """Store a solution, rounded to float32, as a run of one epoch, which says that it was trained on this problem.

    Its config.toml holds its `solution_settings`, by which it is compared and listed as other runs are.

    Parameters
    ----------
    problem, solution, seed
        What was solved, with what result, from which seed.
    out
        The run folder to make; it must not exist, or be empty.
    provenance
        What run.json shall say besides.
    sources
        Which setting came from where, for run.json.

    Raises
    ------
    UsageError
        The folder holds something.
    """
    weight, bias = solution.weight, 0.0 - solution.threshold
    arrays = {"features": solution.features, "target": solution.target, "weight": weight, "bias": bias}
    ended = {name: getattr(solution, name) for name in ("objective", "gradient", "iterations")}
    made = {"solver": SOLVER, "problem": asdict(problem), "seed": seed, **ended}
    told = {**provenance, "solution": made, "training": _training(problem, solution)}
    config = tomli_w.dumps(solution_settings(problem, seed))
    return import_arrays(arrays, out, told, config=config, sources=dict(sources or {}))


def _training(problem: Problem, solution: Solution) -> dict[str, Any]:
    """Say what `bceprobe.analysis.context` wants to know: a batch is what n = B/K makes of it, where that is whole."""
    size = problem.per_class * problem.classes
    batch = {"batch_size": round(size)} if math.isclose(size, round(size), rel_tol=1e-9) else {}
    return {"loss": problem.loss, **_lambdas(problem), **batch, "samples": len(solution.target)}


def _lambdas(problem: Problem) -> dict[str, float]:
    return {name: getattr(problem, name) for name in LAMBDAS}
