"""Topics accuracy and scores from FORMULAS.md, "Classification" and "Decision scores"."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from golden.make_nc import GRID, Matrix, Vector, classified
from golden.topic_arithmetic import NAN, ONE, average, by_class, summary

if TYPE_CHECKING:
    from golden.topic_exact import Exact

FIRST = 5
Pairs = list[tuple[Decimal, Decimal]]


def accuracy(snapshot: Exact) -> dict[str, Any]:
    """All of the topic accuracy: first whether each sample is right, then shares of all and of each class."""
    plain, biased = _intervals(snapshot, snapshot.scores), _intervals(snapshot, snapshot.logits)
    threshold, logit_threshold = best_threshold(plain), best_threshold(biased)
    right = {
        "accuracy": [positive > negative for positive, negative in biased],
        "top5": _top(snapshot),
        "uniform_accuracy": [positive > threshold >= negative for positive, negative in plain],
        "uniform_accuracy_logits": [positive > logit_threshold >= negative for positive, negative in biased],
        "classwise_uniform_accuracy": _classwise(snapshot, plain),
    }
    flags = {name: [Decimal(value) for value in values] for name, values in right.items()}
    whole = {name: average(values) for name, values in flags.items()}
    whole |= {"uniform_threshold": threshold, "uniform_accuracy_grid": _grid(plain)}
    parts = {f"{name}_by_class": [average(snapshot.of(k, v)) for k in snapshot.labels] for name, v in flags.items()}
    return {**whole, **parts}


def _intervals(snapshot: Exact, table: Matrix) -> Pairs:
    """Positive and largest negative of every sample."""
    return list(zip(snapshot.own(table), map(max, snapshot.others(table)), strict=True))


def best_threshold(pairs: Pairs) -> Decimal:
    """Middle of the lowest best gap: between neighbouring ends of the intervals of samples with positive > negative."""
    ends = sorted({end for positive, negative in pairs if positive > negative for end in (positive, negative)})
    middles = [(low + high) / 2 for low, high in pairwise(ends)]
    return max(middles, key=lambda middle: classified(pairs, middle))


def _grid(pairs: Pairs) -> Decimal:
    """1 if one threshold separates everything, else the best of an even grid."""
    low, high = min(positive for positive, _ in pairs), max(negative for _, negative in pairs)
    return ONE if low > high else max(classified(pairs, low + (high - low) * i / (GRID - 1)) for i in range(GRID))


def _top(snapshot: Exact) -> Vector | list[bool]:
    """Whether fewer than five other logits reach the own one; not asked of five classes or fewer."""
    if len(snapshot.weight) <= FIRST:
        return [NAN] * len(snapshot.target)
    rows = zip(snapshot.own(snapshot.logits), snapshot.others(snapshot.logits), strict=True)
    return [sum(other >= positive for other in others) < FIRST for positive, others in rows]


def _classwise(snapshot: Exact, pairs: Pairs) -> list[bool]:
    """Whether the best threshold of its own class classifies a sample; every largest negative of the class is tried."""
    best = {
        k: max([negative for _, negative in own], key=lambda t: classified(own, t))
        for k in snapshot.present
        if (own := snapshot.of(k, pairs))
    }
    return [high > best[label] >= low for (high, low), label in zip(pairs, snapshot.target, strict=True)]


def scores(snapshot: Exact) -> dict[str, Any]:
    """All of the topic scores."""
    positive, table = snapshot.own(snapshot.scores), snapshot.scores
    margin = [high - low for high, low in _intervals(snapshot, table)]
    negatives = [snapshot.column(k, table) for k in snapshot.labels]
    pooled = [value for column in negatives for value in column]
    whole = _statistics(positive, pooled, margin)
    parts = [_statistics(snapshot.of(k, positive), negatives[k], snapshot.of(k, margin)) for k in snapshot.labels]
    return {**by_class(whole, parts), "score_separation": min(positive) - max(pooled)}


def _statistics(positive: Vector, negative: Vector, margin: Vector) -> dict[str, Decimal]:
    made = summary("positive", positive) | summary("negative", negative) | summary("margin", margin)
    least = min(margin, default=NAN)
    return {**made, "margin_min": least, "score_gap": made["positive_mean"] - made["negative_mean"]}
