"""Building a model by its name, with options that are checked against what its builder takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bceprobe.keywords import checked_options
from bceprobe.models.base import MODELS
from bceprobe.models.foreign import build_foreign

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

    from bceprobe.models.base import Shape


def build(name: str, *, classes: int, shape: Shape, options: Mapping[str, Any]) -> nn.Module:
    """Build a model with fresh weights from torch's global random generator.

    Parameters
    ----------
    name
        A name in `MODELS`, one of torchvision's or timm's, or ``package.module:factory``.
    classes
        K, the outputs of its last layer.
    shape
        (C, H, W) of the images it receives.
    options
        Keyword options of its builder.

    Raises
    ------
    UnknownNameError
        No model has this name.
    UsageError
        An option that the builder does not take (the nearest one it takes is named), or one of the wrong type.
    """
    if name not in set(MODELS):
        return build_foreign(name, classes, shape, options)
    builder = MODELS[name]
    return builder(classes, shape, **checked_options(f"model {name}", builder, options))
