"""The verdict: sentences made from the numbers, which say what differs, by how much and how sure that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.comparison.anchors import finding_name, ways
from bceprobe.report import Finding, Verdict, printable
from bceprobe.report.numbers import difference, interval, mean_and_spread, number, p_value, ratio_interval, unit_of
from bceprobe.stats import NO_VARIATION, ONE_SEED, PAIRED_T, UNDEFINED

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bceprobe.comparison.model import Comparison, Row

FEW = 10
# A floor of NC1 that only float16 or bfloat16 features have, and how near to its floor an NC1 is doubtful.
COARSE = 1e-12
NEAR = 10.0


def judge(comparison: Comparison) -> Verdict:
    """Say what a comparison found.

    A difference counts if its Holm-corrected p-value is below 0.05. With one seed per arm the verdict is that
    nothing can be concluded about the training procedure, and the findings only describe the runs.
    """
    tested, untested = comparison.tested, [row for row in comparison.rows if row.result.note]
    findings = [_difference(row) for row in tested if row.differs]
    findings += _described(untested) if not tested else []
    findings += _alike(untested)
    findings += _not_shown([row for row in tested if not row.differs])
    return Verdict(_headline(comparison), tuple(findings), tuple(_caveats(comparison)))


def joined(words: Sequence[str]) -> str:
    """Enumerate words.

    Examples
    --------
    >>> joined(["NC1"]), joined(["NC1", "NC2", "NC3"])
    ('NC1', 'NC1, NC2 and NC3')
    """
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def design(comparison: Comparison) -> str:
    """Say how many seeds there are and how they are matched."""
    counts = [len(arm.runs) for arm in comparison.arms]
    seeds = _count(counts[0], "seed") if len(set(counts)) == 1 else f"{joined(list(map(str, counts)))} seeds"
    tests = {row.result.test for row in comparison.rows}
    matched = {frozenset({PAIRED_T}): ", paired by seed"}.get(frozenset(tests), ", not paired")
    return f"{seeds}{' per arm' if len(set(counts)) == 1 else ''}{matched if len(tests) == 1 else ', paired in part'}"


def _headline(comparison: Comparison) -> str:
    rows, differing = comparison.rows, sum(row.differs for row in comparison.rows)
    if all(row.result.note == ONE_SEED for row in rows):
        alone = [arm.label for arm in comparison.arms if len(arm.runs) == 1]
        which = "One seed per arm" if len(alone) == len(comparison.arms) else f"One seed of {joined(alone)}"
        return f"{which}: nothing can be concluded about the training procedure."
    reference, *others = (arm.label for arm in comparison.arms)
    names = others[0] if len(others) == 1 else f"the other {len(others)} arms"
    if not differing:
        return f"At epoch {comparison.epoch}, no difference between {names} and {reference} can be shown."
    among = "quantities" if len(others) == 1 else "comparisons"
    verb = "differs" if len(others) == 1 else "differ"
    what = f"{names} {verb} from {reference} in {differing} of {len(rows)} {among}"
    sure = f"{design(comparison)}; p < 0.05 after Holm's correction for {_count(len(comparison.tested), 'test')}"
    return f"At epoch {comparison.epoch}, {what} ({sure})."


def _difference(row: Row) -> Finding:
    unit, result = unit_of(row.quantity.units), row.result
    direction = "higher" if result.difference > 0 else "lower"
    values = f"{mean_and_spread(row.mean, row.std, unit)} against {_reference(row)}"
    size, bounds = shown_estimate(row)
    sure = f"95 % CI {bounds}, p {_equals(row.p_corrected)} after Holm, Hedges' g {difference(result.effect)}"
    lead = f"{row.quantity.place} is {direction} with {row.arm}:"
    return Finding(lead, f"{values}; {_kind(row)} {size}, {sure}.", "differs", **_place(row))


def _place(*rows: Row) -> dict[str, Any]:
    """Name a finding about some rows, and lead there."""
    return {"name": finding_name(rows), "links": ways(rows)}


def shown_estimate(row: Row) -> tuple[str, str]:
    """Write a ratio or difference, and its interval."""
    unit, (estimate, low, high) = unit_of(row.quantity.units), row.estimate
    if row.ratio:
        return number(estimate), ratio_interval(low, high)
    return difference(estimate, unit), interval(low, high, unit)


def _kind(row: Row) -> str:
    return "ratio" if row.ratio else "difference"


def _reference(row: Row) -> str:
    values = mean_and_spread(row.reference_mean, row.reference_std, unit_of(row.quantity.units))
    return f"{values} with {row.reference}"


def _equals(p: float) -> str:
    text = p_value(p)
    return text if text.startswith("<") else f"= {text}"


def _described(rows: Sequence[Row]) -> Iterator[Finding]:
    """State values as they are, without a claim."""
    for row in rows:
        if row.result.note == ONE_SEED:
            size = shown_estimate(row)[0]
            yield Finding(f"{row.quantity.place}:", f"{_values(row)} ({_kind(row)} {size}).", **_place(row))


def _alike(rows: Sequence[Row]) -> Iterator[Finding]:
    """Report what cannot be tested although there are seeds: no variation between them, or undefined values."""
    same: dict[str, list[Row]] = {}
    for row in rows:
        arms = f"{row.arm} and {row.reference}"
        if row.result.note == UNDEFINED:
            yield Finding(f"{row.quantity.place} is undefined", f"in at least one run of {arms}.", **_place(row))
        elif row.result.note == NO_VARIATION and row.result.difference:
            lead = f"{row.quantity.place} differs alike for every seed:"
            yield Finding(lead, f"{_values(row)}. No test can be made.", **_place(row))
        elif row.result.note == NO_VARIATION:
            shown = number(row.mean, unit_of(row.quantity.units))
            same.setdefault(f"in every run of {arms}: {shown}.", []).append(row)
    for where, alike in same.items():
        places = _inside([row.quantity.place for row in alike])
        yield Finding(f"{joined(places)} {'are' if len(places) > 1 else 'is'} the same", where, **_place(*alike))


def _values(row: Row) -> str:
    unit = unit_of(row.quantity.units)
    return f"{number(row.mean, unit)} with {row.arm}, {number(row.reference_mean, unit)} with {row.reference}"


def _not_shown(rows: Sequence[Row]) -> Iterator[Finding]:
    """Name what shows no difference, arm by arm, and warn against taking that for equality."""
    for arm in dict.fromkeys(row.arm for row in rows):
        mine = [row for row in rows if row.arm == arm]
        places = _inside(["", *(row.quantity.place for row in mine)])[1:]
        smallest = min(min(row.result.n) for row in mine)
        lead = f"No difference between {arm} and {mine[0].reference} can be shown in {joined(places)}."
        few = f"With {_count(smallest, 'seed')} only large differences can be seen: this is no evidence of equality."
        yield Finding(lead, few if smallest < FEW else "This is no evidence of equality.", **_place(*mine))


def _inside(places: Sequence[str]) -> list[str]:
    """Write the names that do not open a sentence in lower case, unless they are abbreviations."""
    return [*places[:1], *(place if place[1:2].isupper() else place[:1].lower() + place[1:] for place in places[1:])]


def _caveats(comparison: Comparison) -> Iterator[str]:
    runs = [(arm, run) for arm in comparison.arms for run in arm.runs]
    unfinished = [f"{arm.label}: {run.name} ({run.manifest.get('status')})" for arm, run in runs if _open(run.manifest)]
    if unfinished:
        yield f"Not all runs are finished: {printable(joined(unfinished))}."
    if (longest := max(run.epochs("train")[-1] for _, run in runs)) > comparison.epoch:
        yield f"Compared at epoch {comparison.epoch}, the last that every run has; some go on to epoch {longest}."
    single = [arm.label for arm in comparison.arms if len(arm.runs) == 1]
    if single and len(comparison.arms) > 2 and comparison.tested:  # noqa: PLR2004 - else the headline says so
        yield f"One seed of {joined(single)}: nothing can be concluded about that training procedure."
    yield from _floored(comparison)
    yield from _confounders(comparison)


def _floored(comparison: Comparison) -> Iterator[str]:
    """Say where NC1 is floored by rounding: for features of few digits, and wherever NC1 comes near its floor."""
    lowest = {curve.arm: min(curve.mean) for curve in comparison.curves if curve.quantity.name == "nc1"}
    for arm, floor in comparison.floors.items():
        if floor > COARSE or lowest.get(arm, np.inf) < NEAR * floor:
            yield (
                f"The features of {arm} are rounded so that NC1 is floored at about {number(floor)} "
                "(bceprobe's own estimate): what is below ten times that is rounding."
            )


def _open(manifest: dict[str, object]) -> bool:
    return manifest.get("status", "finished") != "finished"


def _confounders(comparison: Comparison) -> Iterator[str]:
    """Say what else could explain a difference: the arms' other settings, or that nobody knows them."""
    varied, unknown = comparison.varied, [arm for arm in comparison.arms if not arm.settings]
    if len(varied) > 1:
        keys = printable(joined(list(varied)))
        yield f"The arms differ in more than one setting ({keys}): no difference is due to one of them for certain."
    if unknown:
        names = joined([arm.label for arm in unknown])
        yield f"The settings of {names} are not known, so it cannot be checked what else differs between the arms."
    elif not varied:
        yield "The arms have the same settings but for the seed. A pattern of runs that make one arm must be quoted."


def _count(count: int, thing: str) -> str:
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"
