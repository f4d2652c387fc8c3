"""The verdict: sentences made from the numbers, which say what differs, by how much and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.comparison.anchors import place
from bceprobe.comparison.caveats import caveats
from bceprobe.comparison.course_blocks import course_findings
from bceprobe.comparison.equivalences import equivalences
from bceprobe.comparison.overall import overall_findings, overall_headline
from bceprobe.comparison.sample_blocks import sample_findings
from bceprobe.comparison.wording import (
    SHORT,
    count,
    design_words,
    direction,
    equals,
    inside,
    joined,
    kind,
    means,
    shown_estimate,
    some,
)
from bceprobe.report import Finding, Verdict
from bceprobe.report.numbers import difference, number, unit_of
from bceprobe.stats import NO_VARIATION, ONE_SEED, UNDEFINED
from bceprobe.stats.correction import METHODS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bceprobe.comparison.model import Comparison, Row

FEW = 10


def judge(comparison: Comparison) -> Verdict:
    """Say what a comparison found.

    A difference counts if its corrected p-value is below 0.05. With one seed per arm the verdict is that nothing can be
    concluded about the training procedure, and the findings only describe the runs. Over several cells the verdict is
    on the overall effects, and says in which cells they hold.
    """
    if comparison.overall:
        found = (*overall_findings(comparison), *course_findings(comparison))
        return Verdict(overall_headline(comparison), found, tuple(caveats(comparison)))
    tested, untested = comparison.tested, [row for row in comparison.rows if row.result.note]
    findings = [_difference(row, comparison) for row in tested if row.differs]
    findings += course_findings(comparison)
    findings += sample_findings(comparison)
    findings += _described(untested) if not tested else []
    findings += _alike(untested)
    findings += equivalences(tested, SHORT[comparison.correction])
    findings += _not_shown([row for row in tested if not row.differs and not row.equivalent])
    return Verdict(_headline(comparison), tuple(findings), tuple(caveats(comparison)))


def _headline(comparison: Comparison) -> str:
    rows, differing = comparison.rows, sum(row.differs for row in comparison.rows)
    if all(row.result.note == ONE_SEED for row in rows):
        alone = [arm.label for arm in comparison.arms if len(arm.runs) == 1]
        which = "One seed per arm" if len(alone) == len(comparison.arms) else f"One seed of {joined(some(alone))}"
        return f"{which}: nothing can be concluded about the training procedure."
    reference, *others = comparison.design.levels
    names = others[0] if len(others) == 1 else f"the other {len(others)} arms"
    if not differing:
        return f"At {comparison.moment.words}, no difference between {names} and {reference} can be shown."
    among = "quantities" if len(others) == 1 else "comparisons"
    verb = "differs" if len(others) == 1 else "differ"
    what = f"{names} {verb} from {reference} in {differing} of {len(rows)} {among}"
    corrected = f"{METHODS[comparison.correction][0]} correction for {count(len(comparison.tested), 'test')}"
    return f"At {comparison.moment.words}, {what} ({design_words(comparison)}; p < 0.05 after {corrected})."


def _difference(row: Row, comparison: Comparison) -> Finding:
    size, bounds = shown_estimate(row)
    after = f"p {equals(row.p_corrected)} after {SHORT[comparison.correction]}"
    sure = f"95 % CI {bounds}, {after}, Hedges' g {difference(row.result.effect)}"
    lead = f"{row.quantity.place} is {direction(row)} with {row.arm}:"
    return Finding(lead, f"{means(row)}; {kind(row)} {size}, {sure}.", "differs", **place(row))


def _described(rows: Sequence[Row]) -> Iterator[Finding]:
    """State values as they are, without a claim."""
    for row in rows:
        if row.result.note == ONE_SEED:
            size = shown_estimate(row)[0]
            yield Finding(f"{row.quantity.place}:", f"{_values(row)} ({kind(row)} {size}).", **place(row))


def _alike(rows: Sequence[Row]) -> Iterator[Finding]:
    """Report what cannot be tested although there are seeds: no variation between them, or undefined values."""
    same: dict[str, list[Row]] = {}
    for row in rows:
        arms = f"{row.arm} and {row.reference}"
        if row.result.note == UNDEFINED:
            yield Finding(f"{row.quantity.place} is undefined", f"in at least one run of {arms}.", **place(row))
        elif row.result.note == NO_VARIATION and row.result.difference:
            lead = f"{row.quantity.place} differs alike for every seed:"
            yield Finding(lead, f"{_values(row)}. No test can be made.", **place(row))
        elif row.result.note == NO_VARIATION:
            shown = number(row.mean, unit_of(row.quantity.units))
            same.setdefault(f"in every run of {arms}: {shown}.", []).append(row)
    for where, alike in same.items():
        places = inside([row.quantity.place for row in alike])
        yield Finding(f"{joined(places)} {'are' if len(places) > 1 else 'is'} the same", where, **place(*alike))


def _values(row: Row) -> str:
    unit = unit_of(row.quantity.units)
    return f"{number(row.mean, unit)} with {row.arm}, {number(row.reference_mean, unit)} with {row.reference}"


def _not_shown(rows: Sequence[Row]) -> Iterator[Finding]:
    """Name what shows no difference, arm by arm, and warn against taking that for equality."""
    for arm in dict.fromkeys(row.arm for row in rows):
        mine = [row for row in rows if row.arm == arm]
        places = inside(["", *(row.quantity.place for row in mine)])[1:]
        smallest = min(min(row.result.n) for row in mine)
        lead = f"No difference between {arm} and {mine[0].reference} can be shown in {joined(some(places))}."
        few = f"With {count(smallest, 'seed')} only large differences can be seen: this is no evidence of equality."
        yield Finding(lead, few if smallest < FEW else "This is no evidence of equality.", **place(*mine))
