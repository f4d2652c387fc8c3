"""What a metric brings along, and how it is found."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from metric_cases import gaussian
from topic_keys import BY_CLASS, KEYS, STARRED

from bceprobe.errors import UnknownNameError
from bceprobe.metrics import METRICS, ByClass, Metric, evaluate, metric, topic_metrics, topics
from bceprobe.snapshot import once, summed

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.snapshot import Block, Snapshot

REQUIRED = {"long_name", "units", "references", "definition", "scale", "version"}


def test_topics_are_those_of_the_specification() -> None:
    """There is a topic for each part of the specification, and no other."""
    assert topics() == sorted(STARRED)


@pytest.mark.parametrize("topic", STARRED)
def test_metrics_of_a_topic(topic: str) -> None:
    """Each topic has the metrics of the specification, those with a star also by class."""
    assert sorted(entry.name + "*" * entry.by_class for entry in topic_metrics(topic)) == sorted(STARRED[topic])


def test_variants_follow_what_they_vary() -> None:
    """Metrics come in the order in which they are to be read: NC1 to NC4, their variants, what else the field uses."""
    assert [entry.name for entry in topic_metrics("nc")] == KEYS["nc"]


def test_all_topics_follow_one_another() -> None:
    """The topic `all` has the metrics of every topic, one topic after the other."""
    assert [entry.name for entry in topic_metrics("all")] == [
        entry.name for topic in topics() for entry in topic_metrics(topic)
    ]


def test_an_unknown_topic_names_the_nearest() -> None:
    """A mistyped topic is an error with a suggestion."""
    with pytest.raises(UnknownNameError, match=r"unknown topic 'acuracy'\. Did you mean accuracy"):
        topic_metrics("acuracy")


@pytest.mark.parametrize("topic", STARRED)
def test_evaluate_gives_numbers_by_name(topic: str) -> None:
    """A topic of one snapshot is a dict of Python floats, with an array of a value per class where there are such."""
    found = evaluate(gaussian(0, [5, 5, 5], 3), topic)
    assert {key for key in found if not key.endswith("_by_class")} == set(KEYS[topic])
    assert {key for key in found if key.endswith("_by_class")} == BY_CLASS[topic]
    for key, value in found.items():
        assert isinstance(value, np.ndarray) == key.endswith("_by_class")
        assert value.shape == (3,) if isinstance(value, np.ndarray) else type(value) is float


@summed
def squares(block: Block) -> tuple[NDArray[np.float64], ...]:
    """Sum the squared features of each class."""
    return (block.by_class(np.square(block.features).sum(axis=1)),)


@once
def roots(snapshot: Snapshot) -> NDArray[np.float64]:
    """Take the root of the mean square of each class."""
    found: NDArray[np.float64] = np.sqrt(snapshot[squares][0] / snapshot.class_counts)
    return found


def test_a_metric_that_is_registered_is_evaluated(monkeypatch: pytest.MonkeyPatch) -> None:
    """One decorated function is a metric of its topic, with what it uses gathered in the same walk as all others."""
    topics()  # fills the registry
    monkeypatch.setattr(METRICS, "_entries", dict(METRICS._entries))  # noqa: SLF001 - leaves nothing behind

    @metric("root", "nc", long_name="Root", definition="own", by_class=True, uses=(squares, roots))
    def root(snapshot: Snapshot) -> ByClass:
        """Root of the mean square of the features, by class, and the mean over classes."""
        return ByClass(float(roots(snapshot).mean()), roots(snapshot))

    snapshot = gaussian(0, [5, 6, 7], 3)
    found = evaluate(snapshot, "all")
    expected = [
        np.sqrt(np.square(np.asarray(snapshot.features)[snapshot.target == k]).sum(axis=1).mean()) for k in range(3)
    ]
    np.testing.assert_allclose(found["root_by_class"], expected, rtol=1e-14)
    assert found["root"] == pytest.approx(np.mean(expected))
    assert [entry.name for entry in topic_metrics("nc")][-1] == "root"


@pytest.mark.parametrize("name", list(METRICS))
def test_every_metric_describes_itself(name: str) -> None:
    """A metric has a label, unit, source, definition, scale and a docstring, so that no table needs a side list."""
    entry = METRICS[name]
    assert set(entry.attributes) >= REQUIRED
    assert all(str(entry.attributes[key]) for key in REQUIRED)
    assert entry.function.__doc__
    assert entry.scale in {"linear", "log"}


@pytest.mark.parametrize(("direction", "expected"), [(True, 1), (False, 0), (None, None)])
def test_direction_of_a_metric(*, direction: bool | None, expected: int | None) -> None:
    """The direction is stored as 1 or 0, and left out where neither is better."""
    entry = Metric("m", "topic", lambda _: np.nan, "M", "own", higher_is_better=direction)
    assert entry.attributes.get("higher_is_better") == expected
