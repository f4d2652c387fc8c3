"""A counterpart as tidy rows: one per combination of levels, loss and metric."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bceprobe.comparison.arms import label_of

if TYPE_CHECKING:
    from bceprobe.counterpart.model import Counterpart, Entry

    Row = dict[str, Any]


def tidy_rows(counterpart: Counterpart) -> list[Row]:
    """List the entries as rows of a table; what is not known is empty, and numbers are in the units of the metric.

    `loss` is the level of a column where several have the same loss. `published_for` is empty where the published
    number is for the very training; several epochs are those of the runs.
    """
    return [_row(counterpart.recipe.name, entry) for entry in counterpart.entries]


def _row(recipe: str, entry: Entry) -> Row:
    published = entry.beside.one
    return {
        "recipe": recipe,
        "levels": "; ".join(f"{axis}={level}" for axis, level in entry.levels),
        "loss": entry.loss if entry.column == label_of(entry.loss) else entry.column,
        "metric": entry.quantity.name,
        "split": entry.quantity.split,
        "epoch": " ".join(map(str, dict.fromkeys(entry.epochs))),
        "n": len(entry.values),
        "mean": entry.mean,
        "std": entry.std,
        "published": published.value if published else "",
        "published_table": published.table if published else "",
        "published_source": published.source if published else "",
        "published_for": entry.beside.difference,
    }
