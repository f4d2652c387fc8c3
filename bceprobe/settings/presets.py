"""Presets: the settings of the paper's experiments, FORMULAS.md "Settings of the experiments".

A preset states every value of its column, also where the default is the same, so that a run's record of sources is
complete and a changed default cannot change a preset.

setting-1 and setting-2 are for neural collapse: decay in the loss, no augmentation. setting-3 to setting-6 are for
classification: decay by the optimizer, on all parameters, and augmentation. A preset does not see the loss, and the
authors started the thresholds of these four around 6 for BCE and around 0, the default, for CE: give BCE
``--bias-mean 6``.
"""

from __future__ import annotations

from typing import Any

from bceprobe.errors import UsageError
from bceprobe.registry import nearest

_LENGTH: dict[str, Any] = {"optim.epochs": 100, "optim.batch_size": 128}
_SGD_STEP: dict[str, Any] = {
    **_LENGTH,
    "optim.name": "sgd",
    "optim.momentum": 0.9,
    "optim.lr": 1e-2,
    "optim.schedule": "step",
    "optim.milestones": [30, 60, 80],
    "optim.factor": 0.2,
}
_ADAMW_COSINE: dict[str, Any] = {
    **_LENGTH,
    "optim.name": "adamw",
    "optim.lr": 1e-3,
    "optim.schedule": "cosine",
    "optim.floor": 1e-5,
}


def _decay(in_loss: float, in_optimizer: float) -> dict[str, Any]:
    """Decay by penalties on W, H and b in the loss, or by the optimizer on all parameters."""
    penalties = dict.fromkeys(("penalty.lambda_w", "penalty.lambda_h", "penalty.lambda_b"), in_loss)
    return {**penalties, "optim.weight_decay": in_optimizer}


_IN_LOSS = _decay(5e-4, 0.0)
_BY_SGD, _BY_ADAMW = _decay(0.0, 5e-4), _decay(0.0, 0.05)
_PLAIN: dict[str, Any] = {
    "augment.crop": 0,
    "augment.flip": 0.0,
    "augment.rotation": 0.0,
    "augment.mixup": 0.0,
    "augment.cutmix": 0.0,
    "loss.smoothing": 0.0,
}
_DA1 = {**_PLAIN, "augment.crop": 4, "augment.flip": 0.5}
_DA1_DA2 = {
    **_DA1,
    "augment.mixup": 0.8,
    "augment.cutmix": 1.0,
    "augment.mix_probability": 0.8,
    "augment.switch_probability": 0.5,
    "loss.smoothing": 0.1,
}
PRESETS: dict[str, dict[str, Any]] = {
    "setting-1": {**_SGD_STEP, **_IN_LOSS, **_PLAIN},
    "setting-2": {**_ADAMW_COSINE, **_IN_LOSS, **_PLAIN},
    "setting-3": {**_SGD_STEP, **_BY_SGD, **_DA1},
    "setting-4": {**_ADAMW_COSINE, **_BY_ADAMW, **_DA1},
    "setting-5": {**_SGD_STEP, **_BY_SGD, **_DA1_DA2},
    "setting-6": {**_ADAMW_COSINE, **_BY_ADAMW, **_DA1_DA2},
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
