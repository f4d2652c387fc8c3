"""Randomness and reproducibility: each consumer has its own stream, a pure function of seed, purpose and epoch.

No generator state outlives an epoch, so a resumed run draws what an uninterrupted one would have drawn.
"""

from __future__ import annotations

import os
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import torch

from bceprobe.capture.precision import allow_tf32
from bceprobe.errors import UsageError
from bceprobe.train.distributed import own_device

if TYPE_CHECKING:
    from collections.abc import Iterator


def stream_seed(seed: int, purpose: str, epoch: int = 0) -> int:
    """Derive the seed of a stream; different purposes and epochs give independent streams."""
    return int(np.random.SeedSequence([seed, zlib.crc32(purpose.encode()), epoch]).generate_state(1, np.uint64)[0] >> 1)


def generator(seed: int, purpose: str, epoch: int = 0) -> torch.Generator:
    """Make a CPU generator for one purpose in one epoch."""
    return torch.Generator().manual_seed(stream_seed(seed, purpose, epoch))


@contextmanager
def seeded(seed: int, purpose: str, epoch: int = 0) -> Iterator[None]:
    """Seed torch's global generators (initialisation, dropout) for a while and restore them after."""
    with torch.random.fork_rng():
        torch.manual_seed(stream_seed(seed, purpose, epoch))
        yield


def set_determinism(*, deterministic: bool, tf32: bool = False, compiled: bool = False) -> None:
    """Compute float32 in float32, unless TF32 is wanted, and choose deterministic kernels on request.

    Unless kernels are `compiled`, torch's compiler is not told: that would import it, which takes seconds.
    """
    allow_tf32(allowed=tf32)
    torch.backends.cudnn.benchmark = not deterministic
    if deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    if compiled:
        torch.use_deterministic_algorithms(deterministic)
    else:
        torch.set_deterministic_debug_mode("error" if deterministic else "default")


def choose_device(name: str) -> torch.device:
    """Turn ``auto``, ``cpu``, ``cuda`` or ``cuda:1`` into a device; what is not there is an error, never replaced.

    Where torchrun started several processes, ``auto`` and ``cuda`` are a GPU for each.

    Raises
    ------
    UsageError
        No such device on this machine.
    """
    name = own_device(name)
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise UsageError(f"device {name!r} cannot be used: {reason}", "Use --device cpu or auto") from error
    return device
