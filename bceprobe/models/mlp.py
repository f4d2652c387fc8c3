"""A multilayer perceptron."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from torch import nn

from bceprobe.models.base import MODELS, require_at_least

if TYPE_CHECKING:
    from bceprobe.models.base import Shape


@MODELS.register("mlp")
def mlp(classes: int, shape: Shape, *, width: int = 512, depth: int = 3) -> nn.Module:
    """Hidden layers of equal width with batch normalisation and ReLU, for images of any size: d = width.

    Parameters
    ----------
    classes, shape
        Outputs, and (C, H, W) of the images.
    width, depth
        Units of a hidden layer, and their number.
    """
    require_at_least(1, "width", width)
    require_at_least(1, "depth", depth)
    layers: list[nn.Module] = [nn.Flatten()]
    for inputs in (math.prod(shape), *[width] * (depth - 1)):
        layers += [nn.Linear(inputs, width, bias=False), nn.BatchNorm1d(width), nn.ReLU()]
    return nn.Sequential(*layers, nn.Linear(width, classes))
