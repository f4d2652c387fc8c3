"""The optimum: what theory says the features, scores and bias become. Definitions: FORMULAS.md, "Theory"."""

from bceprobe.theory.bounds import lower_bound, separates
from bceprobe.theory.construct import construct
from bceprobe.theory.forecast import forecast_mean
from bceprobe.theory.optimum import Optimum, alpha, optimum
from bceprobe.theory.problem import LOSSES, Problem
from bceprobe.theory.solver import Solution, solve
from bceprobe.theory.sweep import default_values, sweep

__all__ = [
    "LOSSES",
    "Optimum",
    "Problem",
    "Solution",
    "alpha",
    "construct",
    "default_values",
    "forecast_mean",
    "lower_bound",
    "optimum",
    "separates",
    "solve",
    "sweep",
]
