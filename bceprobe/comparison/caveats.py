"""Caveats: what must be known to believe a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bceprobe.comparison.arms import differing, pairing
from bceprobe.comparison.wording import joined, some
from bceprobe.report import printable
from bceprobe.report.numbers import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bceprobe.comparison.model import Comparison

# How near to its floor an NC1 is doubtful.
NEAR = 10.0


def caveats(comparison: Comparison) -> Iterator[str]:
    """Say what is unfinished, missing, rounded, permitted, or varies beside what is compared."""
    yield from _unfinished(comparison)
    yield from comparison.design.notes
    yield from _lone(comparison)
    yield from _pairing(comparison)
    yield from _floored(comparison)
    yield from _allowed(comparison)
    yield from _confounders(comparison)


def _unfinished(comparison: Comparison) -> Iterator[str]:
    runs = [(arm, run) for arm in comparison.arms for run in arm.runs]
    unfinished = [f"{arm.label}: {run.name} ({run.manifest.get('status')})" for arm, run in runs if _open(run.manifest)]
    if unfinished:
        yield f"Not all runs are finished: {printable(joined(some(unfinished)))}."
    moment = comparison.moment
    if moment.remark:
        yield f"Compared at {moment.words} ({moment.reason}), {moment.remark}."
    elif (longest := max(run.epochs("train")[-1] for _, run in runs)) > max(moment.of.values()):
        yield f"Compared at {moment.words}, {moment.reason}; some go on to epoch {longest}."


def _open(manifest: dict[str, object]) -> bool:
    return manifest.get("status", "finished") != "finished"


def _lone(comparison: Comparison) -> Iterator[str]:
    single = [arm.label for arm in comparison.arms if len(arm.runs) == 1]
    if single and len(comparison.arms) > 2 and comparison.tested:  # noqa: PLR2004 - else the headline says so
        yield f"One seed of {joined(some(single))}: nothing can be concluded about that training procedure."


def _pairing(comparison: Comparison) -> Iterator[str]:
    """Say which seeds have no partner, and why runs are not paired where there are seeds to pair."""
    contrasts = [pair for pair in comparison.design.contrasts if min(len(arm.runs) for arm in pair) > 1]
    found = [(reference, arm, pairing(reference, arm)) for reference, arm in contrasts]
    left = [matched.why for _, _, matched in found if matched.pairs and matched.why]
    if left:
        yield f"Paired by the seeds that both arms have: {'; '.join(some(list(dict.fromkeys(left))))} of the tests."
    loose = [f"{arm.label} and {ref.label} ({matched.why})" for ref, arm, matched in found if not matched.pairs]
    if loose:
        yield f"Not paired by seed: {'; '.join(some(loose))}."


def _floored(comparison: Comparison) -> Iterator[str]:
    """Say where NC1 comes near the value that rounding leaves."""
    lowest = {curve.arm: min(curve.mean) for curve in comparison.curves if curve.quantity.name == "nc1"}
    near = {arm: floor for arm, floor in comparison.floors.items() if lowest.get(arm, np.inf) < NEAR * floor}
    if near:
        ends = dict.fromkeys(number(floor, digits=1) for floor in (min(near.values()), max(near.values())))
        yield (
            f"The features of {'; '.join(some(list(near)))} are rounded so that NC1 is floored at about "
            f"{' to '.join(ends)} (bceprobe's own estimate): what is below ten times that is rounding."
        )


def _allowed(comparison: Comparison) -> Iterator[str]:
    """Name what should be equal, is not, and was allowed to differ."""
    if comparison.allowed:
        keys = "; ".join(some([difference.sentence for difference in comparison.allowed]))
        yield f"Compared as asked for, although arms differ in {printable(keys)}: that may be all that is seen here."


def _confounders(comparison: Comparison) -> Iterator[str]:
    """Say what else could explain a difference: the arms' other settings, or that nobody knows them."""
    contrasts = comparison.design.contrasts
    found = {key: None for reference, arm in contrasts for key in differing(reference.settings, arm.settings)}
    unknown = [arm.label for arm in comparison.arms if not arm.settings]
    most = max(len(differing(reference.settings, arm.settings)) for reference, arm in contrasts)
    if most > 1:
        keys = printable(joined(some(sorted(found))))
        yield f"The arms differ in more than one setting ({keys}): no difference is due to one of them for certain."
    if unknown:
        names = joined(some(unknown))
        yield f"The settings of {names} are not known, so it cannot be checked what else differs between the arms."
    elif not found:
        yield "The arms have the same settings but for the seed. A pattern of runs that make one arm must be quoted."
