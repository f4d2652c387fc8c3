"""Keyword options of registered functions: what a user sets by name, checked against what the function takes.

Options are the keyword-only parameters that are annotated as int, float, bool or str.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

from bceprobe.errors import UsageError
from bceprobe.registry import nearest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

KINDS = {int: "an integer", float: "a number", bool: "true or false", str: "a string"}


def checked_options(what: str, function: Callable[..., Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the options as the types that a function wants.

    Raises
    ------
    UsageError
        An option that it does not take (the nearest one it takes is named), or one of the wrong type.

    Examples
    --------
    >>> def focal(logits, target, *, gamma: float = 2.0): ...
    >>> checked_options("loss focal", focal, {"gamma": 3})
    {'gamma': 3.0}
    """
    kinds = _kinds(function)
    return {key: _check(what, kinds, key, value) for key, value in options.items()}


def _kinds(function: Callable[..., Any]) -> dict[str, type]:
    """Map the options to their types; an annotation may be the name of one."""
    by_name = {kind.__name__: kind for kind in KINDS}
    found = inspect.signature(function).parameters.items()
    annotations = {key: one.annotation for key, one in found if one.kind is one.KEYWORD_ONLY}
    return {key: by_name[kind] if isinstance(kind, str) else kind for key, kind in annotations.items()}


def _check(what: str, kinds: Mapping[str, type], key: str, value: Any) -> Any:
    if key not in kinds:
        hint = nearest(key, kinds) if kinds else "It takes no options"
        raise UsageError(f"{what} has no option {key!r}", hint)
    kind = kinds[key]
    if kind is float and type(value) is int:
        return float(value)
    if type(value) is not kind:
        raise UsageError(f"option {key} of {what} is {value!r}; it must be {KINDS[kind]}")
    return value
