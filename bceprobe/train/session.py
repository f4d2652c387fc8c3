"""A training session: data, model and optimizer on a device, made from settings alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch

from bceprobe.datasets import checksum, load
from bceprobe.losses import LOSSES
from bceprobe.models import build, find_classifier, init_bias
from bceprobe.train.batches import DeviceSplit, Ordered
from bceprobe.train.determinism import choose_device, seeded, set_determinism
from bceprobe.train.optim import make_optimizer

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn

    from bceprobe.datasets import Dataset
    from bceprobe.settings import Settings


@dataclass(frozen=True)
class Session:
    """What the loop works with. Everything in it is decided by the settings and the data."""

    settings: Settings
    dataset: Dataset
    device: torch.device
    model: nn.Module
    classifier: nn.Linear
    optimizer: torch.optim.Optimizer
    train: DeviceSplit
    test: DeviceSplit
    captured: dict[str, Ordered]

    def provenance(self) -> dict[str, Any]:
        """Describe data and device, for run.json."""
        splits = {"train": self.dataset.train, "test": self.dataset.test}
        data = {name: {"samples": len(split.target), "sha256": checksum(split)} for name, split in splits.items()}
        device = torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "cpu"
        return {"data": data, "device": device, "threads": torch.get_num_threads()}


def load_data(settings: Settings, data_dir: Path | None, *, download: bool) -> Dataset:
    """Load the data set that the settings name."""
    limit = settings.data.limit_per_class or None
    return load(settings.data.name, data_dir=data_dir, download=download, limit_per_class=limit)


def build_model(settings: Settings, dataset: Dataset) -> tuple[nn.Module, nn.Linear]:
    """Build the initial model on the CPU, so that it is the same for every device; return it and its classifier."""
    info = dataset.info
    with seeded(settings.seed, "model"):
        model = build(
            settings.model.name, classes=len(info.classes), channels=info.shape[0], options=settings.model.options
        )
        classifier = find_classifier(model, classes=len(info.classes))
        init_bias(classifier, settings.model.bias_mean)
    return model, classifier


def make_session(settings: Settings, data_dir: Path | None = None, *, download: bool = False) -> Session:
    """Load the data and build everything that is trained.

    Raises
    ------
    UsageError
        An unknown name, a missing data set, a device that is not there.
    """
    _ = LOSSES[settings.loss.name]
    set_determinism(deterministic=settings.deterministic)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    device = choose_device(settings.device)
    dataset = load_data(settings, data_dir, download=download)
    model, classifier = build_model(settings, dataset)
    model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch has no overload for it
    optimizer = make_optimizer(model, settings.optim)
    train, test = (DeviceSplit.of(split, dataset.info, device) for split in (dataset.train, dataset.test))
    captured = {
        name: Ordered.by_class(data, settings.capture.per_class) for name, data in (("train", train), ("test", test))
    }
    return Session(settings, dataset, device, model, classifier, optimizer, train, test, captured)
