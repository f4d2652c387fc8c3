"""Numerical solutions of the layer-peeled problem, looked at like trained models: measured, and stored as runs."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

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


def store_solution(
    problem: Problem, solution: Solution, seed: int, out: str | Path, provenance: Mapping[str, Any]
) -> Path:
    """Store a solution, rounded to float32, as a run of one epoch, which says that it was trained on this problem.

    Parameters
    ----------
    problem, solution, seed
        What was solved, with what result, from which seed.
    out
        The run folder to make; it must not exist, or be empty.
    provenance
        What run.json shall say besides.

    Raises
    ------
    UsageError
        The folder holds something.
    """
    weight, bias = solution.weight, 0.0 - solution.threshold
    arrays = {"features": solution.features, "target": solution.target, "weight": weight, "bias": bias}
    ended = {name: getattr(solution, name) for name in ("objective", "gradient", "iterations")}
    made = {"solver": SOLVER, "problem": asdict(problem), "seed": seed, **ended}
    return import_arrays(arrays, out, {**provenance, "solution": made, "training": _training(problem, solution)})


def _training(problem: Problem, solution: Solution) -> dict[str, Any]:
    """Say what `bceprobe.analysis.context` wants to know: a batch is what n = B/K makes of it, where that is whole."""
    lambdas = {name: getattr(problem, name) for name in ("lambda_w", "lambda_h", "lambda_b")}
    size = problem.per_class * problem.classes
    batch = {"batch_size": round(size)} if math.isclose(size, round(size), rel_tol=1e-9) else {}
    return {"loss": problem.loss, **lambdas, **batch, "samples": len(solution.target)}
