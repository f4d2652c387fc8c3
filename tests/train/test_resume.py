"""A run that is stopped and goes on ends like one that was not, whatever it is trained with."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
import signal
from typing import TYPE_CHECKING, Any

import pytest
from train_cases import history, stored_bytes

from bceprobe.errors import TrainingInterruptedError
from bceprobe.settings import resolve
from bceprobe.store.validate import validate
from bceprobe.train import train
from bceprobe.train.loop import Watch

if TYPE_CHECKING:
    from pathlib import Path

Changes = dict[str, Any]
OPTIMIZERS: dict[str, Changes] = {
    "sgd": {"optim__name": "sgd", "optim__weight_decay": 5e-4},
    "no momentum": {"optim__name": "sgd", "optim__momentum": 0.0},
    "adamw": {"optim__name": "adamw", "optim__lr": 1e-3, "optim__weight_decay": 0.05},
}
SCHEDULES: dict[str, Changes] = {
    "step": {"optim__schedule": "step", "optim__milestones": [1, 2]},
    "cosine": {"optim__schedule": "cosine"},
    "constant": {"optim__schedule": "constant"},
}
AUGMENTATIONS: dict[str, Changes] = {
    "none": {},
    "crop and flip": {"augment__crop": 1, "augment__flip": 0.5},
    "rotation": {"augment__rotation": 15.0},
    "mixup": {"augment__mixup": 0.8},
    "cutmix": {"augment__cutmix": 1.0},
    "all": {
        "augment__crop": 1,
        "augment__flip": 0.5,
        "augment__rotation": 15.0,
        "augment__mixup": 0.8,
        "augment__cutmix": 1.0,
        "loss__smoothing": 0.1,
    },
}
TINY = {
    "optim__epochs": 3,
    "optim__batch_size": 20,
    "data__limit_per_class": 8,
    "model__name": "train_cases:dropping",
    "loss__name": "bce",
    "device": "cpu",
    "threads": 1,
}
COMBINATIONS = list(itertools.product(OPTIMIZERS, SCHEDULES, AUGMENTATIONS))
KILLED, KILLS, LONGEST = random.Random(1).sample(COMBINATIONS, 2), 3, 1.0  # noqa: S311 - not for secrets


def settings_of(combination: tuple[str, str, str]) -> Any:
    """The settings of an optimizer with a schedule and an augmentation."""
    optimizer, schedule, augmentation = combination
    chosen = OPTIMIZERS[optimizer] | SCHEDULES[schedule] | AUGMENTATIONS[augmentation]
    named = {key.replace("__", "."): value for key, value in {**TINY, **chosen}.items()}
    return resolve([("test", named)])[0]


class StoppingAt(Watch):
    """Asks to stop, as Ctrl-C does, after a batch."""

    def __init__(self, epoch: int, batch: int) -> None:
        self._moment = epoch, batch

    def batch(self, epoch: int, done: int, loss: float) -> None:
        """Stop at the batch."""
        _ = loss
        if (epoch, done) == self._moment:
            os.kill(os.getpid(), signal.SIGINT)


@pytest.mark.parametrize("combination", COMBINATIONS, ids=" ".join)
def test_a_stopped_run_ends_like_a_whole_one(combination: tuple[str, str, str], tmp_path: Path) -> None:
    """Every optimizer, schedule and augmentation: stopped within an epoch or after it, the end is the same."""
    settings = settings_of(combination)
    whole = train(settings, tmp_path / "whole")
    epoch, batch = random.Random(str(combination)).choice([(1, 2), (2, 1), (2, 4), (3, 3)])  # noqa: S311 - not for secrets
    with pytest.raises(TrainingInterruptedError, match=f"stopped after epoch {epoch - 1 if batch < 4 else epoch}"):
        train(settings, tmp_path / "parts", watch=StoppingAt(epoch, batch))
    parts = train(settings, tmp_path / "parts", resume=True)
    assert stored_bytes(parts) == stored_bytes(whole)
    assert history(parts) == history(whole)


@pytest.mark.parametrize("combination", KILLED, ids=" ".join)
def test_killed_processes_end_like_a_whole_one(combination: tuple[str, str, str], tmp_path: Path) -> None:
    """SIGKILL at three random moments of a run, each time resumed by another process: the end is the same."""
    moments = random.Random(str(combination))  # noqa: S311 - not for secrets
    whole, folder, kills = tmp_path / "whole", tmp_path / "killed", 0
    assert _run(whole, combination) == 0
    while kills < KILLS and _run(folder, combination, moments.uniform(0.05, LONGEST)):
        kills += 1
        if (folder / "store.zarr" / "zarr.json").exists():
            assert validate(folder) == []
    assert _run(folder, combination) == 0
    assert kills
    assert stored_bytes(folder) == stored_bytes(whole)
    assert history(folder) == history(whole)


def start_or_go_on(folder: Path, combination: tuple[str, str, str]) -> None:
    """What a killed process is restarted with."""
    train(settings_of(combination), folder, resume=(folder / "config.toml").exists())


def _run(folder: Path, combination: tuple[str, str, str], longest: float | None = None) -> int:
    """Train in a process of its own, which is killed if it takes longer; return its exit code."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bceprobe.train", "train_cases", "bceprobe.datasets.digits"])
    process = context.Process(target=start_or_go_on, args=(folder, combination))
    process.start()
    process.join(longest)
    process.kill()
    process.join()
    assert process.exitcode in {0, -signal.SIGKILL}
    return process.exitcode or 0
