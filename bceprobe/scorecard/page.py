"""A scorecard as a page: the verdicts at a glance, then each claim with its evidence and a figure."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bceprobe.figures import inline_svg
from bceprobe.report import (
    Cell,
    Column,
    Definition,
    Definitions,
    Figure,
    FigureGroup,
    Finding,
    Link,
    Numbers,
    Report,
    Section,
    Table,
    Text,
    Verdict,
    printable,
)
from bceprobe.report.numbers import UNDEFINED, difference, interval, number, p_value, ratio_interval, unit_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bceprobe.claims import Result
    from bceprobe.report.model import Block
    from bceprobe.scorecard.judging import Judged, Scorecard

TITLE = "Claims of BCE vs. CE in Deep Feature Learning"
KINDS = {"supported": "equivalent", "contradicted": "differs"}
MOST = 12
RULES = (
    "The rules are bceprobe's own. A claim about a direction is supported where p is below 0.05 after Holm's "
    "correction over all claims tested here and the estimate lies on the claimed side, contradicted where it lies on "
    "the other side, else inconclusive. A claim about every training is supported where all runs agree and p "
    "is below 0.05 after correction; contradicted where they miss it on the average with such a p; else inconclusive. "
    "Its p is of the slack: how far the worst run of a seed is inside what is claimed, as a share of the limit. A "
    "theorem is checked on every solution, and one that does not agree contradicts it. Seeds and settings of trainings "
    "count as random; runs that differ in the start or the decay of the bias alone are one seed of one setting."
)


def to_report(scorecard: Scorecard) -> Report:
    """Lay a scorecard out; the same one always gives the same page."""
    findings = tuple(_finding(one) for one in scorecard.judged if one.result)
    verdict = Verdict(scorecard.headline, findings, tuple(_caveats(scorecard)))
    sections = (
        Section("scorecard", "All claims", (_overview(scorecard),)),
        *(Section(one.claim.name, _heading(one), tuple(_blocks(one))) for one in scorecard.judged),
        Section("methods", "Methods", (Text(RULES),)),
    )
    facts = (("Runs", str(len(scorecard.cases))), ("From", printable(", ".join(scorecard.locations))))
    return Report(TITLE, (*facts, ("Tests corrected together", str(scorecard.tests))), verdict, sections, "claims")


def estimate(result: Result) -> str:
    """Write an estimate as people read it: a share, a ratio, a difference, or a correlation."""
    if result.claimed in {"always", "exactly"}:
        return f"{result.runs - len(result.failing)} of {result.runs}"
    if result.null == 1:
        return f"x {number(result.estimate)}"
    return difference(result.estimate, unit_of(result.units))


def bounds(result: Result) -> str:
    """Write its 95 % confidence interval."""
    if result.null == 1:
        return ratio_interval(result.ci_low, result.ci_high)
    found = interval(result.ci_low, result.ci_high, unit_of(result.units))
    return found.replace(" pp", " %") if result.claimed in {"always", "exactly"} else found


def _finding(one: Judged) -> Finding:
    kind = KINDS.get(one.verdict, "open")
    link = Link("evidence", one.claim.name, f"of {one.claim.name}")
    return Finding(f"{one.verdict.capitalize()}: {one.claim.statement}", one.why, kind, links=(link,))  # type: ignore[arg-type]  # of the kinds


def _caveats(scorecard: Scorecard) -> Iterator[str]:
    yield from map(printable, scorecard.left)
    missing = [one.claim.name for one in scorecard.judged if one.result is None]
    if missing:
        yield f"Not testable with these runs: {', '.join(missing)}; each says what is missing."


def _heading(one: Judged) -> str:
    return f"{one.claim.name}: {one.verdict}"


def _overview(scorecard: Scorecard) -> Table:
    heads = ("Claim", "Section", "Verdict", "Estimate", "95 % CI", "p", "Holm p")
    columns = tuple(Column(head, numeric=at > 2) for at, head in enumerate(heads))  # noqa: PLR2004 - words first
    rows = tuple(_row(one) for one in scorecard.judged)
    return Table("Every claim, its verdict and its primary test", columns, rows)


def _row(one: Judged) -> tuple[Cell, ...]:
    link = Link("evidence", one.claim.name, f"of {one.claim.name}")
    head = (
        Cell(one.claim.name, links=(link,)),
        Cell(one.claim.section),
        Cell(one.verdict, strong=one.verdict in KINDS),
    )
    if one.result is None:
        return (*head, *[Cell(UNDEFINED)] * 4)
    found = one.result
    return (
        *head,
        Cell(estimate(found), found.estimate),
        Cell(bounds(found), found.ci_low if math.isfinite(found.ci_low) else None),
        Cell(p_value(found.p_value), found.p_value if math.isfinite(found.p_value) else None),
        Cell(p_value(one.p_corrected), one.p_corrected if math.isfinite(one.p_corrected) else None),
    )


def _blocks(one: Judged) -> Iterator[Block]:
    """Lay out a claim: its statement and verdict, the test, values beside published ones, a figure."""
    yield Text(one.claim.statement)
    yield Text(f"{one.verdict.capitalize()}. {one.why}")
    if one.result is None:
        return
    yield Definitions(tuple(_definitions(one, one.result)))
    if one.result.values:
        yield _values(one.claim.name, one.result)
    if one.result.drawing:
        yield _figure(one.claim.name, one.result)


def _definitions(one: Judged, result: Result) -> Iterator[Definition]:
    yield Definition("In the paper", one.claim.section)
    yield Definition("Quantity", result.quantity)
    yield Definition("Estimate", f"{estimate(result)}, 95 % CI {bounds(result)}")
    tested = f"{result.test}; {result.n} {result.of}; p {p_value(result.p_value)}, Holm p {p_value(one.p_corrected)}"
    yield Definition("Test", tested)
    if math.isfinite(result.effect):
        yield Definition("Effect size", f"{result.effect_name} {number(result.effect)}")
    if result.failing:
        more = f" and {len(result.failing) - MOST} more" if len(result.failing) > MOST else ""
        yield Definition("Cases that do not agree", f"{', '.join(result.failing[:MOST])}{more}")
    for note in result.notes:
        yield Definition("Note", note)


def _values(name: str, result: Result) -> Table:
    columns = (Column("Value"), Column("Here"), Column("Published"))
    rows = tuple((Cell(one.name), Cell(one.measured or UNDEFINED), Cell(one.published)) for one in result.values)
    return Table(f"{name}: measured beside published", columns, rows, sortable=False)


def _figure(name: str, result: Result) -> FigureGroup:
    drawing = result.drawing
    assert drawing is not None  # noqa: S101 - asked for by whoever calls
    description = f"{result.quantity}: {estimate(result)}, 95 % CI {bounds(result)}."
    heads = tuple(drawing.rows[0]) if drawing.rows else ()
    numbers = Numbers(heads, tuple(tuple(_plain(row[head]) for head in heads) for row in drawing.rows))
    svg = {"linear": inline_svg(drawing.figure, f"figure-{name}", description)}
    width = drawing.figure.get_size_inches()[0] * 7
    return FigureGroup(
        f"figures-{name}", result.quantity, (Figure(f"figure-{name}", description, svg, numbers, width=width),)
    )


def _plain(value: object) -> str | float | None:
    if isinstance(value, str):
        return value
    found = float(value)  # type: ignore[arg-type]  # rows hold text and numbers
    return found if math.isfinite(found) else None
