"""Verdicts: what the tests of claims found, corrected for all that were made together."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from bceprobe.claims import CLAIMS, NotTestable, read_cases
from bceprobe.scorecard.document import to_document
from bceprobe.scorecard.page import to_report
from bceprobe.stats import correct

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from bceprobe.claims import Case, Claim, Result
    from bceprobe.report import Report

Verdict = Literal["supported", "contradicted", "inconclusive", "not testable"]
VERDICTS: tuple[Verdict, ...] = ("supported", "contradicted", "inconclusive", "not testable")
LEVEL = 0.05


@dataclass(frozen=True)
class Judged:
    """A claim and what became of it.

    Parameters
    ----------
    claim
        What was tested.
    verdict
        By the rules of `judge`.
    why
        In a sentence; for what is not testable, what is missing.
    result
        What the test found; None where there was none.
    p_corrected
        After Holm's correction over all claims that were tested; NaN where there is no p-value.
    """

    claim: Claim
    verdict: Verdict
    why: str
    result: Result | None = None
    p_corrected: float = math.nan


@dataclass(frozen=True)
class Scorecard:
    """Every claim, judged on the same runs.

    Parameters
    ----------
    locations
        What was given.
    cases
        The runs that were read.
    judged
        In the order of the paper.
    tests
        Number of p-values that were corrected together.
    left
        Runs that were not used, and why.
    """

    locations: tuple[str, ...]
    cases: tuple[Case, ...]
    judged: tuple[Judged, ...]
    tests: int
    left: tuple[str, ...] = ()

    def count(self, verdict: Verdict) -> int:
        """Return how many claims have a verdict."""
        return sum(one.verdict == verdict for one in self.judged)

    @property
    def headline(self) -> str:
        """The numbers of each verdict, in a sentence."""
        counts = ", ".join(f"{self.count(verdict)} {verdict}" for verdict in VERDICTS if self.count(verdict))
        return f"Of {len(self.judged)} claims: {counts}."

    def to_dict(self) -> dict[str, Any]:
        """Return everything as JSON-able data; None where there is no number."""
        return to_document(self)

    def report(self) -> Report:
        """Lay the scorecard out as a page."""
        return to_report(self)


def judge(
    *locations: str,
    claims: Sequence[str] = (),
    progress: Callable[[int, int], None] | None = None,
    jobs: int = 1,
) -> Scorecard:
    """Put the claims of the paper to the test on some runs.

    The rules are bceprobe's own. A claim about a direction is supported where p is below 0.05 after Holm's correction
    over all claims that are tested, and the estimate lies on the side that is claimed; contradicted where it lies on
    the other; else inconclusive. A claim about every training is supported where all runs agree and p is below 0.05
    after correction; contradicted where they miss it on the average, with such a p; else inconclusive. A theorem is
    checked on each solution: one that does not agree contradicts it.

    Parameters
    ----------
    locations
        Runs, folders that hold runs at any depth, or glob patterns.
    claims
        Names of `bceprobe.claims.CLAIMS`; all, if left out.
    progress
        Called with the number of runs that are read, and their total.
    jobs
        Processes to measure each run in, as `bceprobe.analysis.analyze` takes them.

    Raises
    ------
    UnknownNameError
        No claim has this name.
    UsageError
        None of the runs was trained, or solved, with CE or BCE.
    StoreError
        There are no runs, or one cannot be read.
    """
    chosen = [CLAIMS[name] for name in claims] or _in_order()
    cases, left = read_cases(locations, progress, jobs)
    return Scorecard(locations, tuple(cases), *judge_cases(cases, chosen), left=tuple(left))


def judge_cases(cases: Sequence[Case], claims: Sequence[Claim]) -> tuple[tuple[Judged, ...], int]:
    """Judge claims on cases; return what became of each, and the number of tests that were corrected for."""
    found = [_tested(claim, cases) for claim in claims]
    p_values = [math.nan if isinstance(one, str) else one.p_value for one in found]
    corrected = correct(p_values, "claims")
    judged = zip(claims, found, corrected.p_values.tolist(), strict=True)
    return tuple(_judged(*parts) for parts in judged), corrected.tests


def verdict_of(result: Result, p_corrected: float) -> Verdict:
    """Say what a result means for its claim, by the rules of `judge`."""
    if result.claimed == "exactly":
        return "contradicted" if result.failing else "supported"
    if not p_corrected < LEVEL:
        return "inconclusive"
    if result.claimed == "always":
        return "supported" if not result.failing else "contradicted" if result.effect < 0 else "inconclusive"
    above = result.estimate > result.null
    return "supported" if above == (result.claimed == "above") else "contradicted"


def _tested(claim: Claim, cases: Sequence[Case]) -> Result | str:
    """Test a claim; say what is missing where that cannot be."""
    try:
        return claim.test(cases)
    except NotTestable as missing:
        return str(missing)


def _judged(claim: Claim, found: Result | str, p_corrected: float) -> Judged:
    if isinstance(found, str):
        made = " or ".join(f"bceprobe sweep {name}" for name in claim.recipes)
        return Judged(claim, "not testable", f"Missing: {found.removeprefix('no ')}. Make such runs: {made}.")
    verdict = verdict_of(found, p_corrected)
    return Judged(claim, verdict, _why(found, verdict, p_corrected), found, p_corrected)


def _why(result: Result, verdict: Verdict, p_corrected: float) -> str:
    """Say in a sentence why a verdict is what it is."""
    agreeing = f"{result.runs - len(result.failing)} of {result.runs} runs agree"
    if result.claimed == "exactly":
        return f"{agreeing}."
    if result.claimed == "always":
        few = ": too few to tell from chance" if verdict == "inconclusive" and not result.failing else ""
        return f"{agreeing}{few}."
    if math.isnan(p_corrected):
        return f"No test can be made of {result.n} {result.of}."
    if verdict == "inconclusive":
        return "The direction cannot be told from chance."
    side = {"above": "above", "below": "below"}[result.claimed]
    lies = "lies" if verdict == "supported" else "does not lie"
    return f"It {lies} {side} {result.null:g}, as claimed."


def _in_order() -> list[Claim]:
    """List all claims in the order of the paper's sections, theorems last."""
    return sorted(CLAIMS.values(), key=lambda claim: (claim.section[:1].isupper(), claim.section, claim.name))
