"""What a metric brings along, and how it is found."""

from __future__ import annotations

import numpy as np
import pytest
from metric_cases import gaussian

from bceprobe.errors import UnknownNameError
from bceprobe.metrics import METRICS, Metric, evaluate, topic_metrics, topics

REQUIRED = {"long_name", "units", "references", "definition", "scale", "version"}


def test_topics_and_their_metrics() -> None:
    """The topics nc and accuracy have the metrics that the documentation promises, in a fixed order."""
    assert {"nc", "accuracy"} <= set(topics())
    assert [entry.name for entry in topic_metrics("nc")] == [
        "nc1",
        "nc2",
        "nc3",
        "nc4",
        "nc2_uncentred",
        "nc3_uncentred",
    ]
    assert [entry.name for entry in topic_metrics("accuracy")] == [
        "accuracy", "uniform_accuracy", "uniform_threshold", "uniform_accuracy_grid",
    ]  # fmt: skip


def test_an_unknown_topic_names_the_nearest() -> None:
    """A mistyped topic is an error with a suggestion."""
    with pytest.raises(UnknownNameError, match=r"unknown topic 'acuracy'\. Did you mean accuracy"):
        topic_metrics("acuracy")


def test_evaluate_gives_plain_numbers_by_name() -> None:
    """A topic of one snapshot is a dict of Python floats in the order of its metrics."""
    found = evaluate(gaussian(0, [5, 5], 3), "accuracy")
    assert list(found) == [entry.name for entry in topic_metrics("accuracy")]
    assert {type(value) for value in found.values()} == {float}


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
