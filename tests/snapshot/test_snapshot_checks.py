"""What a snapshot accepts, and how it refuses the rest."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from bceprobe.errors import SnapshotError, UnknownNameError
from bceprobe.metrics import evaluate
from bceprobe.snapshot import Snapshot, parts

GOOD: dict[str, Any] = {
    "features": np.arange(8.0).reshape(4, 2),
    "target": np.array([0, 1, 1, 2]),
    "weight": np.ones((3, 2)),
    "bias": np.zeros(3),
}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"features": np.ones(4)}, "features of shape (4,) do not fit weight of shape (3, 2). They must be (samples,"),
        ({"features": np.ones((4, 5))}, "features of shape (4, 5) do not fit weight of shape (3, 2)."),
        ({"weight": np.ones(3)}, "features of shape (4, 2) do not fit weight of shape (3,)."),
        (
            {"features": np.ones((0, 2)), "target": []},
            "features of shape (0, 2) and weight of shape (3, 2) are too small",
        ),
        (
            {"features": np.ones((4, 0)), "weight": np.ones((3, 0))},
            "features of shape (4, 0) and weight of shape (3, 0)",
        ),
        (
            {"weight": np.ones((1, 2)), "bias": None},
            "features of shape (4, 2) and weight of shape (1, 2) are too small",
        ),
        ({"target": [0, 1, 2]}, "target of shape (3,) does not fit features of shape (4, 2)"),
        ({"target": [[0], [1], [2], [0]]}, "target of shape (4, 1) does not fit features of shape (4, 2)"),
        ({"target": [0.0, 1.0, 2.0, 1.0]}, "target holds float64, not integers. Labels are 0..K-1."),
        ({"target": [True, False, True, True]}, "target holds bool, not integers"),
        ({"target": [0, 1, 2, 3]}, "target holds labels 0..3, outside 0..2. weight has a row per label."),
        ({"target": [0, 1, 2, -1]}, "target holds labels -1..2, outside 0..2"),
        ({"bias": [0.0, 0.0]}, "bias of shape (2,) does not fit weight of shape (3, 2). One per class."),
        ({"weight": [[1, 2], [3, math.nan], [5, 6]]}, "weight contains NaN or inf"),
        ({"bias": [0.0, math.inf, 0.0]}, "bias contains NaN or inf"),
        ({"weight": [[1, 2], [3, -2e70], [5, 6]]}, "weight contains values beyond 1e+70"),
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any], says: str) -> None:
    """Shapes and values that make no snapshot are refused on one line with what was given and what is wanted."""
    with pytest.raises(SnapshotError) as caught:
        Snapshot(**GOOD | change)
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("change", [{"target": np.array([0, 1, 2, 1])}, {"weight": np.ones((4, 2)), "bias": None}])
def test_a_previous_snapshot_of_something_else_is_refused(change: dict[str, Any]) -> None:
    """Changes are those of the same samples and classes."""
    with pytest.raises(SnapshotError, match=r"^the previous snapshot does not fit\. It must be of the same samples"):
        Snapshot(**GOOD, previous=Snapshot(**GOOD | change))


def test_an_unknown_global_mean_is_refused() -> None:
    """A global mean that does not exist is a wrong name, not a fault of the data."""
    with pytest.raises(UnknownNameError, match=r"^unknown global mean 'median'\. Known: class, sample\.$"):
        Snapshot(**GOOD | {"global_mean": "median"})


TOPICS = ("nc", "accuracy", "geometry", "scores", "bias", "updates", "all")


@pytest.mark.parametrize("topic", TOPICS)
@pytest.mark.parametrize("memory", [1, 1 << 20])
@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (math.nan, "NaN or inf"),
        (math.inf, "NaN or inf"),
        (-math.inf, "NaN or inf"),
        (-1e71, r"values beyond 1e\+70"),
    ],
)
def test_unusable_features_are_refused_with_their_row(
    topic: str, memory: int, bad: float, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever is asked for first, features that are not finite or too large are refused with the first such row."""
    monkeypatch.setattr(parts, "BLOCK_ROWS", 2)
    features = GOOD["features"].copy()
    features[2, 1] = features[3, 0] = bad
    snapshot = Snapshot(**GOOD | {"features": features}, memory=memory)
    if topic == "updates":
        snapshot = Snapshot(**GOOD, previous=snapshot, memory=memory)
    with pytest.raises(SnapshotError, match=rf"^features contain {says}, first in row 2\. Train or export"):
        evaluate(snapshot, topic)


def test_the_row_is_that_of_the_snapshot_whatever_its_order() -> None:
    """Rows are numbered as they were given, also where samples are not in class order."""
    features = np.array([[1.0], [2.0], [math.nan], [4.0]])
    snapshot = Snapshot(features, np.array([2, 0, 2, 1]), np.ones((3, 1)))
    with pytest.raises(SnapshotError, match="first in row 2"):
        _ = snapshot.class_means


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint64"])
def test_lists_and_any_integers_are_taken(dtype: str) -> None:
    """Lists and labels of any integer type give the same snapshot as arrays of int64."""
    lists = {name: values.tolist() for name, values in GOOD.items()}
    taken = Snapshot(**lists | {"target": GOOD["target"].astype(dtype)})
    expected = Snapshot(**GOOD)
    np.testing.assert_array_equal(taken.class_means, expected.class_means)
    np.testing.assert_array_equal(taken.target, expected.target)
