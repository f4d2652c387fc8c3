"""Which epoch of a training counts: its last one, or the one with the best test accuracy."""

from __future__ import annotations

import csv
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

CRITERIA = {"last": "last epoch", "best": "best test accuracy"}
OPTIMISTIC = "chosen on the test split, as the paper does: its accuracy there is optimistic"


@dataclass(frozen=True)
class Selection:
    """The epoch that counts.

    Parameters
    ----------
    epoch
        Its number.
    criterion
        ``"last epoch"`` or ``"best test accuracy"``.
    value
        That accuracy; None for the last epoch.
    """

    epoch: int
    criterion: str
    value: float | None = None

    def __str__(self) -> str:
        value = "" if self.value is None else f" {self.value:.4g}"
        return f"epoch {self.epoch}, {self.criterion}{value}"

    @property
    def remark(self) -> str:
        """What is to be said wherever the selection is shown; empty for the last epoch."""
        return "" if self.value is None else OPTIMISTIC


def choose(rows: Iterable[Mapping[str, Any]], rule: str) -> Selection | None:
    """Choose an epoch by the rows of a history, as ``history.csv`` holds them.

    Parameters
    ----------
    rows
        With ``epoch`` and, for ``"best"``, ``test_accuracy``, as numbers or text, in increasing order.
    rule
        ``"last"``, or ``"best"``: the first of the epochs with the highest test accuracy.

    Returns
    -------
    Selection or None
        None where no epoch has what the rule looks at.

    Raises
    ------
    KeyError, ValueError
        A row lacks an entry, or it is no number.
    """
    numbers = [(int(row["epoch"]), row) for row in rows]
    if rule == "last":
        return Selection(max(epoch for epoch, _ in numbers), CRITERIA[rule]) if numbers else None
    found = [(float(row["test_accuracy"]), -epoch) for epoch, row in numbers if row["test_accuracy"] not in {"", None}]
    value, epoch = max((pair for pair in found if math.isfinite(pair[0])), default=(math.nan, 0))
    return Selection(-epoch, CRITERIA[rule], value) if epoch else None


def read_rows(text: str) -> list[dict[str, str]]:
    """Read the rows of a history."""
    return list(csv.DictReader(text.splitlines()))
