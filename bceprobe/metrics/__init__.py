"""Metrics: pure functions of a Snapshot, one file per `analyze` topic.

One decorated function is a metric: registration gives it its place in `analyze`, its table column, JSON key and
documentation row. What several metrics need is a statistic (`bceprobe.snapshot`): gathered once, in one walk.
"""

from bceprobe.metrics.base import (
    ALL,
    BY_CLASS,
    METRICS,
    ByClass,
    Metric,
    chosen_topics,
    evaluate,
    is_own,
    measure,
    metric,
    topic_metrics,
    topics,
)

__all__ = [
    "ALL",
    "BY_CLASS",
    "METRICS",
    "ByClass",
    "Metric",
    "chosen_topics",
    "evaluate",
    "is_own",
    "measure",
    "metric",
    "topic_metrics",
    "topics",
]
