"""`bceprobe list`: what can be named in other commands, plug-ins included."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from bceprobe.cli.console import OWN_MARK, print_lines, print_table, result_json

if TYPE_CHECKING:
    from bceprobe.metrics import Metric
    from bceprobe.registry import Registry


class Kind(StrEnum):
    """What can be listed."""

    LOSSES = "losses"
    MODELS = "models"
    DATASETS = "datasets"
    METRICS = "metrics"
    FIGURES = "figures"
    RECIPES = "recipes"
    CLAIMS = "claims"


def list_names(
    kind: Annotated[Kind, typer.Argument(help="What to list.")],
    topic: Annotated[
        str | None,
        typer.Option(help="metrics: those of one topic, with definitions and units.", show_envvar=False),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON document.", show_envvar=False)] = False,
) -> None:
    """List losses, models, data sets, metrics, figures, recipes or claims, with what each one is.

    Example: bceprobe list metrics --topic nc
    """
    from bceprobe.errors import UsageError

    if topic is not None and kind is not Kind.METRICS:
        raise UsageError(f"--topic is for metrics, not for {kind}", "Leave it out")
    rows = _rows(kind, topic)
    if as_json:
        result_json({"schema_version": 1, "kind": kind, "records": rows})
    elif kind is Kind.METRICS:
        _print_metrics(rows, detailed=topic is not None)
    else:
        print_table(list(rows[0]), [list(row.values()) for row in rows], text=len(rows[0]))


def _rows(kind: Kind, topic: str | None) -> list[dict[str, Any]]:
    if kind is Kind.METRICS:
        return metric_rows(topic or "all")
    if kind is Kind.RECIPES:
        return recipe_rows()
    if kind is Kind.CLAIMS:
        return claim_rows()
    return figure_rows() if kind is Kind.FIGURES else _documented(_registry(kind))


def claim_rows() -> list[dict[str, Any]]:
    """Describe the claims of the paper."""
    from bceprobe.claims import CLAIMS

    return [{"name": one.name, "claim": one.statement, "section": one.section} for one in CLAIMS.values()]


def recipe_rows() -> list[dict[str, Any]]:
    """Describe the recipes, and count the points of their scales."""
    from bceprobe.sweep import count_points, recipe_names, recipe_scales

    scales = {name: recipe_scales(name) for name in recipe_names()}
    return [
        {
            "name": name,
            "what": found[0].title,
            "repeats": found[0].repeats,
            "points": ", ".join(f"{one.scale} {count_points(one)}" for one in found),
        }
        for name, found in scales.items()
    ]


def figure_rows() -> list[dict[str, Any]]:
    """Describe the figures, and say which files they can be written to."""
    from bceprobe.figures.base import FIGURES

    entries = [FIGURES[name] for name in FIGURES]
    return [{"name": one.name, "what": one.what, "files": " ".join(one.suffixes)} for one in entries]


def metric_rows(topic: str) -> list[dict[str, Any]]:
    """Describe the metrics of a topic, or of all, in the words of their registration."""
    from bceprobe.metrics import topic_metrics

    return [_described(entry) for entry in topic_metrics(topic)]


def _described(entry: Metric) -> dict[str, Any]:
    from bceprobe.metrics import is_own

    return {
        "name": entry.name,
        "topic": entry.topic,
        "what": entry.long_name,
        "definition": entry.definition,
        "own": is_own(entry.definition),
        "units": entry.units,
        "by_class": entry.by_class,
        "references": entry.references,
        "description": first_sentence(entry.function.__doc__ or ""),
    }


def first_sentence(text: str) -> str:
    """Return the first sentence of a docstring, on one line.

    Examples
    --------
    >>> first_sentence("Mean distance over pairs, eq. 3. NaN if one is zero.")
    'Mean distance over pairs, eq. 3.'
    """
    paragraph = " ".join(text.strip().split("\n\n")[0].split())
    found = re.match(r".+?(?<!\beq)\.(?=\s|$)", paragraph)
    return found[0] if found else paragraph


def _print_metrics(rows: list[dict[str, Any]], *, detailed: bool) -> None:
    """Print a table per topic: a line per metric, and one more with its definition if detailed."""
    for topic in dict.fromkeys(row["topic"] for row in rows):
        part = [row for row in rows if row["topic"] == topic]
        print_table([topic, "what"], [[_marked(row), _told(row, detailed=detailed)] for row in part], text=2)
    more = "" if detailed else "; --topic tells the definitions and units of one topic"
    print_lines(f"{OWN_MARK} own definition or choice of bceprobe{more}.")


def _marked(row: dict[str, Any]) -> str:
    return f"{row['name']} {OWN_MARK}" if row["own"] else str(row["name"])


def _told(row: dict[str, Any], *, detailed: bool) -> str:
    if not detailed:
        return str(row["what"])
    unit, by_class = f"; unit {row['units']}" * (row["units"] != "1"), "; also by class" * row["by_class"]
    return f"{row['what']}\n{row['definition']}{unit}{by_class}"


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
