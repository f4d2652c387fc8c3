"""Training and capture on a CUDA device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from distributed_cases import SETTINGS, codes, start
from train_cases import Stopping, history, small_settings

from bceprobe import analyze, open_run
from bceprobe.errors import TrainingInterruptedError
from bceprobe.models import FeatureTap
from bceprobe.settings import resolve
from bceprobe.store.validate import validate
from bceprobe.train import train
from bceprobe.train.augment import Augmentation
from bceprobe.train.determinism import generator
from bceprobe.train.session import make_session

if TYPE_CHECKING:
    from pathlib import Path

AUGMENTED = {"augment__crop": 1, "augment__flip": 0.5, "augment__mixup": 0.8, "augment__cutmix": 1.0}
pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device; run `just gpu` where one is"),
]


def test_gpu_and_cpu_learn_the_same(tmp_path: Path) -> None:
    """A run on the GPU stores a valid store whose first epoch is that of the CPU up to rounding."""
    for device in ("cpu", "cuda"):
        train(small_settings(device=device, optim__epochs=2), tmp_path / device)
        assert validate(tmp_path / device) == []
    cpu, gpu = (open_run(tmp_path / device).snapshot(1).features[:] for device in ("cpu", "cuda"))
    np.testing.assert_allclose(gpu, cpu, rtol=1e-2, atol=1e-3)
    nc = analyze([tmp_path / "cpu", tmp_path / "cuda"], "nc", splits=["train"]).nc1.values
    np.testing.assert_allclose(nc[0], nc[1], rtol=1e-2)


@pytest.mark.parametrize("precision", ["tf32", "bf16", "fp16"])
def test_runs_in_each_precision_can_be_resumed(precision: str, tmp_path: Path) -> None:
    """With augmentation and --deterministic a resumed run equals an uninterrupted one, loss scale included."""
    settings = small_settings(device="cuda", deterministic=True, precision=precision, **AUGMENTED)
    whole = train(settings, tmp_path / "whole")
    with pytest.raises(TrainingInterruptedError):
        train(settings, tmp_path / "parts", watch=Stopping())
    parts = train(settings, tmp_path / "parts", resume=True)
    first, second = (open_run(folder).snapshot(5).features[:] for folder in (whole, parts))
    np.testing.assert_array_equal(first, second)
    assert history(parts) == history(whole)


@pytest.mark.parametrize("precision", ["tf32", "bf16", "fp16"])
def test_captures_on_a_gpu_are_float32(precision: str, tmp_path: Path) -> None:
    """Whatever training computes in, captures are those that float32 makes of the same weights."""
    settings = small_settings(device="cuda", deterministic=True, precision=precision, optim__epochs=2)
    folder = train(settings, tmp_path / "run")
    session = make_session(small_settings(device="cuda", deterministic=True))
    weights = torch.load(folder / "checkpoints" / "last.pt", weights_only=True)["model"]
    session.model.load_state_dict(weights)
    session.model.eval()
    with torch.no_grad(), FeatureTap(session.classifier) as tap:
        images, _ = next(iter(session.captured["test"]))
        session.model(images)
    stored = open_run(folder).snapshot(2, "test").features[: len(images)]
    np.testing.assert_array_equal(tap.features.cpu().numpy(), stored)


def test_compiled_runs_equal_others(tmp_path: Path) -> None:
    """With --compile a run stores the features that it stores without, up to rounding."""
    for name, compiled in (("plain", False), ("compiled", True)):
        settings = small_settings(device="cuda", compile=compiled, penalty__lambda_h=0.05, optim__epochs=2)
        train(settings, tmp_path / name)
    plain, compiled_ = (open_run(tmp_path / name).snapshot(2).features[:] for name in ("plain", "compiled"))
    np.testing.assert_allclose(compiled_, plain, rtol=1e-2, atol=1e-3)


def test_augmentation_is_the_same_on_every_device() -> None:
    """Batches on the GPU are those of the CPU, up to the rounding of rotations."""
    made = []
    for device in ("cpu", "cuda"):
        settings = small_settings(device=device, **AUGMENTED)
        session, augmentation = make_session(settings), Augmentation(settings, 10, 1)
        batches = session.train.shuffled(32, generator(0, "order", 1), augmentation.change)
        made.append([augmentation.mix(*batch) for batch in batches])
    for cpu, gpu in zip(*made, strict=True):
        for one, other in zip(cpu, gpu, strict=True):
            torch.testing.assert_close(other.cpu(), one, rtol=1e-5, atol=1e-5)


def test_deterministic_gpu_runs_are_equal(tmp_path: Path) -> None:
    """With --deterministic two runs on one GPU store the same features, bit for bit."""
    for name in ("a", "b"):
        train(small_settings(device="cuda", deterministic=True, optim__epochs=2), tmp_path / name)
    first, second = (open_run(tmp_path / name).snapshot(2).features[:] for name in ("a", "b"))
    np.testing.assert_array_equal(first, second)


@pytest.mark.skipif(torch.cuda.device_count() < 2, reason="needs two CUDA devices")
def test_two_gpus_learn_what_one_does(tmp_path: Path) -> None:
    """With batch norm, too, whose statistics are those of the whole batch, two processes store what one stores."""
    changes = {"device": "cuda", "model.name": "convnet", "optim.epochs": 2}
    assert codes(start(2, tmp_path / "two", {key.replace(".", "__"): value for key, value in changes.items()})) == [
        0,
        0,
    ]
    train(resolve([("test", SETTINGS | changes)])[0], tmp_path / "one")
    assert validate(tmp_path / "two") == []
    two, one = (open_run(tmp_path / name).snapshot(1).features[:] for name in ("two", "one"))
    np.testing.assert_allclose(two, one, rtol=1e-2, atol=1e-3)
