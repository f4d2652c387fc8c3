"""Models that bceprobe does not define: torchvision's, timm's, and any factory as ``package.module:name``."""

from __future__ import annotations

import importlib
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from torch import nn

from bceprobe.errors import UnknownNameError, UsageError
from bceprobe.models.base import MODELS
from bceprobe.registry import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bceprobe.models.base import Shape

COLOUR = 3
OWN = "It is given the classes as num_classes, and the options of [model]"


def build_foreign(name: str, classes: int, shape: Shape, options: Mapping[str, Any]) -> nn.Module:
    """Build a model that is not registered: a factory, or torchvision's or timm's model of that name.

    Parameters
    ----------
    name
        ``package.module:factory``, or a name that torchvision or (where it is installed) timm lists.
    classes, shape
        Outputs, and (C, H, W) of the images.
    options
        Passed on as keyword arguments.

    Raises
    ------
    UnknownNameError
        Nobody has a model of this name; the nearest one is named.
    UsageError
        The factory cannot be imported or called like that, or the model takes colour images alone.
    """
    if ":" in name:
        return _made(name, _factory(name), {"num_classes": classes, **options})
    from torchvision import models  # noqa: PLC0415 - torchvision is slow to import

    if name in models.list_models():
        return _made(name, models.get_model_builder(name), {"num_classes": classes, **options}, shape)
    if find_spec("timm") and name in (timm := importlib.import_module("timm")).list_models():
        more = {"num_classes": classes, "in_chans": shape[0], **options}
        return _made(name, lambda **given: timm.create_model(name, **given), more)
    raise UnknownNameError(f"unknown model {name!r}", nearest(name, [*MODELS, *models.list_models()]))


def _factory(name: str) -> Callable[..., nn.Module]:
    """Import what ``package.module:name`` names."""
    module, _, attribute = name.partition(":")
    try:
        found: Callable[..., nn.Module] = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError, ValueError) as error:
        raise UsageError(f"model {name!r} cannot be imported ({error})", "Write package.module:factory") from error
    return found


def _made(
    name: str, factory: Callable[..., nn.Module], options: Mapping[str, Any], shape: Shape | None = None
) -> nn.Module:
    """Call a factory; with a shape, refuse images of other than three channels."""
    if shape and shape[0] != COLOUR:
        hint = "Choose a data set of colour images, or a model of bceprobe list models"
        raise UsageError(f"torchvision's {name} takes {COLOUR} channels, and the images have {shape[0]}", hint)
    try:
        model = factory(**options)
    except (TypeError, ValueError) as error:
        raise UsageError(f"model {name} cannot be built: {' '.join(str(error).split())}", OWN) from error
    if not isinstance(model, nn.Module):
        raise UsageError(f"model {name} is {type(model).__name__}, not a torch.nn.Module", OWN)
    return model
