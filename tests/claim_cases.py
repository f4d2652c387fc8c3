"""Planted cases: runs whose metrics are given, so that it is known what a claim has to find in them."""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from bceprobe.analysis.expected import Expected
from bceprobe.claims import Case
from bceprobe.theory import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

EPOCHS = (1, 2, 5, 8, 10, 15, 20)
IN_LOSS = {"penalty.lambda_w": 5e-4, "penalty.lambda_b": 0.0, "model.bias_mean": 0.0, "optim.name": "sgd"}
BY_OPTIMIZER = {"optim.weight_decay": 5e-4, "augment.crop": 4, "optim.name": "sgd"}
NAMES = (
    *("nc1", "nc2", "nc3", "nc2_uncentred", "accuracy", "uniform_accuracy", "compactness", "distinctiveness"),
    *("threshold_mean", "positive_mean", "negative_mean", "positive_std", "separated", "alpha"),
    *("positive_rank_correlation", "positive_spread_share"),
)


def case(
    loss: str,
    seed: int | None = 0,
    settings: dict[str, Any] | None = None,
    **values: Any,
) -> Case:
    """A case whose metrics are constants or courses over the epochs, equal on both splits; others are NaN."""
    known = {"loss.name": loss, **(IN_LOSS if settings is None else settings)}
    columns = {name: _column(values.pop(name, np.nan)) for name in NAMES}
    data = xr.Dataset(
        {**columns, "captured": (("split", "epoch"), np.full((2, len(EPOCHS)), fill_value=True))},
        coords={"split": ["train", "test"], "epoch": list(EPOCHS)},
    )
    label = f"{loss}-{seed}-" + "-".join(str(value) for value in known.values())
    return Case(label, known, seed, data, **values)


def both(seeds: int, make: Callable[[str, int], Case]) -> list[Case]:
    """Cases of both losses for some seeds."""
    return [make(loss, seed) for loss, seed in product(("ce", "bce"), range(seeds))]


def forecast(threshold: float) -> Expected:
    """What theory expects of a run of CE: a mean threshold that ends somewhere."""
    return Expected(Problem("ce"), None, {EPOCHS[-1]: threshold}, ())


def noise(seed: int, size: float = 0.01) -> float:
    """A small number that depends on the seed."""
    return size * float(np.random.default_rng(seed).standard_normal())


def _column(value: Any) -> tuple[tuple[str, str], NDArray[np.float64]]:
    return ("split", "epoch"), np.broadcast_to(np.asarray(value, float), (2, len(EPOCHS))).copy()
