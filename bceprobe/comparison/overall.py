"""The verdict on a design of several cells: overall effects, in which cells they hold, and where they are reversed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.comparison.anchors import overall_place, place
from bceprobe.comparison.equivalences import equivalences
from bceprobe.comparison.wording import (
    SHORT,
    count,
    direction,
    equals,
    inside,
    joined,
    kind,
    shown_estimate,
    some,
)
from bceprobe.report import Finding
from bceprobe.stats.correction import METHODS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bceprobe.comparison.model import Comparison, Overall, Row

UNTESTED = "nothing can be concluded over all of them"


def overall_headline(comparison: Comparison) -> str:
    """Count the quantities with an overall effect."""
    reference, *others = comparison.design.levels
    names = others[0] if len(others) == 1 else f"the other {len(others)} levels"
    tested = [one for one in comparison.overall if not one.effect.note]
    differing = [one for one in tested if one.differs]
    where = f"At {comparison.moment.words}, over {count(len(comparison.design.cells), 'setting')}"
    if not tested:
        return f"{where}: {UNTESTED}."
    if not differing:
        return f"{where}, no difference between {names} and {reference} can be shown overall."
    among = "quantities" if len(others) == 1 else "comparisons"
    verb = "differs" if len(others) == 1 else "differ"
    corrected = f"p < 0.05 after {METHODS[comparison.correction][0]} correction for {count(len(tested), 'test')}"
    what = f"{names} {verb} from {reference} overall in {len(differing)} of {len(comparison.overall)} {among}"
    return f"{where}, {what} (mixed model; {corrected})."


def overall_findings(comparison: Comparison) -> Iterator[Finding]:
    """State each effect, then what shows none, and what could not be tested."""
    yield from (_effect(one, comparison) for one in comparison.overall if one.differs)
    yield from equivalences(comparison.tested, SHORT[comparison.correction])
    for level in comparison.design.levels[1:]:
        mine = [one for one in comparison.overall if one.level == level and not one.differs]
        yield from _not_shown([one for one in mine if not one.effect.note])
        yield from _untested([one for one in mine if one.effect.note])


def _effect(one: Overall, comparison: Comparison) -> Finding:
    size, bounds = shown_estimate(one)
    after = f"p {equals(one.p_corrected)} after {SHORT[comparison.correction]}"
    lead = f"{one.quantity.place} is {direction(one)} with {one.level} overall:"
    return Finding(
        lead, f"{kind(one)} {size}, 95 % CI {bounds}, {after}. {_cells(one)}", "differs", **overall_place(one)
    )


def _cells(one: Overall) -> str:
    """Say in how many cells an effect holds by itself, and name those where it is the other way round."""
    same, holds = one.same_way, [row for row in one.same_way if row.differs]
    reversed_in = [row for row in one.rows if row.result.difference and row not in same]
    total = len(one.rows)
    if reversed_in:
        names = joined(some([_named(row) for row in reversed_in]))
        return f"It points the same way in {len(same)} of {total} settings, and is reversed in {names}."
    shown = "each" if len(holds) == total else f"{len(holds)}"
    return f"It points the same way in {len(same)} of {total} settings, and can be shown in {shown} of them by itself."


def _named(row: Row) -> str:
    """Name the cell of a row, and how sure its reversal is."""
    return f"{row.cell} (p {equals(row.p_corrected)})" if row.differs else f"{row.cell} (not shown)"


def _not_shown(effects: Sequence[Overall]) -> Iterator[Finding]:
    """Name what shows no overall effect, and the cells in which there is one all the same."""
    if not effects:
        return
    names = inside(["", *(one.quantity.place for one in effects)])[1:]
    lead = f"No overall difference between {effects[0].level} and {effects[0].reference} can be shown in"
    yield Finding(f"{lead} {joined(some(names))}.", "This is no evidence of equality.", **overall_place(*effects))
    for one in effects:
        if found := [row for row in one.rows if row.differs]:
            cells = joined(some([f"{row.cell} ({direction(row)})" for row in found]))
            lead = f"{one.quantity.place} differs with {one.level} in some settings only:"
            yield Finding(lead, f"{cells}.", **place(*found))


def _untested(effects: Sequence[Overall]) -> Iterator[Finding]:
    if effects:
        notes = joined(list(dict.fromkeys(one.effect.note for one in effects)))
        names = inside(["", *(one.quantity.place for one in effects)])[1:]
        lead = f"Not tested overall with {effects[0].level}: {joined(some(names))}"
        yield Finding(lead, f"({notes}).", **overall_place(*effects))
