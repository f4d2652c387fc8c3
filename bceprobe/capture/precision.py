"""The arithmetic of forward passes: float32, TF32 on tensor cores, or autocast to bfloat16 or float16."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from bceprobe.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

AUTOCAST = {"bf16": torch.bfloat16, "fp16": torch.float16}
NAMES = {"fp32": "float32", "tf32": "tf32", "bf16": "bfloat16", "fp16": "float16"}
CUDA_ONLY = ("tf32", "fp16")


def check_precision(precision: str, device: torch.device) -> None:
    """Refuse what a device cannot compute in.

    Raises
    ------
    UsageError
        An unknown precision, or TF32 or float16 without a CUDA device.
    """
    if precision not in NAMES:
        raise UsageError(f"unknown precision {precision!r}", f"Use one of: {', '.join(NAMES)}")
    if precision in CUDA_ONLY and device.type != "cuda":
        raise UsageError(f"precision {precision} needs a CUDA device, not {device.type}", "Use fp32 or bf16")


def allow_tf32(*, allowed: bool) -> None:
    """Let matrix products and convolutions of float32 round to TF32, or not."""
    torch.backends.cuda.matmul.allow_tf32 = allowed
    torch.backends.cudnn.allow_tf32 = allowed


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """Make the context that computes in bfloat16 or float16 what may be, or in which everything is as it is."""
    return torch.autocast(device.type, dtype=AUTOCAST.get(precision), enabled=precision in AUTOCAST)


@contextmanager
def computing(precision: str, device: torch.device) -> Iterator[None]:
    """Compute in a precision for a while, in ``"fp32"`` without TF32, whatever is set outside."""
    before = torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32
    allow_tf32(allowed=precision == "tf32")
    try:
        with autocast(precision, device):
            yield
    finally:
        torch.backends.cuda.matmul.allow_tf32, torch.backends.cudnn.allow_tf32 = before
