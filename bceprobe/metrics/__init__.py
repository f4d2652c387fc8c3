"""Metrics: pure functions of a Snapshot, one file per `analyze` topic.

One decorated function is a metric: registration gives it its place in `analyze`, its table column, JSON key and
documentation row.
"""

from bceprobe.metrics.base import METRICS, Metric, evaluate, metric, topic_metrics, topics

__all__ = ["METRICS", "Metric", "evaluate", "metric", "topic_metrics", "topics"]
