"""Margins of equivalence: how large a difference has to be to matter, for which quantities."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bceprobe.errors import UsageError
from bceprobe.registry import nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.comparison.model import Row
    from bceprobe.metrics.base import Metric

FORM = re.compile(r"(?:(?P<metric>[^=]+)=)?(?P<size>[0-9.]+(?:[eE][+-]?[0-9]+)?)(?P<unit>pp|x|)")
SHARE, LOG = "share", "log"
HINT = "For example accuracy=0.5pp (percentage points), nc1=1.1x (ratio), 1.1x (every ratio) or positive_mean=0.2"


@dataclass(frozen=True)
class Margin:
    """The largest difference that does not matter.

    Parameters
    ----------
    metric
        Of which metric; empty for all that have this unit.
    size
        A difference of shares if `unit` is ``"pp"``, a natural logarithm of a ratio if it is ``"x"``, else a difference
        in the metric's own units.
    unit
        How it was given.
    """

    metric: str
    size: float
    unit: str

    def fits(self, row: Row) -> bool:
        """Whether it applies to a row as that is compared."""
        if self.metric not in {"", row.quantity.name}:
            return False
        return row.ratio if self.unit == "x" else not row.ratio and (self.unit == "" or row.quantity.units == SHARE)

    @property
    def words(self) -> str:
        """The range of what does not matter, such as ``"±0.5 pp"``."""
        if self.unit == "x":
            return f"{math.exp(-self.size):.3g} to {math.exp(self.size):.3g}"
        return f"±{100 * self.size:.3g} pp" if self.unit == "pp" else f"±{self.size:.3g}"


def read_margins(texts: Sequence[str], metrics: Sequence[Metric]) -> tuple[Margin, ...]:
    """Read margins such as ``"accuracy=0.5pp"``; those of a metric come before those for all.

    Raises
    ------
    UsageError
        Not of this form, no size above zero (above 1 for a ratio), an unknown metric, or a unit that it has not.
    """
    found = [_read(text, metrics) for text in texts]
    return tuple(sorted(found, key=lambda margin: not margin.metric))


def _read(text: str, metrics: Sequence[Metric]) -> Margin:
    matched = FORM.fullmatch(text.strip())
    if not matched:
        raise UsageError(f"margin {text!r} is not of the form METRIC=SIZE or SIZE", HINT)
    metric, unit = (matched["metric"] or "").strip(), matched["unit"]
    margin = Margin(metric, _size(text, matched["size"], unit), unit)
    mine = [one for one in metrics if metric in {"", one.name} and _has_unit(one, unit)]
    known = {one.name for one in metrics}
    if metric and metric not in known:
        raise UsageError(f"margin {text!r} is of no metric that is compared", nearest(metric, known))
    if not (metric or unit):
        raise UsageError(f"margin {text!r} has no unit and is of no metric", HINT)
    if not mine:
        raise UsageError(f"margin {text!r} has a unit that {metric or 'no metric here'} is not compared in", HINT)
    return margin


def _size(text: str, size: str, unit: str) -> float:
    try:
        value = float(size)
    except ValueError as error:
        raise UsageError(f"margin {text!r} has no number", HINT) from error
    if not (1 if unit == "x" else 0) < value < math.inf:
        raise UsageError(f"margin {text!r} must be above {1 if unit == 'x' else 0}", HINT)
    return math.log(value) if unit == "x" else value / 100 if unit == "pp" else value


def _has_unit(quantity: Metric, unit: str) -> bool:
    return (
        quantity.scale == LOG
        if unit == "x"
        else quantity.scale != LOG and unit in {"", "pp" * (quantity.units == SHARE)}
    )
