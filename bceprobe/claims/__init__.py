"""The paper's claims as hypotheses that can be tested: cases in, one result per claim out; a file per claim.

One decorated function (`claim`) is a claim. It takes the cases (runs, as claims see them), says what it found as a
`Result`, and raises `NotTestable` where the cases cannot tell. Verdicts are given by `bceprobe.scorecard`, which
corrects for all claims that are tested together.
"""

from bceprobe.claims.base import CLAIMS, Claim, NotTestable, claim
from bceprobe.claims.cases import Case, read_cases
from bceprobe.claims.result import Result

__all__ = ["CLAIMS", "Case", "Claim", "NotTestable", "Result", "claim", "read_cases"]
