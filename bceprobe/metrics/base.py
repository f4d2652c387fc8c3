"""What a metric is, and how the metrics of a topic are found and evaluated."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from bceprobe.errors import UnknownNameError
from bceprobe.registry import Registry, nearest

if TYPE_CHECKING:
    from collections.abc import Callable

    from bceprobe.snapshot import Snapshot

PAPER = "BCE vs. CE in Deep Feature Learning, ICML 2025"


@dataclass(frozen=True)
class Metric:
    """A number per snapshot, with everything a table, plot or file needs to present it.

    Parameters
    ----------
    name, topic
        JSON key, and the `analyze` topic it belongs to.
    function
        Snapshot -> float; NaN where the quantity is undefined (its docstring says where).
    long_name, units, references, definition
        For people: label, unit, source, and whose definition this is.
    higher_is_better
        Direction, or None where neither is.
    scale
        ``"log"`` for quantities that decay over orders of magnitude.
    version
        Raised when the definition or algorithm changes, so that cached values are computed again.
    """

    name: str
    topic: str
    function: Callable[[Snapshot], float]
    long_name: str
    definition: str
    units: str = "1"
    references: str = PAPER
    higher_is_better: bool | None = False
    scale: str = "linear"
    version: int = 1

    @property
    def attributes(self) -> dict[str, Any]:
        """The attributes of the metric's variable in a Dataset; booleans as 0 and 1, as netCDF wants them."""
        kept = {key: value for key, value in asdict(self).items() if key not in {"name", "topic", "function"}}
        direction = kept.pop("higher_is_better")
        return kept if direction is None else {**kept, "higher_is_better": int(direction)}


METRICS: Registry[Metric] = Registry("metric", "bceprobe.metrics")


def metric(
    name: str, topic: str, **description: Any
) -> Callable[[Callable[[Snapshot], float]], Callable[[Snapshot], float]]:
    """Register a function of a Snapshot as a metric; `description` fills the fields of `Metric`."""

    def register(function: Callable[[Snapshot], float]) -> Callable[[Snapshot], float]:
        METRICS.add(name, Metric(name, topic, function, **description))
        return function

    return register


def topics() -> list[str]:
    """List all topics that have a metric."""
    return sorted({entry.topic for entry in METRICS.values()})


def topic_metrics(topic: str) -> list[Metric]:
    """List the metrics of a topic in the order of registration.

    Raises
    ------
    UnknownNameError
        No metric has this topic.
    """
    found = [entry for entry in METRICS.values() if entry.topic == topic]
    if not found:
        raise UnknownNameError(f"unknown topic {topic!r}", nearest(topic, topics()))
    return found


def evaluate(snapshot: Snapshot, topic: str) -> dict[str, float]:
    """Compute every metric of a topic for one snapshot."""
    return {entry.name: float(entry.function(snapshot)) for entry in topic_metrics(topic)}
