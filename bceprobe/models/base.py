"""What a model builder is, and the pieces that families share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, TypeAlias

from torch import nn

from bceprobe.errors import UsageError
from bceprobe.registry import Registry

# (C, H, W) of the images.
Shape: TypeAlias = tuple[int, int, int]
# (classes, shape, *, options...) -> model; options are keyword-only and annotated as int, float, bool or str.
Builder: TypeAlias = Callable[..., nn.Module]
MODELS: Registry[Builder] = Registry("model", "bceprobe.models")

STEMS = ("auto", "cifar", "imagenet")
# Images up to this side get a stem that keeps their resolution.
SMALL = 64


def has_small_stem(stem: str, shape: Shape) -> bool:
    """Tell whether a model gets the stem for small images: 3x3 with stride 1 and no pooling.

    Raises
    ------
    UsageError
        The option is neither auto, cifar nor imagenet.
    """
    if stem not in STEMS:
        raise UsageError(f"model option stem is {stem!r}; it must be {', '.join(STEMS[:-1])} or {STEMS[-1]}")
    return stem == "cifar" or (stem == "auto" and max(shape[1:]) <= SMALL)


def first_convolution(channels: int, width: int, *, small: bool, fan: Literal["fan_in", "fan_out"]) -> nn.Conv2d:
    """Make the stem's convolution with He's normal initialisation: 3x3 for small images, else 7x7 with stride 2."""
    kernel, stride = (3, 1) if small else (7, 2)
    convolution = nn.Conv2d(channels, width, kernel_size=kernel, stride=stride, padding=kernel // 2, bias=False)
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
