"""Conditions on settings, such as ``loss.name=bce`` or ``optim.lr>=0.01``: which runs are meant."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bceprobe.errors import UsageError
from bceprobe.settings.resolving import parse_assignment

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FORM = re.compile(r"\s*([\w.-]+)\s*(!=|<=|>=|=|<|>)\s*(.*?)\s*", re.DOTALL)
ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True)
class Condition:
    """A setting, by dotted key, compared with a value: equal, unequal, or for numbers less or more."""

    key: str
    operator: str
    value: Any
    text: str

    def holds(self, settings: Mapping[str, Any]) -> bool:
        """Tell whether settings by dotted key fulfil it; those that lack the key fulfil only ``!=``."""
        if self.key not in settings:
            return self.operator == "!="
        own = settings[self.key]
        if self.operator in ORDERS:
            return _is_number(own) and ORDERS[self.operator](own, self.value)
        # A name may look like a number, as a data set called 1 does.
        same = own == self.value if _is_number(own) == _is_number(self.value) else str(own) == self.text
        return same == (self.operator == "=")


def parse_condition(text: str) -> Condition:
    """Parse ``key=value``, ``key!=value``, or one of ``<``, ``<=``, ``>``, ``>=`` and a number.

    Raises
    ------
    UsageError
        It has another form.

    Examples
    --------
    >>> parse_condition("optim.lr>=1e-2").holds({"optim.lr": 0.1})
    True
    >>> parse_condition("loss.name!=bce").holds({"loss.name": "bce"})
    False
    """
    found = FORM.fullmatch(text)
    if not found or not found[3]:
        raise UsageError(f"{text!r} is no condition on a setting", "For example: loss.name=bce, or 'optim.lr>=0.01'")
    key, comparison, given = found.groups()
    _, value = parse_assignment(f"{key}={given}")
    if comparison in ORDERS and not _is_number(value):
        raise UsageError(f"{text!r} orders something that is no number", "Compare names by = or !=")
    return Condition(key, comparison, value, given)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
