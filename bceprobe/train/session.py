"""A training session: data, model and optimizer on a device, made from settings alone."""

from __future__ import annotations

import math
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import torch
from torch.amp import GradScaler

from bceprobe.capture.precision import check_precision
from bceprobe.datasets import checksum, load
from bceprobe.errors import UsageError
from bceprobe.losses import class_weights, make_loss
from bceprobe.models import MODELS, build, find_classifier, init_bias, load_weights
from bceprobe.train.batches import DeviceSplit, Ordered, on_device
from bceprobe.train.determinism import choose_device, seeded, set_determinism
from bceprobe.train.distributed import Single, Team, check_batch_size, in_turn
from bceprobe.train.forward import Forward
from bceprobe.train.memory import keep_memory
from bceprobe.train.optim import make_optimizer
from bceprobe.train.origin import describe, weights_file

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from torch import Tensor, nn

    from bceprobe.datasets import Dataset
    from bceprobe.settings import ModelSettings, Settings


@dataclass(frozen=True)
class Session:
    """What the loop works with. Everything in it is decided by the settings and the data.

    `network` is what runs on a batch: the model, or its classifier where features stand for images. `origin` describes
    where training starts, for run.json; nothing where it started from weights that a checkpoint has replaced.
    """

    settings: Settings
    dataset: Dataset
    device: torch.device
    model: nn.Module
    network: nn.Module
    classifier: nn.Linear
    optimizer: torch.optim.Optimizer
    train: DeviceSplit
    test: DeviceSplit
    captured: dict[str, Ordered]
    origin: Mapping[str, Any]
    loss: Callable[[Tensor, Tensor], Tensor]
    forward: Forward
    scaler: GradScaler
    team: Team

    def provenance(self) -> dict[str, Any]:
        """Describe data, device and start, for run.json; the bias has PyTorch's sign."""
        splits = {"train": self.dataset.train, "test": self.dataset.test}
        data = {name: {"samples": len(split.target), "sha256": checksum(split)} for name, split in splits.items()}
        device = torch.cuda.get_device_name(self.device) if self.device.type == "cuda" else "cpu"
        threads, started = torch.get_num_threads(), {**self.origin, **self.team.describe(self.device)}
        return {"data": data, "device": device, "precision": self.settings.precision, "threads": threads, **started}


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


def build_model(
    settings: Settings, dataset: Dataset, *, download: bool = False, pretrained: bool = True
) -> tuple[nn.Module, nn.Linear]:
    """Build the initial model on the CPU, so that it is the same for every device; return it and its classifier.

    Without `pretrained` it keeps fresh weights, for a checkpoint to replace.
    """
    info, chosen = dataset.info, settings.model
    classes = len(info.classes)
    with seeded(settings.seed, "model"):
        model = build(chosen.name, classes=classes, shape=info.shape, options=chosen.options)
        classifier = find_classifier(model, classes, name=chosen.classifier, alone=chosen.name not in set(MODELS))
        if chosen.weights and pretrained:
            _load(model, classifier, chosen, download=download)
        if chosen.bias_init != "keep":
            init_bias(classifier, math.log(classes - 1) if chosen.bias_init == "prior" else chosen.bias_mean)
    return model, classifier


def _load(model: nn.Module, classifier: nn.Linear, chosen: ModelSettings, *, download: bool) -> None:
    """Load the pretrained weights; thresholds can be kept only with those of the classifier."""
    options: dict[str, Any] = {"name": chosen.name, "classifier": classifier, "download": download}
    loaded = load_weights(model, weights_file(chosen.weights), fresh=chosen.fresh_classifier, **options)
    if chosen.bias_init == "keep" and not loaded:
        what = (
            f"weights {chosen.weights} are for other classes, and have no thresholds for the {classifier.out_features}"
        )
        raise UsageError(f"{what} of the data set", "Leave out model.bias_init = keep")


def make_session(
    settings: Settings,
    data_dir: Path | None = None,
    *,
    download: bool = False,
    pretrained: bool = True,
    team: Team | None = None,
) -> Session:
    """Load the data and build everything that is trained; in each process of a team, if there is one.

    Without `pretrained` the weights are left out that a checkpoint is going to replace.

    Raises
    ------
    UsageError
        An unknown name, a missing data set, a device that is not there.
    """
    chosen, team = settings.loss, team or Single()
    check_batch_size(settings.optim.batch_size, team)
    loss = make_loss(chosen.name, smoothing=chosen.smoothing, options=chosen.options, soft=settings.augment.mixes)
    tf32 = settings.precision == "tf32"
    set_determinism(deterministic=settings.deterministic, tf32=tf32, compiled=settings.compile)
    if settings.threads:
        torch.set_num_threads(settings.threads)
    device = find_device(settings)
    if device.index is not None:
        torch.cuda.set_device(device)
    if device.type == "cpu":
        keep_memory()
    with in_turn(team) if download else nullcontext():
        dataset = load_data(settings, data_dir, download=download)
        model, classifier = build_model(settings, dataset, download=download, pretrained=pretrained)
    if chosen.class_balanced:
        counts = torch.bincount(dataset.train.target, minlength=classifier.out_features)
        loss = partial(loss, weights=class_weights(counts, chosen.class_balanced).to(device))
    origin = _origin(settings, classifier) if pretrained or not settings.model.weights else {}
    model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch has no overload for it
    model = team.synchronised(model)
    optimizer = make_optimizer(trained_part(model, classifier, settings.optim.parameters), settings.optim)
    train, test = on_device(dataset, device, settings.data.workers)
    captured = {
        name: Ordered.by_class(data, settings.capture.per_class) for name, data in (("train", train), ("test", test))
    }
    return Session(
        settings=settings,
        dataset=dataset,
        device=device,
        model=model,
        network=model,
        classifier=classifier,
        optimizer=optimizer,
        train=train,
        test=test,
        captured=captured,
        origin=origin,
        loss=loss,
        forward=Forward(model, classifier, precision=settings.precision, compiled=settings.compile, team=team),
        scaler=GradScaler(device.type, enabled=settings.precision == "fp16"),
        team=team,
    )


def trained_part(model: nn.Module, classifier: nn.Linear, parameters: str) -> nn.Module:
    """Return the part of a model that is trained, and freeze the rest."""
    if parameters == "all":
        return model
    model.requires_grad_(requires_grad=False)
    return classifier.requires_grad_(requires_grad=True)


def _origin(settings: Settings, classifier: nn.Linear) -> dict[str, Any]:
    """Describe where training starts: the mean bias (PyTorch's sign), and the weights if they are pretrained."""
    return {"initial_bias_mean": float(classifier.bias.detach().double().mean()), **describe(settings.model.weights)}
