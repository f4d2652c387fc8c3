"""Presets: the settings of the paper's experiments, FORMULAS.md "Settings of the experiments".

What is not recoverable there is marked below as own choice, or as taken from Alshammari et al. 2022, whose protocol the
paper follows on long tails (doi:10.48550/arXiv.2203.14197; the values are those of their public code at factor 100).

A preset states every value of its column, also where the default is the same, so that a run's record of sources is
complete and a changed default cannot change a preset.

setting-1 and setting-2 are for neural collapse: decay in the loss, no augmentation. setting-3 to setting-6 are for
classification: decay by the optimizer, on all parameters, and augmentation. A preset does not see the loss, and the
authors started the thresholds of these four around 6 for BCE and around 0, the default, for CE: give BCE
``--bias-mean 6``. These four count by the epoch of the best test accuracy, the first two by the last epoch.

imagenet-finetune goes on from pretrained weights. long-tail is one stage of training, or the first of two; the second
is long-tail-classifier, which retrains the classifier alone on frozen features (Kang et al. 2020,
doi:10.48550/arXiv.1910.09217) with a class-balanced loss (Cui et al. 2019, doi:10.48550/arXiv.1901.05555).
"""

from __future__ import annotations

from typing import Any

from bceprobe.errors import UsageError
from bceprobe.registry import nearest

_LENGTH: dict[str, Any] = {"optim.epochs": 100, "optim.batch_size": 128}
_SGD: dict[str, Any] = {"optim.name": "sgd", "optim.momentum": 0.9, "optim.lr": 1e-2}
_SGD_STEP: dict[str, Any] = {
    **_LENGTH,
    **_SGD,
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
_LAST, _BEST = {"select": "last"}, {"select": "best"}
# 30 epochs and AdamW are the paper's, decay and floor those of setting-4; the rest is own choice: a tenth of the usual
# rate, as training starts from weights, flips of images that are cut out centrally, and to store the best epoch alone.
_FINE_TUNE: dict[str, Any] = {
    **_ADAMW_COSINE,
    **_BY_ADAMW,
    **_PLAIN,
    "augment.flip": 0.5,
    "optim.epochs": 30,
    "optim.lr": 1e-4,
    "model.weights": "IMAGENET1K_V1",
    "capture.epochs": "selected",
}
# The batch size is the paper's; the rest is from Alshammari et al.
_LONG_TAIL: dict[str, Any] = {
    **_SGD,
    **_DA1,
    **_decay(0.0, 5e-3),
    "optim.epochs": 320,
    "optim.batch_size": 64,
    "optim.schedule": "cosine",
    "optim.floor": 0.0,
}
# Own choices: no augmentation and no statistics of batch normalisation that move, so that features are constant, and
# no bound on the norms of the weight.
_CLASSIFIER: dict[str, Any] = {
    **_LONG_TAIL,
    **_PLAIN,
    **_decay(0.0, 0.1),
    "optim.epochs": 10,
    "optim.parameters": "classifier",
    "loss.class_balanced": 0.9999,
    "model.fresh_classifier": False,
    "model.bias_init": "keep",
}
PRESETS: dict[str, dict[str, Any]] = {
    "setting-1": {**_SGD_STEP, **_IN_LOSS, **_PLAIN, **_LAST},
    "setting-2": {**_ADAMW_COSINE, **_IN_LOSS, **_PLAIN, **_LAST},
    "setting-3": {**_SGD_STEP, **_BY_SGD, **_DA1, **_BEST},
    "setting-4": {**_ADAMW_COSINE, **_BY_ADAMW, **_DA1, **_BEST},
    "setting-5": {**_SGD_STEP, **_BY_SGD, **_DA1_DA2, **_BEST},
    "setting-6": {**_ADAMW_COSINE, **_BY_ADAMW, **_DA1_DA2, **_BEST},
    "imagenet-finetune": {**_FINE_TUNE, **_BEST},
    "long-tail": {**_LONG_TAIL, **_BEST},
    "long-tail-classifier": {**_CLASSIFIER, **_BEST},
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
