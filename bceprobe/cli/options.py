"""Turning the options of `train` into layers of settings, each value with its source."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from bceprobe.errors import DataNotFoundError, UsageError
from bceprobe.settings import parse_assignment, preset, read_toml

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import typer

KEYS = {
    "loss": "loss.name",
    "label_smoothing": "loss.smoothing",
    "class_balanced": "loss.class_balanced",
    "model": "model.name",
    "stem": "model.stem",
    "weights": "model.weights",
    "fresh_classifier": "model.fresh_classifier",
    "parameters": "optim.parameters",
    "dataset": "data.name",
    "limit_per_class": "data.limit_per_class",
    "epochs": "optim.epochs",
    "batch_size": "optim.batch_size",
    "optimizer": "optim.name",
    "lr": "optim.lr",
    "momentum": "optim.momentum",
    "weight_decay": "optim.weight_decay",
    "schedule": "optim.schedule",
    "lambda_w": "penalty.lambda_w",
    "lambda_h": "penalty.lambda_h",
    "lambda_b": "penalty.lambda_b",
    "bias_mean": "model.bias_mean",
    "bias_init": "model.bias_init",
    "capture_epochs": "capture.epochs",
    "capture_precision": "capture.precision",
    "select": "select",
    "stop_when": "stop.when",
    "nc_threshold": "stop.nc_threshold",
    "seed": "seed",
    "device": "device",
    "deterministic": "deterministic",
    "precision": "precision",
    "compiled": "compile",
}
Layer = tuple[str, dict[str, Any]]


def layers(context: typer.Context, base: Mapping[str, Any] | None = None, source: str = "run") -> list[Layer]:
    """Collect the settings of a command: base, preset, configuration file, environment, options, assignments.

    Parameters
    ----------
    context
        Of a command whose parameters include `preset`, `config`, `assign` and those of `KEYS`.
    base
        Settings below all others, such as those of a run that goes on.
    source
        The name of the base.
    """
    given = context.params
    found: list[Layer] = [(source, dict(base))] if base else []
    if given["preset"]:
        found.append((f"preset {given['preset']}", preset(given["preset"])))
    if given["config"]:
        found.append(("config", _read(Path(given["config"]))))
    found.append(("environment", _given(context, "ENVIRONMENT")))
    found.append(("option", _given(context, "COMMANDLINE")))
    found.append(("--set", _assigned(given["assign"] or [])))
    return found


def plain_name(name: str) -> str:
    """Refuse a run name that is a path.

    Raises
    ------
    UsageError
        The name has a separator or is no name at all.
    """
    if not name or name in {".", ".."} or Path(name).name != name or "\\" in name or "\0" in name:
        raise UsageError(f"--name {name!r} is not a plain folder name", "Use --out for a path")
    return name


def _given(context: typer.Context, source: str) -> dict[str, Any]:
    """Return the options that came from one source, by settings key."""

    def origin(name: str) -> str:
        found = context.get_parameter_source(name)
        return found.name if found else ""

    return {key: context.params[name] for name, key in KEYS.items() if origin(name) == source}


def _assigned(texts: Sequence[str]) -> dict[str, Any]:
    return dict(parse_assignment(text) for text in texts)


def _read(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise DataNotFoundError(f"no configuration file {path}", "Every run folder has one: config.toml")
    return read_toml(path.read_text(encoding="utf-8"), str(path))
