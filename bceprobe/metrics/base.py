"""What a metric is, and how the metrics of a topic are found and evaluated."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from bceprobe.errors import UnknownNameError
from bceprobe.registry import Registry, nearest
from bceprobe.snapshot import Before, one_blas_thread

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from bceprobe.snapshot import Snapshot, Statistic

    Value = float | NDArray[np.float64]
    Function = Callable[[Snapshot], "float | ByClass"]

F = TypeVar("F", bound="Function")
PAPER = "BCE vs. CE in Deep Feature Learning, ICML 2025"
ALL = "all"
OWN = re.compile(r"\bown(?=$|:| choice| reading)")
BY_CLASS = "_by_class"


class ByClass(NamedTuple):
    """What a metric returns that has a value per class, (K,), beside the one for the whole snapshot."""

    value: float
    by_class: NDArray[np.float64]


@dataclass(frozen=True)
class Metric:
    """A number per snapshot, with everything a table, plot or file needs to present it.

    Parameters
    ----------
    name, topic
        JSON key, and the `analyze` topic it belongs to.
    function
        Snapshot -> float, or `ByClass`; NaN where the quantity is undefined (its docstring says where).
    long_name, units, references, definition
        For people: label, unit, source, and whose definition this is.
    higher_is_better
        Direction, or None where neither is.
    scale
        ``"log"`` for quantities that decay over orders of magnitude.
    by_class
        Whether the function returns `ByClass`.
    uses
        The statistics that the function takes from the snapshot, so that all metrics share one walk, and what is made
        of them once (`bceprobe.snapshot.once`).
    version
        Raised when the definition or algorithm changes, so that cached values are computed again.
    """

    name: str
    topic: str
    function: Function
    long_name: str
    definition: str
    units: str = "1"
    references: str = PAPER
    higher_is_better: bool | None = False
    scale: str = "linear"
    by_class: bool = False
    uses: tuple[Statistic | Before | Callable[[Snapshot], Any], ...] = ()
    version: int = 1

    @property
    def attributes(self) -> dict[str, Any]:
        """The attributes of the metric's variable in a Dataset; booleans as 0 and 1, as netCDF wants them."""
        hidden = {"name", "topic", "function", "by_class", "uses"}
        kept = {key: value for key, value in vars(self).items() if key not in hidden}
        direction = kept.pop("higher_is_better")
        return kept if direction is None else {**kept, "higher_is_better": int(direction)}

    @property
    def values(self) -> list[str]:
        """The names of the values it makes: its own, and that of those per class if it has them."""
        return [self.name, *([self.name + BY_CLASS] if self.by_class else [])]

    def of(self, snapshot: Snapshot) -> dict[str, Value]:
        """Compute its values for a snapshot."""
        found = self.function(snapshot)
        if not isinstance(found, ByClass):
            return {self.name: float(found)}
        return {self.name: float(found.value), self.name + BY_CLASS: np.asarray(found.by_class, dtype=np.float64)}


METRICS: Registry[Metric] = Registry("metric", "bceprobe.metrics")


def metric(name: str, topic: str, **description: Any) -> Callable[[F], F]:
    """Register a function of a Snapshot as a metric; `description` fills the fields of `Metric`."""

    def register(function: F) -> F:
        METRICS.add(name, Metric(name, topic, function, **description))
        return function

    return register


def topics() -> list[str]:
    """List all topics that have a metric."""
    return sorted({entry.topic for entry in METRICS.values()})


def chosen_topics(topic: str) -> list[str]:
    """Return the topics that a name stands for: all of them for ``"all"``.

    Raises
    ------
    UnknownNameError
        No metric has this topic.
    """
    if topic != ALL and topic not in topics():
        raise UnknownNameError(f"unknown topic {topic!r}", nearest(topic, [*topics(), ALL]))
    return topics() if topic == ALL else [topic]


def topic_metrics(topic: str) -> list[Metric]:
    """List the metrics of a topic in the order of registration.

    Raises
    ------
    UnknownNameError
        No metric has this topic.
    """
    chosen = chosen_topics(topic)
    return [entry for name in chosen for entry in METRICS.values() if entry.topic == name]


def looks_back(topic: str) -> bool:
    """Tell whether a metric of the topic names a statistic of the previous snapshot, `Before`, among what it uses."""
    return bool(looked_back_at(topic))


def looked_back_at(topic: str) -> list[Statistic]:
    """List the statistics of the previous snapshot that the metrics of a topic use."""
    used = [one for entry in topic_metrics(topic) for one in entry.uses]
    return [one.statistic for one in used if isinstance(one, Before)]


def evaluate(snapshot: Snapshot, *chosen: str) -> dict[str, Value]:
    """Compute every metric of some topics for one snapshot, in one walk over its features.

    Returns
    -------
    dict
        Metric name -> float, and name + ``"_by_class"`` -> (K,) for metrics that have a value per class.
    """
    return measure(snapshot, [entry for topic in chosen for entry in topic_metrics(topic)])


def measure(snapshot: Snapshot, metrics: Iterable[Metric]) -> dict[str, Value]:
    """Compute some metrics for one snapshot, in one walk over its features."""
    wanted = list(metrics)
    with one_blas_thread():
        snapshot.gather(statistic for entry in wanted for statistic in entry.uses)
        return {name: value for entry in wanted for name, value in entry.of(snapshot).items()}


def is_own(definition: str) -> bool:
    """Tell whether a definition, or a choice within it, is this project's own.

    Examples
    --------
    >>> [is_own(text) for text in ("own: not recoverable", "paper eq. 46 (own choice: 1000 thresholds)")]
    [True, True]
    >>> [is_own(text) for text in ("paper eq. 41", "own score minus the largest other")]
    [False, False]
    """
    return bool(OWN.search(definition))
