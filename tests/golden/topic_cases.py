"""The snapshots of `make_topics.py`: small, reproducible, and each one that a metric can get wrong."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np

Array: TypeAlias = np.ndarray[Any, Any]
NAMES = ("features", "weight", "bias")


@dataclass(frozen=True)
class Case:
    """A snapshot, the one before it (of the same samples), and how the run was trained.

    `training` has the fields of a Training: lambda_w, lambda_h, lambda_b, batch_size, samples, learning_rate.
    """

    target: Array
    now: dict[str, Array]
    before: dict[str, Array]
    training: dict[str, float]

    @property
    def arrays(self) -> dict[str, Array]:
        """Everything that is stored of it."""
        before = {f"previous_{name}": array for name, array in self.before.items()}
        return {"target": self.target, **self.now, **before}


def cases() -> dict[str, Case]:
    """Draw every case; `tests/golden/README.md` says what each is for."""
    single = _case(6, [10, 4, 8, 6, 4], 4, rate=0.5)
    short = _case(7, [10] * 4, 6, rate=0.3)
    return {
        "balanced": _case(1, [8] * 4, 6),
        "imbalanced_absent": _case(2, [14, 0, 9, 5, 3, 1], 7, samples=1003),
        "two_classes": _case(3, [27, 34], 5, samples=240),
        "more_classes_than_features": _case(4, [4] * 8, 3, rate=1.5),
        "collapsed": _case(215, [6] * 4, 6, noise=1e-4, length_of_weight=4.0, threshold=9.0),
        "ties": _integers(32, 36, 6, 3),
        "float32": _stored(single, np.float32),
        "float16": _stored(short, np.float16),
        "bfloat16": _stored(_case(9, [7, 9, 8], 4), "bfloat16"),
    }


def _case(
    seed: int,
    counts: list[int],
    length: int,
    *,
    noise: float = 0.6,
    length_of_weight: float = 1.0,
    threshold: float = 1.0,
    rate: float = 0.05,
    samples: int | None = None,
) -> Case:
    """Gaussian classes in random order around Gaussian means; the epoch before was nearer to random."""
    rng = np.random.default_rng(seed)
    means = rng.normal(size=(len(counts), length))
    target = rng.permutation(np.repeat(np.arange(len(counts)), counts))
    features = means[target] + noise * rng.normal(size=(len(target), length)) + 0.4
    weight = length_of_weight * (means + 0.3 * rng.normal(size=means.shape))
    now = {"features": features, "weight": weight, "bias": rng.normal(size=len(counts)) - threshold}
    before = {name: 0.8 * array + 0.2 * rng.normal(size=array.shape) for name, array in now.items()}
    return Case(target, now, before, _training(rate, samples or len(target)))


def _integers(seed: int, samples: int, classes: int, length: int) -> Case:
    """Small integers: many equal scores and logits, so that strict and weak comparisons and equal ranks matter.

    The seed is one where equal softmax probabilities come from equal rows of logits only: where they come from the same
    logits in another order, float64 tells them apart by rounding, and no rank correlation can be right.
    """
    rng = np.random.default_rng(seed)
    weight = rng.integers(-2, 3, size=(classes, length)).astype(float)
    target = rng.permutation(np.arange(samples) % classes)
    features = weight[target] + rng.integers(-1, 2, size=(samples, length))
    now = {"features": features, "weight": weight, "bias": rng.integers(-2, 2, size=classes).astype(float)}
    before = {name: array + rng.integers(-1, 2, size=array.shape) for name, array in now.items()}
    return Case(target, now, before, _training(0.25, samples))


def _training(rate: float, samples: int) -> dict[str, float]:
    """Settings that are all different, so that none can stand for another."""
    lambdas = {"lambda_w": 5e-4, "lambda_h": 2e-4, "lambda_b": 3e-3}
    return {**lambdas, "batch_size": 10, "samples": samples, "learning_rate": rate}


def _stored(case: Case, dtype: Any) -> Case:
    """Keep features in fewer digits; all arrays are then float32, so that only the bits tell how few."""
    now, before = (
        {name: array.astype(np.float32) for name, array in arrays.items()} for arrays in (case.now, case.before)
    )
    for arrays in (now, before):
        arrays["features"] = _rounded(arrays["features"], dtype)
    return replace(case, now=now, before=before)


def _rounded(values: Array, dtype: Any) -> Array:
    """Round float32 to a shorter type and back; bfloat16 keeps the upper half of the bits (rounded down here)."""
    if dtype == "bfloat16":
        return (values.view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)
    return values.astype(dtype).astype(np.float32)
