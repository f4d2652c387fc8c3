"""Sentences on what was shown to differ by less than a margin."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bceprobe.comparison.anchors import place
from bceprobe.comparison.wording import equals, kind, shown_estimate
from bceprobe.report import Finding
from bceprobe.report.numbers import interval, ratio_interval, unit_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bceprobe.comparison.model import Row


def equivalences(rows: Sequence[Row], after: str) -> Iterator[Finding]:
    """State what is equivalent: by less than the margin, which was given, apart."""
    for row in rows:
        evidence = row.evidence
        if row.equivalent and evidence.margin:
            within = f" with {row.cell}" if row.cell else ""
            lead = f"{row.quantity.place} is equivalent with {row.level} and its reference{within}:"
            bounds = f"{kind(row)} {shown_estimate(row)[0]}, 90 % CI {equivalence_interval(row)}"
            sure = f"p {equals(evidence.p_equivalent)} after {after}"
            yield Finding(lead, f"{bounds}, within {evidence.margin.words} ({sure}).", "equivalent", **place(row))


def equivalence_interval(row: Row) -> str:
    """Write the 90 % interval that a margin is held against."""
    tested = row.evidence.equivalence
    low, high = (tested.ci_low, tested.ci_high) if tested else (math.nan, math.nan)
    return (
        ratio_interval(math.exp(low), math.exp(high)) if row.ratio else interval(low, high, unit_of(row.quantity.units))
    )
