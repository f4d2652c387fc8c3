"""What a recipe reports: metrics, the published numbers beside them, and figures; RECIPES.md specifies it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bceprobe.errors import UsageError
from bceprobe.published import TABLES
from bceprobe.registry import nearest
from bceprobe.store.schema import SPLITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

DEFAULT = ("accuracy@test", "uniform_accuracy@test")


@dataclass(frozen=True)
class Reporting:
    """What is shown of a sweep when it has ended.

    Parameters
    ----------
    metrics
        Pairs of a metric and a split.
    published
        Key of the published numbers that stand beside; empty for none.
    figures
        As `bceprobe plot` calls them.
    """

    metrics: tuple[tuple[str, str], ...] = ()
    published: str = ""
    figures: tuple[str, ...] = ()


def read_reporting(table: Mapping[str, Any], recipe: str) -> Reporting:
    """Read the table ``[report]`` of a recipe, over which that of its scale was laid.

    Raises
    ------
    UsageError
        A name that nothing has, or a value that is no list of names.
    """
    from bceprobe.figures import FIGURES  # noqa: PLC0415 - matplotlib takes a second; recipes are listed without

    metrics = _names(table.get("metrics", list(DEFAULT)), "metrics", recipe)
    figures = _names(table.get("figures", []), "figures", recipe)
    _check(figures, FIGURES, "figure", recipe)
    published = table.get("published", "")
    _check([published] if published else [], TABLES, "published table", recipe)
    return Reporting(tuple(_place(text, recipe) for text in metrics), str(published), figures)


def _names(value: Any, key: str, recipe: str) -> tuple[str, ...]:
    if not (isinstance(value, list) and all(isinstance(name, str) for name in value)):
        raise UsageError(f"{key} in the report of recipe {recipe} are {value!r}", "Write a list of names")
    return tuple(dict.fromkeys(value))


def _place(text: str, recipe: str) -> tuple[str, str]:
    from bceprobe.metrics import METRICS  # noqa: PLC0415 - likewise

    metric, _, split = text.partition("@")
    _check([metric], METRICS, "metric", recipe)
    if split not in SPLITS:
        what = f"the report of recipe {recipe} names {text!r}, which has no split"
        raise UsageError(what, f"Write {metric}@{' or @'.join(SPLITS)}")
    return metric, split


def _check(names: Iterable[Any], known: Iterable[str], kind: str, recipe: str) -> None:
    for name in names:
        if name not in set(known):
            raise UsageError(f"the report of recipe {recipe} has an unknown {kind} {name!r}", nearest(str(name), known))
