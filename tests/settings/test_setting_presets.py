"""Presets: the settings of the paper's experiments."""

from __future__ import annotations

import pytest

from bceprobe.errors import UsageError
from bceprobe.settings import PRESETS, Settings, preset, resolve


def test_preset_1_is_the_default() -> None:
    """setting-1 changes no default, and still says where each of its values comes from."""
    settings, sources = resolve([("preset", preset("setting-1"))])
    assert settings == Settings()
    assert set(sources) == set(PRESETS["setting-1"])


def test_preset_1_equals_the_table() -> None:
    """setting-1 is SGD with momentum, steps and decay in the loss: FORMULAS.md, "Settings of the experiments"."""
    settings, _ = resolve([("preset", preset("setting-1"))])
    optim, penalty = settings.optim, settings.penalty
    assert (optim.name, optim.momentum, optim.lr, optim.weight_decay) == ("sgd", 0.9, 0.01, 0)
    assert (optim.schedule, optim.factor, optim.milestones) == ("step", 0.2, (30, 60, 80))
    assert (optim.epochs, optim.batch_size) == (100, 128)
    assert (penalty.lambda_w, penalty.lambda_h, penalty.lambda_b) == (5e-4, 5e-4, 5e-4)


def test_preset_2_equals_the_table() -> None:
    """setting-2 is AdamW with a cosine and the same decay in the loss: FORMULAS.md, "Settings of the experiments"."""
    settings, _ = resolve([("preset", preset("setting-2"))])
    optim, penalty = settings.optim, settings.penalty
    assert (optim.name, optim.lr, optim.weight_decay) == ("adamw", 0.001, 0)
    assert (optim.schedule, optim.floor) == ("cosine", 1e-5)
    assert (optim.epochs, optim.batch_size) == (100, 128)
    assert (penalty.lambda_w, penalty.lambda_h, penalty.lambda_b) == (5e-4, 5e-4, 5e-4)


def test_unknown_preset_names_the_nearest() -> None:
    """A preset that does not exist is refused with the nearest one."""
    with pytest.raises(UsageError, match=r"^unknown preset 'seting-2'\. Did you mean setting-2\.$"):
        preset("seting-2")


def test_changing_a_looked_up_preset_changes_no_preset() -> None:
    """What `preset` returns is the caller's own."""
    preset("setting-1")["optim.lr"] = 9.0
    assert preset("setting-1")["optim.lr"] == 0.01
