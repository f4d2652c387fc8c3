"""The section of a report on the way of the arms: difference curves, areas between curves, epochs to a threshold."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bceprobe.comparison.anchors import slug
from bceprobe.comparison.drawing import arm_styles
from bceprobe.comparison.headings import heading, numeric
from bceprobe.comparison.wording import SHORT, equals
from bceprobe.figures import Curve, Panel, Reference, draw_curves, inline_svg
from bceprobe.figures.curves import Band
from bceprobe.figures.style import INK
from bceprobe.report import Cell, Column, Details, Figure, FigureGroup, Finding, Key, Link, Numbers, Table, Text
from bceprobe.report.numbers import ALPHA, UNDEFINED, difference, interval, number, p_value
from bceprobe.stats.curves import EARLY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bceprobe.comparison.courses import Course, Waiting
    from bceprobe.comparison.model import Comparison
    from bceprobe.figures import LineStyle
    from bceprobe.report.model import Block

INTRODUCTION = (
    "What differs on the way and not at one epoch only, on the train split. Their {} tests are a family of their own. "
    "The area is that between the curves of log10 over the first {} epochs: minus ten is one decade lower over ten "
    "epochs. The threshold {} is bceprobe's own choice."
)
CAPTION = (
    "Ratio to the reference. Band: at 95 % it holds the true ratio at all epochs at once (sup t over seeds, or "
    "Bonferroni's where that is narrower)."
)
NOTE = (
    "Area: mean over runs, in decades times epochs. Apart: epochs at which the band leaves no difference out. Median: "
    "epoch by which half of the runs are below the threshold (Kaplan and Meier), and how many get there; tested by the "
    "log-rank test over permutations of the runs."
)


def course_blocks(comparison: Comparison) -> Iterator[Block]:
    """Lay out figures and a table; those of other cells than the first are folded away."""
    yield Text(INTRODUCTION.format(comparison.families["courses"], EARLY, comparison.courses[0].threshold))
    for at, cell in enumerate(comparison.design.cells):
        courses = [one for one in comparison.courses if one.cell == cell.label]
        blocks: tuple[Block, ...] = (*_figures(comparison, courses), _table(comparison, courses))
        if at:
            yield Details(f"With {cell.label}", blocks)
        else:
            yield from blocks


def course_findings(comparison: Comparison) -> Iterator[Finding]:
    """Say which curves lie apart early on, and who gets below the threshold sooner."""
    after = SHORT[comparison.correction]
    for one in comparison.courses:
        within = f" with {one.cell}" if one.cell else ""
        if one.differs and one.area:
            lower = "lower" if one.area.difference < 0 else "higher"
            lead = f"{one.quantity.short} runs {lower} with {one.level} over the first {EARLY} epochs{within}:"
            size = f"area between the curves {difference(one.area.difference)} decades times epochs"
            bounds = f"95 % CI {interval(one.area.ci_low, one.area.ci_high)}"
            links = (Link("row", course_name(one), f"of {one.quantity.short}"),)
            sure = f"p {equals(one.p_area)} after {after}"
            yield Finding(lead, f"{size}, {bounds}, {sure}.", "differs", f"finding-{course_name(one)}", links)


def course_name(course: Course) -> str:
    """Name the row of a course."""
    return f"course-{course.quantity.name}-{slug(course.arm)}"


def _figures(comparison: Comparison, courses: Sequence[Course]) -> Iterator[FigureGroup]:
    """Draw the ratio to the reference over the epochs, a figure per quantity with all arms of the cell."""
    styles = arm_styles(comparison)
    figures = []
    for quantity in dict.fromkeys(one.quantity for one in courses):
        mine = [one for one in courses if one.quantity == quantity and len(one.epochs) > 1]
        if mine and all(math.isfinite(value) for one in mine for value in one.band.difference):
            figures.append(_figure(mine, [_curve(one, styles) for one in mine]))
    if figures:
        legend = tuple(Key(one.arm, styles[one.arm].color, styles[one.arm].glyph) for one in _arms(courses))
        ending = f"-{slug(courses[0].cell)}" if courses[0].cell else ""
        yield FigureGroup(f"differences{ending}", CAPTION, tuple(figures), legend=legend)


def _arms(courses: Sequence[Course]) -> list[Course]:
    return list({one.arm: one for one in courses}.values())


def _curve(course: Course, styles: dict[str, LineStyle]) -> Curve:
    ratio, low, high = ([math.exp(value) for value in part] for part in _logarithms(course))
    spread = [math.nan] * len(ratio)
    band = Band(low, high) if all(map(math.isfinite, low + high)) else None
    return Curve(course.arm, styles[course.arm], course.epochs, ratio, spread, band)


def _logarithms(course: Course) -> tuple[list[float], ...]:
    band = course.band
    return band.difference.tolist(), band.ci_low.tolist(), band.ci_high.tolist()


def _figure(courses: Sequence[Course], curves: Sequence[Curve]) -> Figure:
    first, quantity = courses[0], courses[0].quantity
    ending = f"-{slug(first.cell)}" if first.cell else ""
    name = f"difference-{quantity.name}-{quantity.split}{ending}"
    title = f"{quantity.short}, ratio to {first.reference}"
    ends = ", ".join(f"{curve.label} {number(curve.mean[-1])}" for curve in curves)
    description = f"{title}, {quantity.split} split, by epoch. At epoch {first.epochs[-1]}: {ends}."
    drawn = draw_curves(Panel(title, curves, "log", [Reference("no difference", INK, "dashed", [1.0])]))
    svg = {"log": inline_svg(drawn, f"{name}-log", f"{description} The axis is log.")}
    rows: list[tuple[str | float | None, ...]] = [(curve.label, *row) for curve in curves for row in _rows(curve)]
    links = tuple(Link(f"{one.arm} in the table", course_name(one), f"row of {quantity.short}") for one in courses)
    return Figure(name, description, svg, Numbers(("arm", "epoch", "ratio", "low", "high"), tuple(rows)), links)


def _rows(curve: Curve) -> Iterator[tuple[float, ...]]:
    nothing = [math.nan] * len(curve.epoch)
    low, high = curve.band or Band(nothing, nothing)
    yield from zip(curve.epoch, curve.mean, low, high, strict=True)


def _table(comparison: Comparison, courses: Sequence[Course]) -> Table:
    after, threshold = SHORT[comparison.correction], courses[0].threshold
    columns = (
        Column("Quantity"),
        Column("Arm"),
        Column("Area", numeric=True, note="Of the arm minus that of the reference; negative: the arm's curve is lower"),
        Column("95 % CI", numeric=True, note="Of the area between the curves; sorted by its lower end"),
        Column(f"p area ({after})", numeric=True),
        Column("Apart", note="Epochs at which the simultaneous band leaves no difference out"),
        Column(f"p band ({after})", numeric=True),
        Column(f"Median < {threshold}, reference", numeric=True),
        Column(f"Median < {threshold}, arm", numeric=True),
        Column(f"p log-rank ({after})", numeric=True),
    )
    caption = f"{courses[0].cell or 'Arms'} against {courses[0].reference}: on the way"
    anchors = tuple(map(course_name, courses))
    return Table(caption, columns, tuple(map(_row, courses)), NOTE, anchors=anchors)


def _row(course: Course) -> tuple[Cell, ...]:
    area = course.area
    size, low, high = (area.difference, area.ci_low, area.ci_high) if area else (math.nan,) * 3
    return (
        Cell(heading(course.quantity)),
        Cell(course.arm),
        numeric(difference(size), size),
        numeric(interval(low, high), low),
        numeric(p_value(course.p_area), course.p_area, strong=course.differs),
        Cell(ranges(course.apart) or "none"),
        _p(course.p_band),
        _median(course.reference_waiting),
        _median(course.waiting),
        _p(course.p_arrival),
    )


def _p(value: float) -> Cell:
    return numeric(p_value(value), value, strong=value < ALPHA)


def _median(waiting: Waiting) -> Cell:
    median, runs = waiting.curve.median, waiting.curve.n
    shown = f"{median:g}" if math.isfinite(median) else UNDEFINED
    return numeric(f"{shown} ({waiting.reached} of {runs})", median)


def ranges(numbers: Sequence[int]) -> str:
    """Write increasing numbers as ranges of those that follow one another.

    Examples
    --------
    >>> ranges([1, 2, 3, 7])
    '1-3, 7'
    """
    parts: list[list[int]] = []
    for value in numbers:
        if parts and value == parts[-1][-1] + 1:
            parts[-1].append(value)
        else:
            parts.append([value])
    return ", ".join(f"{part[0]}-{part[-1]}" if len(part) > 1 else f"{part[0]}" for part in parts)
