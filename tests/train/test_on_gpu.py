"""Training and capture on a CUDA device."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from train_cases import small_settings

from bceprobe import analyze, open_run
from bceprobe.store.validate import validate
from bceprobe.train import train

if TYPE_CHECKING:
    from pathlib import Path

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


def test_deterministic_gpu_runs_are_equal(tmp_path: Path) -> None:
    """With --deterministic two runs on one GPU store the same features, bit for bit."""
    for name in ("a", "b"):
        train(small_settings(device="cuda", deterministic=True, optim__epochs=2), tmp_path / name)
    first, second = (open_run(tmp_path / name).snapshot(2).features[:] for name in ("a", "b"))
    np.testing.assert_array_equal(first, second)
