"""`bceprobe list`: what can be named in other commands, plug-ins included."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from bceprobe.cli.console import print_table, result_json

if TYPE_CHECKING:
    from bceprobe.registry import Registry


class Kind(StrEnum):
    """What can be listed."""

    LOSSES = "losses"
    MODELS = "models"
    DATASETS = "datasets"
    METRICS = "metrics"


def list_names(
    kind: Annotated[Kind, typer.Argument(help="What to list.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.", show_envvar=False)] = False,
) -> None:
    """List losses, models, data sets or metrics, with what each one is.

    Example: bceprobe list metrics
    """
    rows = _metric_rows() if kind is Kind.METRICS else _documented(_registry(kind))
    if as_json:
        result_json({"schema_version": 1, "kind": kind, "records": rows})
    else:
        print_table(list(rows[0]), [list(row.values()) for row in rows], text=len(rows[0]))


def _registry(kind: Kind) -> Registry[object]:
    import importlib
    from typing import cast

    homes = {
        Kind.LOSSES: ("losses", "LOSSES"),
        Kind.MODELS: ("models", "MODELS"),
        Kind.DATASETS: ("datasets", "DATASETS"),
    }
    module, name = homes[kind]
    return cast("Registry[object]", getattr(importlib.import_module(f"bceprobe.{module}"), name))


def _documented(registry: Registry[object]) -> list[dict[str, str]]:
    return [{"name": name, "what": (registry[name].__doc__ or "").strip().split("\n")[0]} for name in registry]


def _metric_rows() -> list[dict[str, str]]:
    from bceprobe.metrics import METRICS

    return [
        {"name": metric.name, "topic": metric.topic, "what": metric.long_name, "definition": metric.definition}
        for metric in METRICS.values()
    ]
