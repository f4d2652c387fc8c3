"""Building a model by its name, with options that are checked against what its builder takes."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, get_type_hints

from bceprobe.errors import UsageError
from bceprobe.models.base import MODELS, Builder
from bceprobe.registry import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torch import nn

KINDS = {int: "an integer", float: "a number", bool: "true or false", str: "a string"}


def build(name: str, *, classes: int, channels: int, options: Mapping[str, Any]) -> nn.Module:
    """Build a model with fresh weights from torch's global random generator.

    Parameters
    ----------
    name
        A name in `MODELS`.
    classes
        K, the outputs of its last layer.
    channels
        Channels of the images it receives.
    options
        Keyword options of its builder.

    Raises
    ------
    UnknownNameError
        No model has this name.
    UsageError
        An option that the builder does not take (the nearest one it takes is named), or one of the wrong type.
    """
    builder = MODELS[name]
    kinds = _option_kinds(builder)
    return builder(classes, channels, **{key: _check(name, kinds, key, value) for key, value in options.items()})


def _option_kinds(builder: Builder) -> dict[str, type]:
    hints, parameters = get_type_hints(builder), inspect.signature(builder).parameters
    return {key: hints[key] for key, parameter in parameters.items() if parameter.kind is parameter.KEYWORD_ONLY}


def _check(name: str, kinds: Mapping[str, type], key: str, value: Any) -> Any:
    if key not in kinds:
        hint = nearest(key, kinds) if kinds else "It takes no options"
        raise UsageError(f"model {name} has no option {key!r}", hint)
    kind = kinds[key]
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise UsageError(f"option {key} of model {name} is {value!r}; it must be {KINDS[kind]}")
    return value
