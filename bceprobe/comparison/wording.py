"""Words that verdict, tables and methods share: counts, enumerations, estimates, and how runs are matched."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.report.numbers import difference, interval, mean_and_spread, number, p_value, ratio_interval, unit_of
from bceprobe.stats import PAIRED_T

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.comparison.model import Comparison, Overall, Row
    from bceprobe.stats.correction import Method

# What a correction is called where there is little room.
SHORT: dict[Method, str] = {"holm": "Holm", "benjamini-hochberg": "BH"}
NAMED = 6


def joined(words: Sequence[str]) -> str:
    """Enumerate words.

    Examples
    --------
    >>> joined(["NC1"]), joined(["NC1", "NC2", "NC3"])
    ('NC1', 'NC1, NC2 and NC3')
    """
    return " and ".join([", ".join(words[:-1]), words[-1]]) if len(words) > 1 else "".join(words)


def some(words: Sequence[str]) -> list[str]:
    """Keep the first few words, and say how many more there are."""
    return [*words] if len(words) <= NAMED + 1 else [*words[:NAMED], f"{len(words) - NAMED} more"]


def count(number_of: int, thing: str) -> str:
    """Count things.

    Examples
    --------
    >>> count(1, "seed"), count(3, "test")
    ('1 seed', '3 tests')
    """
    return f"{number_of} {thing}" if number_of == 1 else f"{number_of} {thing}s"


def design_words(comparison: Comparison) -> str:
    """Say how many seeds there are and how they are matched."""
    counts = [len(arm.runs) for arm in comparison.arms]
    seeds = count(counts[0], "seed") if len(set(counts)) == 1 else f"{_counts(counts)} seeds"
    tests = {row.result.test for row in comparison.rows}
    matched = {frozenset({PAIRED_T}): ", paired by seed"}.get(frozenset(tests), ", not paired")
    per_arm = " per arm" if len(set(counts)) == 1 or len(counts) > NAMED else ""
    return f"{seeds}{per_arm}{matched if len(tests) == 1 else ', paired in part'}"


def _counts(counts: Sequence[int]) -> str:
    return joined(list(map(str, counts))) if len(counts) <= NAMED else f"{min(counts)} to {max(counts)}"


def shown_estimate(row: Row | Overall) -> tuple[str, str]:
    """Write a ratio or difference, and its interval."""
    unit, (size, low, high) = unit_of(row.quantity.units), row.estimate
    if row.ratio:
        return number(size), ratio_interval(low, high)
    return difference(size, unit), interval(low, high, unit)


def kind(row: Row | Overall) -> str:
    """Say what an estimate is."""
    return "ratio" if row.ratio else "difference"


def direction(row: Row | Overall) -> str:
    """Say on which side of the reference an arm lies: that of its ratio or difference."""
    return "higher" if row.estimate.size > (1.0 if row.ratio else 0.0) else "lower"


def means(row: Row) -> str:
    """Write the means of an arm and of its reference."""
    unit = unit_of(row.quantity.units)
    mine, theirs = (
        mean_and_spread(row.mean, row.std, unit),
        mean_and_spread(row.reference_mean, row.reference_std, unit),
    )
    return f"{mine} against {theirs} with {row.reference}"


def equals(p: float) -> str:
    """Write a p-value after ``p``."""
    text = p_value(p)
    return text if text.startswith("<") else f"= {text}"


def inside(places: Sequence[str]) -> list[str]:
    """Write the names that do not open a sentence in lower case, unless they are abbreviations."""
    return [*places[:1], *(place if place[1:2].isupper() else place[:1].lower() + place[1:] for place in places[1:])]
