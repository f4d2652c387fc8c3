"""What a model builder is, and the pieces that families share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from torch import nn

from bceprobe.errors import UsageError
from bceprobe.registry import Registry

# (classes, channels, *, options...) -> model; options are keyword-only and annotated as int, float, bool or str.
Builder: TypeAlias = Callable[..., nn.Module]
MODELS: Registry[Builder] = Registry("model", "bceprobe.models")


def cifar_stem(channels: int, width: int, *, fan: Literal["fan_in", "fan_out"]) -> nn.Conv2d:
    """Make the first convolution for small images, 3x3 with stride 1, with He's normal initialisation."""
    convolution = nn.Conv2d(channels, width, kernel_size=3, stride=1, padding=1, bias=False)
    nn.init.kaiming_normal_(convolution.weight, mode=fan, nonlinearity="relu")
    return convolution


def require_at_least(least: int, name: str, value: int) -> None:
    """Refuse an option that is too small for a model to exist.

    Raises
    ------
    UsageError
        The value is below the least.
    """
    if value < least:
        raise UsageError(f"model option {name} is {value}; it must be {least} or more")
