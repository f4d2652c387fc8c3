"""The plan of a run: what would be stored, told before anything is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bceprobe.train.batches import Ordered, on_device
from bceprobe.train.determinism import choose_device
from bceprobe.train.session import build_model, find_device, load_data, trained_part

if TYPE_CHECKING:
    from pathlib import Path

    from bceprobe.settings import Settings


@dataclass(frozen=True)
class Plan:
    """Sizes of a run: samples of each split as trained and as captured, model and store.

    `epochs` are known, and with `selected` there may be one more.
    """

    device: str
    parameters: int
    classes: int
    feature_length: int
    trained: dict[str, int]
    captured: dict[str, int]
    epochs: list[int]
    selected: bool
    dtype: str

    @property
    def bytes_per_epoch(self) -> int:
        """Bytes of features, weight and bias of one captured epoch."""
        features = sum(self.captured.values()) * self.feature_length * np.dtype(self.dtype).itemsize
        return features + self.classes * (self.feature_length + 1) * 4

    @property
    def bytes_total(self) -> int:
        """Bytes of the whole store, less metadata and checksums (below 1 %)."""
        epochs = len(self.epochs) + self.selected
        return epochs * self.bytes_per_epoch + 16 * sum(self.captured.values())


def make_plan(settings: Settings, data_dir: Path | None = None, *, download: bool = False) -> Plan:
    """Load the data and build the model, but neither train nor write.

    Raises
    ------
    UsageError
        Whatever would stop the training before it starts.
    """
    device = find_device(settings)
    dataset = load_data(settings, data_dir, download=download)
    model, classifier = build_model(settings, dataset, download=download)
    trained = trained_part(model, classifier, settings.optim.parameters)
    on_host = dict(zip(("train", "test"), on_device(dataset, choose_device("cpu")), strict=True))
    return Plan(
        device=str(device),
        parameters=sum(parameter.numel() for parameter in trained.parameters()),
        classes=classifier.out_features,
        feature_length=classifier.in_features,
        trained={name: len(data) for name, data in on_host.items()},
        captured={name: len(Ordered.by_class(data, settings.capture.per_class).rows) for name, data in on_host.items()},
        epochs=settings.captured_epochs,
        selected=settings.captures_selected and settings.select == "best",
        dtype=settings.capture.dtype,
    )
