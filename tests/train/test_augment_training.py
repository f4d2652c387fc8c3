"""Training with augmentation: what it is applied to, that it can be resumed, and which losses it refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from train_cases import SMALL, Stopping, history, small_settings, stored_bytes

from bceprobe import analyze, open_run
from bceprobe.datasets import Split, load
from bceprobe.errors import TrainingInterruptedError, UsageError
from bceprobe.losses import LOSSES
from bceprobe.settings import preset, resolve
from bceprobe.train import train
from bceprobe.train.augment import Augmentation
from bceprobe.train.batches import DeviceSplit
from bceprobe.train.determinism import generator
from bceprobe.train.session import make_session

if TYPE_CHECKING:
    from pathlib import Path

    from torch import Tensor

EVERYTHING = {
    "augment__crop": 1,
    "augment__flip": 0.5,
    "augment__rotation": 10.0,
    "augment__mixup": 0.8,
    "augment__cutmix": 1.0,
    "loss__smoothing": 0.1,
}
RUNS: dict[str, dict[str, Any]] = {
    "SGD": EVERYTHING,
    "AdamW": {**EVERYTHING, "optim__name": "adamw", "optim__schedule": "cosine", "optim__lr": 1e-3},
    "bfloat16": {**EVERYTHING, "precision": "bf16"},
    "bfloat16, captures too": {**EVERYTHING, "precision": "bf16", "capture__precision": "bf16"},
}


@pytest.mark.parametrize("name", RUNS)
def test_resumed_runs_end_with_the_same_bytes(name: str, tmp_path: Path) -> None:
    """A run that was stopped within an epoch and resumed equals an uninterrupted one, bit for bit."""
    settings = small_settings(**RUNS[name])
    whole = train(settings, tmp_path / "whole")
    with pytest.raises(TrainingInterruptedError):
        train(settings, tmp_path / "parts", watch=Stopping())
    assert len(history(tmp_path / "parts")) == 2
    parts = train(settings, tmp_path / "parts", resume=True)
    assert stored_bytes(parts) == stored_bytes(whole)
    assert history(parts) == history(whole)


def first_features(folder: Path, **changes: Any) -> Any:
    """Train a model without batch statistics with steps that are too small to move it; return what it captures."""
    still = {
        "model__name": "vit",
        "model__width": 24,
        "model__depth": 1,
        "optim__lr": 1e-30,
        "optim__epochs": 1,
        "optim__milestones": [],
    }
    return open_run(train(small_settings(**still, **changes), folder)).snapshot(1).features[:]


def test_captures_are_never_augmented(tmp_path: Path) -> None:
    """What is captured of an epoch that was trained with augmentation is that of the images as they are."""
    plain, augmented = first_features(tmp_path / "plain"), first_features(tmp_path / "augmented", **EVERYTHING)
    np.testing.assert_array_equal(plain, augmented)


def batches(epoch: int, **changes: Any) -> list[tuple[Tensor, Tensor]]:
    """The batches that an epoch trains on."""
    settings = small_settings(**changes)
    session, augmentation = make_session(settings), Augmentation(settings, 10, epoch)
    made = session.train.shuffled(32, generator(settings.seed, "order", epoch), augmentation.change)
    return [augmentation.mix(*batch) for batch in made]


def equal(first: list[tuple[Tensor, Tensor]], second: list[tuple[Tensor, Tensor]]) -> bool:
    """Whether all images and targets are the same."""
    return all(torch.equal(a, b) for one, two in zip(first, second, strict=True) for a, b in zip(one, two, strict=True))


def test_draws_depend_on_seed_and_epoch_alone() -> None:
    """An epoch is augmented the same way every time, another epoch or seed in another way."""
    first = batches(1, **EVERYTHING)
    assert equal(first, batches(1, **EVERYTHING))
    assert not equal(first, batches(2, **EVERYTHING))
    assert not equal(first, batches(1, **EVERYTHING, seed=1))


def test_without_augmentation_batches_are_as_they_were() -> None:
    """The default trains on the images as they are, in the order that augmentation does not change."""
    plain, cropped = batches(1), batches(1, augment__crop=2)
    session = make_session(small_settings())
    assert equal(plain, list(session.train.shuffled(32, generator(0, "order", 1))))
    assert all(torch.equal(one[1], two[1]) for one, two in zip(plain, cropped, strict=True))


def test_what_comes_in_from_outside_is_black() -> None:
    """Padding is black before normalisation: 0 in the image, -mean/std for the model."""
    info = load("digits", data_dir=None).info
    white = Split(torch.full((64, 1, 8, 8), 255, dtype=torch.uint8), torch.zeros(64).long(), torch.arange(64))
    data = DeviceSplit.of(white, info, torch.device("cpu"))
    augmentation = Augmentation(small_settings(augment__crop=4, augment__rotation=0.0), 10, 1)
    ((images, _),) = data.shuffled(64, generator(0, "order", 1), augmentation.change)
    mean, std = info.mean[0], info.std[0]
    torch.testing.assert_close(
        torch.tensor(sorted(set(images.flatten().tolist()))), torch.tensor([-mean / std, (1 - mean) / std])
    )


def test_losses_of_labels_alone_are_refused_before_anything_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loss that takes no soft targets can be trained with crops and flips, but not with mixup or cutmix."""
    monkeypatch.delattr(LOSSES["mse"], "soft_targets")
    make_session(small_settings(loss__name="mse", augment__crop=1, augment__flip=0.5))
    for name in ("augment__mixup", "augment__cutmix"):
        with pytest.raises(UsageError, match=r"loss mse takes labels alone\. Leave out .*mixup and cutmix"):
            train(small_settings(loss__name="mse", **{name: 1.0}), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_mixed_samples_are_another_loss(tmp_path: Path) -> None:
    """Gradients of scores are those of plain losses: with mixed samples they are left out, and a note says so."""
    changes = {"augment__mixup": 0.8, "augment__cutmix": 1.0, "loss__smoothing": 0.1}
    run = train(small_settings(optim__epochs=1, optim__milestones=[], **changes), tmp_path / "run")
    found = analyze(run, "updates")
    assert np.isnan(found["positive_amplitude_mean"].values).all()
    assert any("bce with label smoothing 0.1, mixup 0.8, cutmix 1" in line for line in found.attrs["notes"])


@pytest.mark.parametrize("name", ["setting-3", "setting-4", "setting-5", "setting-6"])
def test_presets_for_classification_train(name: str, tmp_path: Path) -> None:
    """Three epochs of each preset with augmentation lower the loss."""
    changed = {key: value for key, value in preset(name).items() if key != "augment.crop"}
    settings = resolve([("preset", changed), ("test", {**SMALL, "optim.epochs": 3, "optim.milestones": []})])[0]
    rows = history(train(settings, tmp_path / "run"))
    assert float(rows[-1]["loss"]) < float(rows[0]["loss"])
