"""What a loss is: a registered function, which says if it admits soft targets."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from torch import Tensor

from bceprobe.registry import Registry

# (logits (N, K), labels (N,) or soft targets (N, K), *, options...) -> the loss of each sample, (N,).
Loss: TypeAlias = Callable[..., Tensor]
LOSSES: Registry[Loss] = Registry("loss", "bceprobe.losses")


def admits_soft_targets(function: Loss) -> Loss:
    """Mark a loss that takes soft targets (N, K) as well as labels (N,); others get labels alone."""
    function.soft_targets = True  # type: ignore[attr-defined]  # an attribute of the function
    return function
