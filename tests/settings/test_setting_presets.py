"""Presets: the settings of the paper's experiments."""

from __future__ import annotations

from typing import Any

import pytest

from bceprobe.errors import UsageError
from bceprobe.settings import PRESETS, Settings, preset, resolve

# FORMULAS.md, "Settings of the experiments", row by row.
SGD = {"optim.name": "sgd", "optim.momentum": 0.9, "optim.lr": 0.01}
ADAMW = {"optim.name": "adamw", "optim.lr": 0.001}
STEP = {"optim.schedule": "step", "optim.factor": 0.2, "optim.milestones": [30, 60, 80]}
COSINE = {"optim.schedule": "cosine", "optim.floor": 1e-5}
LENGTH = {"optim.epochs": 100, "optim.batch_size": 128}
LAMBDAS = ("penalty.lambda_w", "penalty.lambda_h", "penalty.lambda_b")
IN_LOSS = {**dict.fromkeys(LAMBDAS, 5e-4), "optim.weight_decay": 0.0}
BY_SGD = {**dict.fromkeys(LAMBDAS, 0.0), "optim.weight_decay": 5e-4}
BY_ADAMW = {**dict.fromkeys(LAMBDAS, 0.0), "optim.weight_decay": 0.05}
NO_DA1 = {"augment.crop": 0, "augment.flip": 0.0, "augment.rotation": 0.0}
DA1 = {"augment.crop": 4, "augment.flip": 0.5, "augment.rotation": 0.0}
NO_DA2 = {"augment.mixup": 0.0, "augment.cutmix": 0.0, "loss.smoothing": 0.0}
DA2 = {
    "augment.mixup": 0.8,
    "augment.cutmix": 1.0,
    "augment.mix_probability": 0.8,
    "augment.switch_probability": 0.5,
    "loss.smoothing": 0.1,
}
LAST, BEST = {"select": "last"}, {"select": "best"}
TABLE: dict[str, dict[str, Any]] = {
    "setting-1": {**SGD, **STEP, **IN_LOSS, **LENGTH, **NO_DA1, **NO_DA2, **LAST},
    "setting-2": {**ADAMW, **COSINE, **IN_LOSS, **LENGTH, **NO_DA1, **NO_DA2, **LAST},
    "setting-3": {**SGD, **STEP, **BY_SGD, **LENGTH, **DA1, **NO_DA2, **BEST},
    "setting-4": {**ADAMW, **COSINE, **BY_ADAMW, **LENGTH, **DA1, **NO_DA2, **BEST},
    "setting-5": {**SGD, **STEP, **BY_SGD, **LENGTH, **DA1, **DA2, **BEST},
    "setting-6": {**ADAMW, **COSINE, **BY_ADAMW, **LENGTH, **DA1, **DA2, **BEST},
}
# What FORMULAS.md says of the other protocols; the rest of these presets is marked there as own or of another source.
PRINTED: dict[str, dict[str, Any]] = {
    "imagenet-finetune": {"optim.epochs": 30, "optim.name": "adamw", **BEST, **dict.fromkeys(LAMBDAS, 0.0)},
    "long-tail": {"optim.batch_size": 64, **BEST, **dict.fromkeys(LAMBDAS, 0.0)},
    "long-tail-classifier": {"optim.batch_size": 64, **BEST, **dict.fromkeys(LAMBDAS, 0.0)},
}
# The public code of Alshammari et al. 2022, demonstrations of the first and the second stage.
PUBLIC: dict[str, dict[str, Any]] = {
    "long-tail": {**SGD, "optim.epochs": 320, "optim.floor": 0.0, "optim.weight_decay": 5e-3, **DA1, **NO_DA2},
    "long-tail-classifier": {
        **SGD,
        "optim.epochs": 10,
        "optim.floor": 0.0,
        "optim.weight_decay": 0.1,
        "optim.parameters": "classifier",
        "loss.class_balanced": 0.9999,
    },
}


def test_preset_1_is_the_default() -> None:
    """setting-1 changes no default, and still says where each of its values comes from."""
    settings, sources = resolve([("preset", preset("setting-1"))])
    assert settings == Settings()
    assert set(sources) == set(PRESETS["setting-1"])


@pytest.mark.parametrize("name", TABLE)
def test_presets_equal_the_table(name: str) -> None:
    """A preset states each value of its column of FORMULAS.md, "Settings of the experiments", and no other."""
    assert preset(name) == TABLE[name]


def test_every_column_of_the_table_is_a_preset() -> None:
    """There are six settings and three more protocols, and each makes valid settings with weights to start from."""
    assert list(PRESETS) == [*TABLE, *PRINTED]
    for name in PRESETS:
        resolve([("preset", preset(name)), ("option", {"model.weights": "runs/first"})])


@pytest.mark.parametrize("name", PRINTED)
def test_other_protocols_have_what_is_known_of_them(name: str) -> None:
    """Fine-tuning and long tails have the values that the paper or the code of the protocol it follows gives."""
    found = preset(name)
    for known in (PRINTED[name], PUBLIC.get(name, {})):
        assert {key: found.get(key) for key in known} == known


def test_retraining_a_classifier_needs_weights() -> None:
    """The second stage alone is refused with what it lacks."""
    with pytest.raises(UsageError, match=r"bias_init = keep needs pretrained weights\. Give model\.weights: a run"):
        resolve([("preset", preset("long-tail-classifier"))])


def test_unknown_preset_names_the_nearest() -> None:
    """A preset that does not exist is refused with the nearest one."""
    with pytest.raises(UsageError, match=r"^unknown preset 'seting-2'\. Did you mean setting-2\.$"):
        preset("seting-2")


def test_changing_a_looked_up_preset_changes_no_preset() -> None:
    """What `preset` returns is the caller's own."""
    preset("setting-1")["optim.lr"] = 9.0
    assert preset("setting-1")["optim.lr"] == 0.01
