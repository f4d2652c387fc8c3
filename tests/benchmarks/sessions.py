"""Training sessions to measure: random images of CIFAR's size, of which only the number is chosen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest import mock

import torch

from bceprobe.datasets import DataInfo, Dataset
from bceprobe.datasets.base import Split
from bceprobe.settings import resolve
from bceprobe.train import session as sessions
from bceprobe.train.loop import Loop, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bceprobe.train.session import Session

CLASSES = 10
# Preset setting-3 is the classification of CIFAR-10 by SGD with random crops and flips.
SETTINGS = {"model.name": "resnet18", "device": "cpu"}


def draw(train: int, test: int, seed: int = 0) -> Dataset:
    """Draw random images, 3 x 32 x 32, with random labels."""
    source = torch.Generator().manual_seed(seed)

    def split(samples: int) -> Split:
        images = torch.randint(0, 256, (samples, 3, 32, 32), generator=source, dtype=torch.uint8)
        return Split(images, torch.randint(0, CLASSES, (samples,), generator=source), torch.arange(samples))

    third = (0.5, 0.5, 0.5)
    info = DataInfo("random", tuple(map(str, range(CLASSES))), (3, 32, 32), third, third)
    return Dataset(info, split(train), split(test))


def make(dataset: Dataset, changes: Mapping[str, Any], preset: str = "setting-3") -> Session:
    """Make the session that `bceprobe train` would make for a data set."""
    from bceprobe.settings.presets import preset as look_up

    settings = resolve([(preset, look_up(preset)), ("benchmark", {**SETTINGS, **changes})])[0]
    with mock.patch.object(sessions, "load_data", return_value=dataset):
        return sessions.make_session(settings)


def epoch_of(session: Session) -> Callable[[], float | None]:
    """Return a function that trains one epoch as the loop does, and returns the mean loss of a sample."""
    nothing: Any = None
    loop = Loop(session, nothing, nothing, Watch(), lambda: False)
    return lambda: loop._train(1)  # noqa: SLF001 - what the loop does between two captures
