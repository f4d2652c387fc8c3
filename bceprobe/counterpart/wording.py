"""Words of a counterpart that table and page share: values, published numbers, and what a reader must know of them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bceprobe.comparison.wording import count, joined, some
from bceprobe.counterpart.measuring import FALLBACK, LAST
from bceprobe.published import LOSSES, published_records
from bceprobe.report import printable
from bceprobe.report.numbers import MINUS, UNDEFINED, mean_and_spread, unit_of
from bceprobe.store.selection import OPTIMISTIC

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bceprobe.comparison import Quantity
    from bceprobe.counterpart.model import Counterpart, Entry
    from bceprobe.published import Published

# What marks a number that was published for another training.
OTHER = "*"
# The scale that is the published design.
PAPER = "paper"


def heading(counterpart: Counterpart) -> str:
    """Say what this is the counterpart of, and how much of it there is."""
    recipe = counterpart.recipe
    what = printable(recipe.repeats or recipe.title or recipe.name)
    finished = f"{len(counterpart.measured)} of {count(counterpart.planned, 'run')}"
    scale = "" if recipe.scale == PAPER else f" (scale {printable(recipe.scale)}, not the published design)"
    return f"Counterpart of {what}{scale}: {finished} finished."


def measured(entry: Entry) -> str:
    """Write mean ± standard deviation over the seeds; a dash where nothing is finished."""
    return mean_and_spread(entry.mean, entry.std, unit_of(entry.quantity.units))


def as_published(record: Published | None, units: str) -> str:
    """Write a number with the digits it was published with."""
    if record is None:
        return UNDEFINED
    unit = unit_of(units)
    return f"{record.value * unit.factor:.6g}{unit.value}".replace("-", MINUS)


def published(entry: Entry) -> str:
    """Write the published number of an entry, marked if it is of another training."""
    text = as_published(entry.beside.one, entry.quantity.units)
    return f"{text}{OTHER}" if entry.beside.one and entry.beside.unlike else text


def runs(row: list[Entry]) -> str:
    """Count the finished runs of a row out of all."""
    done, planned = sum(len(entry.values) for entry in row), sum(entry.planned for entry in row)
    return f"{done} of {planned}"


def has_published(counterpart: Counterpart, quantity: Quantity) -> bool:
    """Tell whether a number stands beside any of a quantity."""
    return any(entry.beside.one for entry in counterpart.entries if entry.quantity == quantity)


def remarks(counterpart: Counterpart) -> list[str]:
    """Say at which epochs the values are, where the published numbers are from, and what they are for."""
    return [
        *_epochs(counterpart),
        *_sources(counterpart),
        *marks(counterpart.entries),
        *_several(counterpart),
        *_lacking(counterpart),
    ]


def agreements(counterpart: Counterpart) -> Iterator[str]:
    """Say of each metric in how many rows BCE lies on that side of CE on which it was published to lie."""
    for quantity in counterpart.quantities:
        pairs = [_sides(row) for row in counterpart.rows_of(quantity)]
        known = [(here, there) for here, there in filter(None, pairs) if here and there]
        if known:
            same = sum((here > 0) == (there > 0) for here, there in known)
            of = count(len(known), "setting")
            yield f"{quantity.place}: BCE lies on the published side of CE in {same} of {of} (not tested)."


def marks(entries: Sequence[Entry]) -> Iterator[str]:
    """Say for what else the marked numbers were published."""
    marked = [entry.beside.difference for entry in entries if entry.beside.one and entry.beside.unlike]
    for said in some(list(dict.fromkeys(marked))):
        yield f"{OTHER} published for {printable(said)}."


def missing(counterpart: Counterpart) -> Iterator[str]:
    """Name the runs that are missing, put together by why."""
    reasons: dict[str, list[str]] = {}
    for one in counterpart.missing:
        reasons.setdefault(one.why, []).append(printable(one.point.label))
    for why, labels in reasons.items():
        yield f"Missing, {why}: {joined(some(labels))}."


def _sides(row: list[Entry]) -> tuple[float, float] | None:
    """Return BCE minus CE, as measured and as published; None where one of the numbers is not there."""
    found = {entry.loss: entry for entry in row}
    records = [found[loss].beside.one for loss in LOSSES if loss in found]
    if len(found) < len(row) or len(records) < len(LOSSES) or None in records:
        return None
    ce, bce = (found[loss] for loss in LOSSES)
    here = bce.mean - ce.mean
    there = [record.value for record in records if record]
    return None if math.isnan(here) else (here, there[1] - there[0])


def _epochs(counterpart: Counterpart) -> Iterator[str]:
    found: dict[str, set[int]] = {}
    for one in counterpart.measured:
        found.setdefault(one.moment, set()).update(one.epochs.values())
    for moment, epochs in found.items():
        at = f"epoch {min(epochs)}" if len(epochs) == 1 else f"epochs {min(epochs)} to {max(epochs)}"
        if moment in {LAST, FALLBACK}:
            yield f"Values are of the {moment} ({at})."
        else:
            yield f"Values are of each run's epoch with the {moment} ({at}), {OPTIMISTIC}."


def _sources(counterpart: Counterpart) -> Iterator[str]:
    records = [entry.beside.one for entry in counterpart.entries if entry.beside.one]
    for table, source in dict.fromkeys((record.table, record.source) for record in records):
        yield f"Published: {table}, {source}."


def _several(counterpart: Counterpart) -> Iterator[str]:
    """Say how many numbers there are where none was chosen."""
    counts = {len(entry.beside.records) for entry in counterpart.entries if len(entry.beside.records) > 1}
    if counts:
        table = published_records(counterpart.recipe.reporting.published)[0].table
        many = joined(list(map(str, sorted(counts))))
        yield f"{table} has {many} numbers for each of these, all of other trainings; none is chosen, the page has all."


def _lacking(counterpart: Counterpart) -> Iterator[str]:
    if not counterpart.recipe.reporting.published:
        yield "No published numbers are kept for this recipe."
        return
    lacking = [one for one in counterpart.quantities if not any(_records(counterpart, one))]
    if lacking:
        yield f"Not published: {joined([one.place for one in lacking])}."


def _records(counterpart: Counterpart, quantity: Quantity) -> list[Published]:
    records = published_records(counterpart.recipe.reporting.published)
    return [record for record in records if (record.metric, record.split) == (quantity.name, quantity.split)]
