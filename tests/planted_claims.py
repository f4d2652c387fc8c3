"""Runs for every claim: some in which it holds, and some in which the opposite does."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from claim_cases import BY_OPTIMIZER, EPOCHS, IN_LOSS, both, case, forecast, noise

if TYPE_CHECKING:
    from collections.abc import Callable

    from bceprobe.claims import Case

SEEDS = 8
Planted: TypeAlias = "list[Case]"


def decaying(loss: str, seed: int, faster: str) -> Case:
    """A run whose NC1 to NC3 fall, faster under one loss."""
    course = np.exp(-np.array(EPOCHS) * (0.3 if loss == faster else 0.2) + noise(seed + 50 * (loss == "ce")))
    return case(loss, seed, nc1=course, nc2=course, nc3=course)


def metric(name: str, better: str, settings: dict[str, Any] = BY_OPTIMIZER) -> Planted:
    """Runs of which those of one loss have more of something."""
    return both(
        SEEDS,
        lambda loss, seed: case(
            loss,
            seed,
            settings,
            **{"accuracy": 0.5, name: 0.8 + 0.1 * (loss == better) + noise(seed + 50 * (loss == "ce"))},
        ),
    )


def ended(value: float) -> Planted:
    """Runs that end with some NC1 to NC3."""
    return both(SEEDS, lambda loss, seed: case(loss, seed, nc1=value, nc2=value * (1 + noise(seed)), nc3=value))


def moved(by: float) -> Planted:
    """Runs of CE whose thresholds end so far from where they start."""
    return [case("ce", seed, threshold_mean=6 + by + noise(seed, 1e-3), initial_threshold=6.0) for seed in range(SEEDS)]


def forecasted(off: float) -> Planted:
    """Runs of CE with decay of the bias that end so far from the forecast."""
    settings = {**IN_LOSS, "penalty.lambda_b": 5e-4}
    return [
        case("ce", seed, settings, threshold_mean=3 + off + noise(seed, 1e-3), expected=forecast(3.0))
        for seed in range(SEEDS)
    ]


def between(threshold: float) -> Planted:
    """Runs of BCE with a threshold beside scores of 5 and -3."""
    return [
        case("bce", seed, threshold_mean=threshold + noise(seed), positive_mean=5.0, negative_mean=-3.0, separated=0.0)
        for seed in range(SEEDS)
    ]


def swept(slope: dict[str, float]) -> Planted:
    """Runs over initial means of the bias, whose scores go with their thresholds by a slope for each loss."""
    return [
        case(
            loss,
            seed,
            {**IN_LOSS, "model.bias_mean": mean},
            threshold_mean=mean,
            positive_mean=5 + slope[loss] * mean + noise(int(97 * mean) + seed, 0.3),
            negative_mean=-1 + slope[loss] * mean + noise(int(89 * mean) + seed, 0.3),
        )
        for loss in slope
        for seed in range(2)
        for mean in (0.0, 2.0, 4.0, 6.0, 8.0)
    ]


def batches(*, fall: float, ce: float) -> Planted:
    """Runs over batch sizes, whose scores fall with these, and whose thresholds under CE are so far from zero."""
    return [
        case(
            loss,
            seed,
            {**IN_LOSS, "penalty.lambda_b": 5e-4, "optim.batch_size": size, "optim.lr": size / 1e4},
            threshold_mean=(ce if loss == "ce" else 0.5) + noise(seed, 1e-3),
            positive_mean=5 - fall * math.log(size) + noise(size + seed, 0.1),
            negative_mean=-6.0,
        )
        for loss in ("ce", "bce")
        for seed in range(4)
        for size in (16, 64, 256)
    ]


def staged(*, collapsed_first: bool) -> Planted:
    """Runs that fit at the third epoch, and collapse at the first or at the last one."""
    nc = np.where(np.array(EPOCHS) >= (1 if collapsed_first else EPOCHS[-1]), 0.05, 1.0)
    fits = (np.array(EPOCHS) >= EPOCHS[2]).astype(float)
    return both(
        SEEDS, lambda loss, seed: case(loss, seed, nc1=nc, nc2=nc, nc3=nc, accuracy=fits, uniform_accuracy=fits)
    )


def failing(optimizer: str) -> Planted:
    """Runs of two optimizers, one of which does not collapse."""

    def run(loss: str, seed: int, name: str) -> Case:
        nc = 1.0 if name == optimizer else 0.01
        settings = {**IN_LOSS, "optim.name": name}
        return case(loss, seed, settings, nc1=nc, nc2=nc, nc3=nc, accuracy=1.0, uniform_accuracy=1.0, positive_std=nc)

    return [run(loss, seed, name) for loss in ("ce", "bce") for seed in range(SEEDS) for name in ("sgd", "adamw")]


LONG_TAIL = {**BY_OPTIMIZER, "data.imbalance_factor": 100.0}
UPDATES = {"amplitude-falls": "positive_rank_correlation", "amplitude-shared": "positive_spread_share"}
# For each claim: runs in which it holds, and runs in which the opposite does.
PLANTED: dict[str, tuple[Callable[[], Planted], Callable[[], Planted]]] = {
    "nc-falls-faster": (
        lambda: both(SEEDS, lambda loss, seed: decaying(loss, seed, "bce")),
        lambda: both(SEEDS, lambda loss, seed: decaying(loss, seed, "ce")),
    ),
    "both-collapse": (lambda: ended(0.05), lambda: ended(0.6)),
    "ce-bias-stays": (lambda: moved(0.0), lambda: moved(-1.0)),
    "ce-bias-forecast": (lambda: forecasted(0.0), lambda: forecasted(0.5)),
    "bce-separates": (lambda: between(2.0), lambda: between(7.0)),
    "bce-bias-scores": (lambda: swept({"bce": 0.9}), lambda: swept({"bce": -0.9})),
    "ce-bias-scores": (lambda: swept({"bce": 0.9, "ce": 0.0}), lambda: swept({"bce": 0.0, "ce": 0.9})),
    "accuracy": (lambda: metric("accuracy", "bce"), lambda: metric("accuracy", "ce")),
    "uniform-accuracy": (lambda: metric("uniform_accuracy", "bce"), lambda: metric("uniform_accuracy", "ce")),
    "compactness": (lambda: metric("compactness", "bce"), lambda: metric("compactness", "ce")),
    "distinctiveness": (lambda: metric("distinctiveness", "bce"), lambda: metric("distinctiveness", "ce")),
    "better-unmixed": (lambda: metric("uniform_accuracy", "bce"), lambda: metric("uniform_accuracy", "ce")),
    "long-tail": (lambda: metric("accuracy", "bce", LONG_TAIL), lambda: metric("accuracy", "ce", LONG_TAIL)),
    "stages-in-order": (lambda: staged(collapsed_first=False), lambda: staged(collapsed_first=True)),
    "sgd-fails-more": (lambda: failing("sgd"), lambda: failing("adamw")),
    "batch-size-bias": (lambda: batches(fall=0.5, ce=0.0), lambda: batches(fall=0.5, ce=4.0)),
    "batch-size-scores": (lambda: batches(fall=0.5, ce=0.0), lambda: batches(fall=-0.5, ce=0.0)),
    **{
        name: (
            lambda key=key: metric(key, "ce", IN_LOSS),  # type: ignore[misc]
            lambda key=key: metric(key, "bce", IN_LOSS),  # type: ignore[misc]
        )
        for name, key in UPDATES.items()
    },
}
