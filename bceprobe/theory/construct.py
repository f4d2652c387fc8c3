"""Weight, features and thresholds that attain an optimum in closed form."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from bceprobe.errors import UsageError
from bceprobe.theory import relaxed
from bceprobe.theory.objective import Variables, labels

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.theory.problem import Problem


def construct(problem: Problem) -> Variables:
    """Build one of the global minima: all others are rotations of it in feature space.

    Raises
    ------
    UsageError
        The feature length is too small for one that is known.
    """
    point = relaxed.relaxed(problem)
    needed = relaxed.rank(point, problem.classes)
    if problem.dim < needed:
        raise UsageError(f"no optimum of feature length {problem.dim} is known", f"From {needed} on it is")
    kept = np.flatnonzero([point.shift != 0, *[point.difference != 0] * (problem.classes - 1)])
    basis = _basis(problem.classes)[:, kept]
    eigenvalues = np.array([-problem.classes * point.shift, *[point.difference] * (problem.classes - 1)])[kept]
    axes = np.eye(len(kept), problem.dim)
    half = basis * np.sqrt(np.abs(eigenvalues))
    stretch = math.sqrt(problem.ratio)
    weight, means = half @ axes / stretch, half * np.sign(eigenvalues) @ axes * stretch
    threshold = 0.0 if math.isnan(point.threshold) else point.threshold
    return Variables(weight, means[labels(problem)], np.full(problem.classes, threshold))


def _basis(classes: int) -> NDArray[np.float64]:
    """Return orthonormal columns of which the first is constant, (K, K)."""
    first = np.eye(classes)
    first[:, 0] = 1
    return np.linalg.qr(first)[0]
