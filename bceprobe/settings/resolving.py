"""Where settings come from: presets, TOML, assignments, and layers that override one another."""

from __future__ import annotations

import dataclasses
import sys
import tomllib
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from bceprobe.errors import UsageError
from bceprobe.registry import nearest
from bceprobe.settings.fields import OPTION_TABLES, Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def resolve(layers: Sequence[tuple[str, Mapping[str, Any]]]) -> tuple[Settings, dict[str, str]]:
    """Merge layers of settings, later ones over earlier ones.

    Parameters
    ----------
    layers
        Pairs of a source's name and its values by dotted key, such as ``("option", {"optim.lr": 0.1})``.

    Returns
    -------
    Settings, dict
        The settings, and for every key that a layer set, the name of the last such layer.

    Raises
    ------
    UsageError
        An unknown key (the nearest valid one is named), a value of the wrong type or outside its range.
    """
    values, sources = {}, {}
    for source, layer in layers:
        for key, value in layer.items():
            values[key], sources[key] = _coerce(key, value, source), source
    return _build(values), sources


def read_toml(text: str, where: str) -> dict[str, Any]:
    """Parse TOML settings into values by dotted key; `where` is named if they are not TOML."""
    try:
        return flatten(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{where} is not valid TOML: {error}", "Correct that place") from error


def parse_assignment(text: str) -> tuple[str, Any]:
    """Parse ``key=value``; the value is TOML, or else a string.

    Examples
    --------
    >>> parse_assignment("optim.lr=1e-3"), parse_assignment("loss.name=bce")
    (('optim.lr', 0.001), ('loss.name', 'bce'))
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise UsageError(f"{text!r} is not of the form key=value", "For example: --set optim.momentum=0.85")
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value.strip()


def flatten(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Turn nested tables into dotted keys.

    Examples
    --------
    >>> flatten({"seed": 1, "optim": {"lr": 0.1}})
    {'seed': 1, 'optim.lr': 0.1}
    """
    flat: dict[str, Any] = {}
    for key, value in nested.items():
        flat |= flatten(value, f"{prefix}{key}.") if isinstance(value, dict) else {f"{prefix}{key}": value}
    return flat


def by_key(settings: Settings) -> dict[str, Any]:
    """Return every setting by dotted key, in the plain types that TOML has.

    Examples
    --------
    >>> by_key(Settings(seed=3))["optim.milestones"]
    [30, 60, 80]
    """
    return read_toml(settings.to_toml(), "the settings")


def changed(before: Settings, after: Settings) -> list[str]:
    """List the dotted keys in which settings differ.

    Examples
    --------
    >>> changed(Settings(), Settings(seed=3))
    ['seed']
    """
    old, new = by_key(before), by_key(after)
    return sorted(key for key in {*old, *new} if old.get(key) != new.get(key))


def _fields() -> dict[str, Any]:
    """Map every dotted key to its type."""
    known: dict[str, Any] = {}
    for name, kind in get_type_hints(Settings).items():
        nested = get_type_hints(kind) if dataclasses.is_dataclass(kind) else None
        known |= {f"{name}.{key}": value for key, value in nested.items()} if nested else {name: kind}
    return {key: kind for key, kind in known.items() if not key.endswith(".options")}


def _coerce(key: str, value: Any, source: str) -> Any:
    """Return a value as its setting's type; options of a loss, model or data set, which these check, as they are."""
    known = _fields()
    if key not in known and _is_option(key):
        return value
    if key not in known:
        raise UsageError(f"unknown setting {key!r} ({source})", nearest(key, known))
    kind = known[key]
    if kind in {float, str} and type(value) is int and abs(value) < sys.float_info.max:
        return kind(value)
    if get_origin(kind) is tuple and isinstance(value, (list, tuple)) and all(type(item) is int for item in value):
        return tuple(value)
    if value in get_args(kind) if get_origin(kind) is Literal else type(value) is kind:
        return value
    raise UsageError(f"setting {key} is {value!r} ({source}); it must be {_describe(kind)}")


def _is_option(key: str) -> bool:
    table, _, name = key.partition(".")
    return table in OPTION_TABLES and name not in {"", "options"} and "." not in name


def _describe(kind: Any) -> str:
    if get_origin(kind) is Literal:
        return " or ".join(get_args(kind))
    if get_origin(kind) is tuple:
        return "a list of integers"
    return {int: "an integer", float: "a number", bool: "true or false", str: "a string"}[kind]


def _build(values: Mapping[str, Any]) -> Settings:
    known = _fields()
    tables: dict[str, dict[str, Any]] = {}
    for key, value in values.items():
        table, _, name = key.rpartition(".")
        place = tables.setdefault(table, {})
        (place if key in known else place.setdefault("options", {}))[name] = value
    top, kinds = tables.pop("", {}), get_type_hints(Settings)
    return Settings(**top, **{name: kinds[name](**part) for name, part in tables.items()})
