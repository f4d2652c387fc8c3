"""A small training run that tests start, kill, resume and compare."""

from __future__ import annotations

import csv
import os
import signal
from pathlib import Path
from typing import Any

from torch import nn

from bceprobe.settings import resolve
from bceprobe.train.loop import Watch

SMALL = {
    "optim.epochs": 5,
    "optim.batch_size": 32,
    "optim.milestones": [2, 4],
    "data.limit_per_class": 30,
    "model.width": 16,
    "loss.name": "bce",
    "device": "cpu",
    "threads": 1,
}
TIMED = {"images_per_second", "seconds"}


def small_settings(**changes: Any) -> Any:
    """Settings of a run that takes about a second; `changes` have `__` for the dot of a key."""
    named = {key.replace("__", "."): value for key, value in changes.items()}
    return resolve([("test", {**SMALL, **named})])[0]


class Stopping(Watch):
    """Asks to stop, as Ctrl-C does, in the middle of the third epoch."""

    def batch(self, epoch: int, done: int, loss: float) -> None:
        """Stop in the third epoch."""
        _ = loss
        if (epoch, done) == (3, 2):
            os.kill(os.getpid(), signal.SIGINT)


def train_small(folder: str) -> None:
    """Start the run, or go on with it; what a killed process is restarted with."""
    from bceprobe.train import train

    path = Path(folder)
    train(small_settings(select="best"), path, resume=(path / "config.toml").exists())


def stored_bytes(folder: Path) -> dict[str, bytes]:
    """Everything of a run that must not depend on when it was interrupted, file by file."""
    files = [path for path in (folder / "store.zarr").rglob("*") if path.is_file()]
    files += [folder / "config.toml", *(folder / "checkpoints").iterdir()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def history(folder: Path) -> list[dict[str, str]]:
    """The rows of history.csv without the columns that hold times."""
    with (folder / "history.csv").open(newline="") as file:
        return [{key: value for key, value in row.items() if key not in TIMED} for row in csv.DictReader(file)]


def dropping(num_classes: int) -> nn.Module:
    """A small network for digits that draws random numbers in its layers, too."""
    layers = nn.Linear(64, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Dropout(0.3), nn.Linear(16, num_classes)
    return nn.Sequential(nn.Flatten(), *layers)
