"""A training session: data, model and optimizer on a device, made from settings alone."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch.amp import GradScaler

from bceprobe.capture.precision import check_precision
from bceprobe.datasets import checksum, load
from bceprobe.losses import class_weights, make_loss
from bceprobe.models import MODELS, build, find_classifier, init_bias, load_weights
from bceprobe.train.batches import DeviceSplit, Ordered, on_device
from bceprobe.train.determinism import choose_device, seeded, set_determinism
from bceprobe.train.forward import Forward
from bceprobe.train.optim import make_optimizer

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from torch import Tensor, nn

    from bceprobe.datasets import Dataset
    from bceprobe.settings import Settings


@dataclass(frozen=True)
class Session:
    """What the loop works with. Everything in it is decided by the settings and the data.

    `initial_bias_mean` is that of the untrained classifier, also where a checkpoint is loaded later.
    """

    settings: Settings
    dataset: Dataset
    device: torch.device
    model: nn.Module
    classifier: nn.Linear
    optimizer: torch.optim.Optimizer
    train: DeviceSplit
    test: DeviceSplit
    captured: dict[str, Ordered]
    initial_bias_mean: float
    loss: Callable[[Tensor, Tensor], Tensor]
    forward: Forward
    scaler: GradScaler

    def provenance(self) -> dict[str, Any]:
        """Describe data, device and start, for run.json; the bias has PyTorch's sign."""
        splits = {"train": self.dataset.train, "test": self.dataset.test}
        data = {name: {"samples": len(split.target), "sha256": checksum(split)} for name, split in splits.items()}
        device = torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "cpu"
        started = {"threads": torch.get_num_threads(), "initial_bias_mean": self.initial_bias_mean}
        return {"data": data, "device": device, "precision": self.settings.precision, **started}


def find_device(settings: Settings) -> torch.device:
    """Choose the device; a precision that it cannot compute in is an error."""
    device = choose_device(settings.device)
    for precision in (settings.precision, settings.capture.precision):
        check_precision(precision, device)
    return device


def load_data(settings: Settings, data_dir: Path | None, *, download: bool) -> Dataset:
    """Load the data set that the settings name."""
    chosen = settings.data
    return load(
        chosen.name,
        data_dir=data_dir,
        download=download,
        limit_per_class=chosen.limit_per_class or None,
        imbalance_factor=chosen.imbalance_factor or None,
        options=chosen.options,
    )


def build_model(settings: Settings, dataset: Dataset, *, download: bool = False) -> tuple[nn.Module, nn.Linear]:
    """Build the initial model on the CPU, so that it is the same for every device; return it and its classifier."""
    info, chosen = dataset.info, settings.model
    classes, prior = len(info.classes), chosen.bias_init == "prior"
    with seeded(settings.seed, "model"):
        model = build(chosen.name, classes=classes, shape=info.shape, options=chosen.options)
        classifier = find_classifier(model, classes, name=chosen.classifier, alone=chosen.name not in set(MODELS))
        if chosen.weights:
            load_weights(model, chosen.weights, name=chosen.name, classifier=classifier, download=download)
        init_bias(classifier, math.log(classes - 1) if prior else chosen.bias_mean)
    return model, classifier


def make_session(settings: Settings, data_dir: Path | None = None, *, download: bool = False) -> Session:
    """Load the data and build everything that is trained.

    Raises
    ------
    UsageError
        An unknown name, a missing data set, a device that is not there.
    """
    chosen = settings.loss
    loss = make_loss(chosen.name, smoothing=chosen.smoothing, options=chosen.options, soft=settings.augment.mixes)
    set_determinism(deterministic=settings.deterministic, tf32=settings.precision == "tf32")
    if settings.threads:
        torch.set_num_threads(settings.threads)
    device = find_device(settings)
    dataset = load_data(settings, data_dir, download=download)
    model, classifier = build_model(settings, dataset, download=download)
    if chosen.class_balanced:
        counts = torch.bincount(dataset.train.target, minlength=classifier.out_features)
        loss = partial(loss, weights=class_weights(counts, chosen.class_balanced).to(device))
    bias_mean = float(classifier.bias.detach().double().mean())
    model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch has no overload for it
    optimizer = make_optimizer(model, settings.optim)
    train, test = on_device(dataset, device, settings.data.workers)
    captured = {
        name: Ordered.by_class(data, settings.capture.per_class) for name, data in (("train", train), ("test", test))
    }
    return Session(
        settings=settings,
        dataset=dataset,
        device=device,
        model=model,
        classifier=classifier,
        optimizer=optimizer,
        train=train,
        test=test,
        captured=captured,
        initial_bias_mean=bias_mean,
        loss=loss,
        forward=Forward(model, classifier, precision=settings.precision, compiled=settings.compile),
        scaler=GradScaler(device.type, enabled=settings.precision == "fp16"),
    )
