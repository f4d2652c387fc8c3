"""A comparison on the terminal: the verdict in words, and tables that fit 80 columns, with dozens of cells too."""

from __future__ import annotations

import math
import textwrap
from typing import TYPE_CHECKING

from bceprobe.cli.console import note, print_table, result, short, stdout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.comparison import Comparison, Overall, Quantity, Row
    from bceprobe.comparison.courses import Course
    from bceprobe.comparison.samples import SampleRow

SHARE = "share"
WIDEST, NARROW, APART = 12, 9, 16
# Characters of a head, of a column of estimates, and of the name of a cell before it is folded.
TITLE, COLUMN, LONGEST_CELL = 8, 10, 36
BESIDE = "perm., rank: other tests, uncorrected; g: Hedges; delta: Cliff; seeds: per arm for 80 % power at this effect."
LEGEND = "x: ratio of geometric means; pp: difference in percentage points"


def print_comparison(comparison: Comparison, *, brief: bool = False) -> None:
    """Print the verdict of a comparison in words, and its final tables; in brief: those of the tests that decide."""
    verdict = comparison.verdict()
    _print_wrapped(verdict.headline)
    for finding in verdict.findings:
        _print_wrapped(f"{finding.lead} {finding.evidence}", "- ")
    for caveat in verdict.caveats:
        _print_wrapped(caveat, "! ")
    if comparison.design.factorial:
        _print_cells(comparison)
    else:
        _print_arms(comparison, brief=brief)


def _print_arms(comparison: Comparison, *, brief: bool) -> None:
    """Print a table for each arm: values, estimate, corrected p; and those of what stands beside it."""
    from bceprobe.comparison.wording import SHORT

    after = SHORT[comparison.correction]
    reference, *levels = comparison.design.levels
    for level in levels:
        columns = [_moment(comparison), _cut(reference), _cut(level), "compared [95 % CI]", f"{after} p"]
        rows = [row for row in comparison.rows if row.level == level]
        print_table(columns, map(_row, rows))
        if not brief and any(not row.result.note for row in rows):
            _print_evidence(rows)
            _print_courses([one for one in comparison.courses if one.level == level], after)
    for pair in comparison.samples:
        columns = [
            f"{pair.samples} test samples",
            _cut(pair.reference),
            _cut(pair.arm),
            "apart [95 % CI]",
            f"{after} p",
        ]
        print_table(columns, map(_sample_row, pair.rows))
    note(f"{LEGEND}; {after} p: corrected over all rows of its table.")
    if comparison.tested and not brief:
        note(BESIDE)


def _moment(comparison: Comparison) -> str:
    """Head a table with the epoch, where all runs have the same."""
    return f"At {comparison.moment.words}" if len(set(comparison.moment.of.values())) == 1 else "Selected epochs"


def _print_evidence(rows: Sequence[Row]) -> None:
    """Print what other tests say of the rows, effect sizes, and how many seeds would be needed."""
    asked = any(row.evidence.margin for row in rows)
    columns = ["Beside it", "perm.", "rank", "BCa 95 %", "g", "delta", "seeds", *(["equiv. p"] if asked else [])]
    print_table(columns, [_evidence(row)[: len(columns)] for row in rows])


def _evidence(row: Row) -> list[str]:
    found, factor = row.evidence, 100.0 if row.quantity.units == SHARE else 1.0
    low, high = (short(factor * end, 2) for end in (found.bca.low, found.bca.high))
    p_values = (short(test.p_value, 2) for test in (found.permutation, found.ranks))
    effects = (short(row.result.effect, 2), short(found.cliffs_delta, 2))
    interval, needed = "-" if low == "-" else f"[{low}, {high}]", str(found.seeds_needed or "-")
    return [_place(row.quantity), *p_values, interval, *effects, needed, short(found.p_equivalent, 2)]


def _print_courses(courses: Sequence[Course], after: str) -> None:
    """Print how far apart the curves run early on, at which epochs that is sure, and when half of the runs arrive."""
    below = f"< {courses[0].threshold:g} at" if courses else ""
    columns = ["First 20 epochs", "area [95 % CI]", f"{after} p", "apart at", below]
    if courses:
        print_table(columns, map(_course, courses))


def _course(course: Course) -> list[str]:
    from bceprobe.comparison.course_blocks import ranges

    area, medians = course.area, [course.reference_waiting.curve.median, course.waiting.curve.median]
    size = f"{short(area.difference)} [{short(area.ci_low, 2)}, {short(area.ci_high, 2)}]" if area else "-"
    apart = ranges(course.apart) or "-"
    return [
        course.quantity.short,
        size,
        short(course.p_area, 2),
        apart if len(apart) <= APART else f"{len(course.apart)} epochs",
        " / ".join(short(median) for median in medians),
    ]


def _sample_row(row: SampleRow) -> list[str]:
    factor, percent, points = (100.0, " %", " pp") if row.quantity.units == SHARE else (1.0, "", "")
    result = row.result
    low, high = (short(factor * end, 2) for end in (result.ci_low, result.ci_high))
    return [
        row.quantity.short,
        *(f"{short(factor * value)}{percent}" for value in (row.reference, row.value)),
        f"{short(factor * result.difference)}{points} [{low}, {high}]",
        short(row.p_corrected, 2),
    ]


def _print_cells(comparison: Comparison) -> None:
    """Print the overall effects of each level, and a row of estimates per cell."""
    from bceprobe.comparison.wording import SHORT

    after = SHORT[comparison.correction]
    reference, *levels = comparison.design.levels
    for level in levels:
        columns = [f"{level} / {reference}", "overall [95 % CI]", f"{after} p", "same way", "shown"]
        print_table(columns, [_overall(one) for one in comparison.overall if one.level == level])
        rows = [row for row in comparison.rows if row.level == level]
        for quantities in _tables(rows):
            _print_overview([row for row in rows if row.quantity in quantities], f"{level} / {reference}")
    note(f"{LEGEND}; {after} p: corrected over all overall effects.")
    note(f"same way: settings in which the effect has its overall direction; shown, *: p < 0.05 there after {after}.")


def _tables(rows: Sequence[Row]) -> list[list[Quantity]]:
    """Part the quantities into as many tables as the width of the terminal and the names of the cells ask for."""
    quantities = list(dict.fromkeys(row.quantity for row in rows))
    room = stdout().width - max(TITLE, min(max(len(row.cell) for row in rows), LONGEST_CELL))
    tables = math.ceil(len(quantities) / max(1, room // COLUMN))
    step = math.ceil(len(quantities) / tables)
    return [quantities[at : at + step] for at in range(0, len(quantities), step)]


def _print_overview(rows: Sequence[Row], title: str) -> None:
    """Print a row per cell; each quantity has a narrow column, with a word of its name on each line of its head."""
    quantities = list(dict.fromkeys(row.quantity for row in rows))
    columns = [title, *(_head(quantity) for quantity in quantities)]
    cells = list(dict.fromkeys(row.cell for row in rows))
    found = {(row.cell, row.quantity): _estimate(row) for row in rows}
    print_table(columns, [[cell, *(found.get((cell, one), "") for one in quantities)] for cell in cells])


def _place(quantity: Quantity) -> str:
    return f"{quantity.short} {quantity.split}"


def _head(quantity: Quantity) -> str:
    last = f"{quantity.split} pp" if quantity.units == SHARE else quantity.split
    return "\n".join([*(word[:NARROW] for word in quantity.short.split()), last])


def _overall(one: Overall) -> list[str]:
    name, estimate = _place(one.quantity), _compared(one, bounds=not one.effect.note)
    way = f"{len(one.same_way)}/{len(one.rows)}"
    return [name, estimate, short(one.p_corrected, 2), way, str(sum(row.differs for row in one.same_way))]


def _row(row: Row) -> list[str]:
    """Show a row in characters that every terminal has; `x` marks a ratio."""
    factor, percent = (100.0, " %") if row.quantity.units == SHARE else (1.0, "")
    return [
        _place(row.quantity),
        *(f"{short(factor * value)}{percent}" for value in (row.reference_mean, row.mean)),
        _compared(row, bounds=not row.result.note),
        short(row.p_corrected, 2),
    ]


def _compared(row: Row | Overall, *, bounds: bool) -> str:
    """Show an estimate, with its interval where there is one."""
    factor, points = (100.0, " pp") if row.quantity.units == SHARE else (1.0, "")
    size, low, high = (factor * value for value in row.estimate)
    interval = f" [{short(low, 2)}, {short(high, 2)}]" if bounds else ""
    return f"{'x ' if row.ratio else ''}{short(size)}{points}{interval}"


def _estimate(row: Row) -> str:
    """Show an estimate in little room; a star where it differs."""
    factor = 100.0 if row.quantity.units == SHARE else 1.0
    size = f"x{short(row.estimate.size, 2)}" if row.ratio else f"{factor * row.estimate.size:+.2g}"
    return f"{size}{'*' if row.differs else ' '}"


def _print_wrapped(text: str, mark: str = "") -> None:
    indent = " " * len(mark)
    result(textwrap.fill(text.strip(), stdout().width, initial_indent=mark, subsequent_indent=indent))


def _cut(label: str) -> str:
    """Keep the end of a long label, where labels differ most often."""
    return label if len(label) <= WIDEST else f"…{label[1 - WIDEST :]}"
