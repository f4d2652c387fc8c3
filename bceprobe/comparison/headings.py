"""What all tables of a comparison show alike: the names of quantities, and numbers that can be sorted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.report import Cell

if TYPE_CHECKING:
    from bceprobe.comparison.model import Quantity

ARROWS = {True: " ↑", False: " ↓", None: ""}


def heading(quantity: Quantity) -> str:
    """Name a quantity with an arrow for the direction that is better."""
    return f"{quantity.short}{ARROWS[quantity.higher_is_better]}"


def numeric(text: str, value: float, *, strong: bool = False) -> Cell:
    """Show a number that is sorted by its value, last if it is undefined."""
    return Cell(text, None if value != value else value, strong)  # noqa: PLR0124 - NaN differs from itself
