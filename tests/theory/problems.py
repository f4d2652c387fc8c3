"""Random problems of every regime, K from 2 to 20, for the tests of theory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from bceprobe.theory import Problem, optimum

REGIMES = {"ce": ("etf", "zero"), "bce": ("etf", "shifted", "rank-one", "zero")}


def draw(loss: str, regime: str, seed: int) -> Problem:
    """Draw a problem of a regime: sizes and regularisers at random, the decay of the bias below or above the switch."""
    source = np.random.default_rng([seed, *regime.encode()])
    classes = int(source.integers(8 if regime == "rank-one" else 3 if regime == "shifted" else 2, 21))
    problem = _of_pull(loss, classes, _pull(source, regime, classes), source)
    switch = optimum(problem).lambda_b_star
    if regime in {"shifted", "rank-one"}:
        return replace(problem, lambda_b=switch * 10 ** source.uniform(0.3, 2))
    decays = [0.0, 10 ** source.uniform(-6, -1)] if np.isnan(switch) else [0.0, min(switch, 0.1) * source.uniform(0, 1)]
    return replace(problem, lambda_b=float(decays[seed % 2]))


def _pull(source: np.random.Generator, regime: str, classes: int) -> float:
    if regime == "zero":
        return float(source.uniform(1, 4))
    if regime == "rank-one":
        return float(source.uniform(1, classes / 2 - 1.5))
    return float(10 ** source.uniform(-2, -0.05))


def _of_pull(loss: str, classes: int, pull: float, source: np.random.Generator) -> Problem:
    """Make a problem whose q is given, and nothing else of it special."""
    per_class, lambda_w = int(source.integers(1, 6)), 10 ** source.uniform(-3, -1)
    lambda_h = (pull / classes) ** 2 / per_class / lambda_w
    dim = classes + int(source.integers(0, 5))
    return Problem(loss, classes, dim, per_class, lambda_w, lambda_h, 0.0)
