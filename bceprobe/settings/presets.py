"""Presets: the settings of the paper's experiments, FORMULAS.md "Settings of the experiments".

A preset states every value of its column, also where the default is the same, so that a run's record of sources is
complete and a changed default cannot change a preset.
"""

from __future__ import annotations

from typing import Any

from bceprobe.errors import UsageError
from bceprobe.registry import nearest

_COLLAPSE: dict[str, Any] = {
    "optim.epochs": 100,
    "optim.batch_size": 128,
    "optim.weight_decay": 0.0,
    "penalty.lambda_w": 5e-4,
    "penalty.lambda_h": 5e-4,
    "penalty.lambda_b": 5e-4,
}
_SGD_STEP: dict[str, Any] = {
    "optim.name": "sgd",
    "optim.momentum": 0.9,
    "optim.lr": 1e-2,
    "optim.schedule": "step",
    "optim.milestones": [30, 60, 80],
    "optim.factor": 0.2,
}
_ADAMW_COSINE: dict[str, Any] = {
    "optim.name": "adamw",
    "optim.lr": 1e-3,
    "optim.schedule": "cosine",
    "optim.floor": 1e-5,
}
PRESETS: dict[str, dict[str, Any]] = {
    "setting-1": {**_COLLAPSE, **_SGD_STEP},
    "setting-2": {**_COLLAPSE, **_ADAMW_COSINE},
}


def preset(name: str) -> dict[str, Any]:
    """Look up the settings of a preset by dotted key.

    Raises
    ------
    UsageError
        No preset has this name.
    """
    if name not in PRESETS:
        raise UsageError(f"unknown preset {name!r}", nearest(name, PRESETS))
    return dict(PRESETS[name])
