"""A scorecard on the terminal: a row per claim, and what would make the others testable."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.cli.console import note, print_lines, print_table, short

if TYPE_CHECKING:
    from bceprobe.claims import Result
    from bceprobe.scorecard import Judged, Scorecard

PERCENT = 100.0


def print_scorecard(scorecard: Scorecard) -> None:
    """Print the headline, a table of all claims that were tested, and which runs the others lack."""
    print_lines(scorecard.headline)
    for left in scorecard.left:
        print_lines(f"! {left}")
    tested = [one for one in scorecard.judged if one.result]
    if tested:
        print_table(["claim", "verdict", "estimate [95 % CI]", "n", "Holm p"], map(_row, tested), text=2)
    for made, names in _missing(scorecard).items():
        print_lines(f"Not testable without runs of {made}: {', '.join(names)}.")
    note("n: independent values; of: runs that agree; x: ratio; pp: percentage points; Holm p: over all claims tested.")


def _missing(scorecard: Scorecard) -> dict[str, list[str]]:
    """Collect the claims that cannot be tested by the recipes that make what they lack."""
    found: dict[str, list[str]] = {}
    for one in scorecard.judged:
        if one.result is None:
            found.setdefault(f"bceprobe sweep {' or '.join(one.claim.recipes)}", []).append(one.claim.name)
    return found


def _row(one: Judged) -> list[str]:
    found = one.result
    assert found is not None  # noqa: S101 - chosen by it
    return [one.claim.name, one.verdict, _estimate(found), str(found.n), short(one.p_corrected, 2)]


def _estimate(result: Result) -> str:
    """Show an estimate with its interval in characters that every terminal has."""
    factor = PERCENT if result.units == "share" else 1.0
    low, high = (short(factor * end, 2) for end in (result.ci_low, result.ci_high))
    if result.runs:
        return f"{result.runs - len(result.failing)} of {result.runs} [{low}, {high}] %"
    size = short(factor * result.estimate)
    return f"{'x ' if result.null == 1 else ''}{size}{' pp' if factor == PERCENT else ''} [{low}, {high}]"
