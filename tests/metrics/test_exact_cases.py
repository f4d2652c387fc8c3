"""Snapshots whose metrics are known exactly, and those for which a metric is not defined."""

from __future__ import annotations

import math
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_cases import changed, etf_rows, gaussian, values

from bceprobe.metrics import evaluate
from bceprobe.snapshot import Snapshot

if TYPE_CHECKING:
    from numpy.typing import NDArray

UNDEFINED = "NC1 is undefined"


@given(st.integers(0, 2**32 - 1), st.lists(st.integers(1, 6), min_size=2, max_size=5), st.floats(0.1, 1e6))
def test_collapsed_features_have_no_nc1(seed: int, counts: list[int], scale: float) -> None:
    """Where all samples of a class are equal, NC1 is exactly zero, at any scale."""
    snapshot = gaussian(seed, counts, 7, noise=0.0)
    assert values(changed(snapshot, features=scale * snapshot.features[:]))["nc1"] == 0


@pytest.mark.parametrize(("classes", "length"), [(2, 2), (3, 3), (10, 12), (100, 128)])
def test_a_simplex_etf_is_complete_collapse(classes: int, length: int) -> None:
    """Features on the vertices of a simplex ETF, a weight along them: NC1 to NC4 vanish and all is classified."""
    vertices, target = etf_rows(classes, length), np.repeat(np.arange(classes), 3)
    found = values(Snapshot(5 * vertices[target], target, 2 * vertices))
    collapse = ["nc1", "nc2", "nc3", "nc2_uncentred", "nc3_uncentred", "nc4"]
    assert [found[name] for name in collapse] == pytest.approx([0] * 6, abs=1e-13)
    assert [found[name] for name in ("accuracy", "uniform_accuracy", "uniform_accuracy_grid")] == [1, 1, 1]
    assert found["uniform_threshold"] == pytest.approx((10 - 10 / (classes - 1)) / 2)


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_two_classes_have_no_nc2(seed: int, length: int) -> None:
    """With K = 2 both centred pairs are opposite: NC2 is 0, and NC3 is 0 or 2 by whether they point the same way."""
    found = values(gaussian(seed, [5, 5], length))
    assert found["nc2"] == pytest.approx(0, abs=1e-13)
    assert found["nc3"] == pytest.approx(0, abs=1e-12) or found["nc3"] == pytest.approx(2, abs=1e-12)


def test_more_classes_than_features() -> None:
    """Three classes on a line at -1, 0, 1, each within 0.1: NC1 is 0.01 / (2/3) / 3."""
    features = np.array([-1.1, -0.9, -0.1, 0.1, 0.9, 1.1])[:, None]
    snapshot = Snapshot(features, np.repeat([0, 1, 2], 2), np.array([[-1.0], [0.0], [1.0]]))
    assert values(snapshot)["nc1"] == pytest.approx(0.005, rel=1e-12)


def test_an_absent_class_is_left_out() -> None:
    """NC1 and NC3 are those of the classes that are present; NC2 still sees every row of the weight."""
    snapshot = gaussian(1, [8, 0, 6, 9], 5)
    present = np.array([0, 2, 3])
    kept = changed(
        snapshot,
        target=np.searchsorted(present, snapshot.target),
        weight=snapshot.weight[present],
        bias=np.asarray(snapshot.bias)[present],
    )
    names = ["nc1", "nc3", "nc3_uncentred"]
    assert [values(snapshot)[name] for name in names] == pytest.approx([values(kept)[name] for name in names])
    assert values(snapshot)["nc2"] == values(changed(gaussian(9, [1] * 4, 5), weight=snapshot.weight))["nc2"]


def test_an_absent_class_cannot_be_nearest() -> None:
    """NC4 compares the classifier, which knows all classes, with the means of those that are present."""
    weight = np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 3.0]])
    features = np.array([[2.0, 0.0], [-2.0, 0.0], [2.0, 1.0], [-2.0, 0.0]])
    assert values(Snapshot(features, np.array([0, 1, 0, 1]), weight))["nc4"] == 0.25


def test_one_sample_of_each_class() -> None:
    """A class of one sample has no spread: NC1 is zero, and every sample is its own class mean."""
    snapshot = gaussian(2, [1] * 4, 6)
    matched = changed(snapshot, weight=snapshot.centred_means, bias=None)
    assert values(matched)["nc1"] == 0


def test_one_sample() -> None:
    """One sample has no second class: NC1 warns and is NaN like NC3; decisions and NC2 are defined."""
    snapshot = Snapshot(np.array([[1.0, 2.0]]), np.array([1]), np.array([[1.0, 0.0], [0.0, 1.0], [-1.0, -1.0]]))
    with pytest.warns(RuntimeWarning, match=UNDEFINED):
        found = values(snapshot)
    assert math.isnan(found["nc1"])
    assert math.isnan(found["nc3"])
    assert (found["nc4"], found["accuracy"], found["uniform_accuracy"], found["uniform_threshold"]) == (0, 1, 1, 1.5)
    assert found["nc2"] == pytest.approx(_etf_distance(snapshot.weight), rel=1e-12)


def _etf_distance(weight: NDArray[Any]) -> float:
    """NC2 of a weight whose rows have mean zero, from its definition."""
    gram = weight @ weight.T
    etf = (np.eye(len(weight)) - 1 / len(weight)) / math.sqrt(len(weight) - 1)
    return float(np.linalg.norm(gram / np.linalg.norm(gram) - etf))


@pytest.mark.parametrize("shift", [0.0, 0.1, 1e6])
def test_equal_means_are_reported(shift: float) -> None:
    """Where all class means are equal up to rounding, NC1 says so and is NaN, as is NC3: no number comes from noise."""
    noise = np.random.default_rng(0).normal(size=(50, 4))
    features = np.concatenate([noise, noise[::-1], np.roll(noise, 7, axis=0)]) + shift
    snapshot = Snapshot(features, np.repeat([0, 1, 2], 50), np.random.default_rng(1).normal(size=(3, 4)))
    with pytest.warns(RuntimeWarning, match=f"3 classes span 0 of 2 directions; {UNDEFINED}"):
        assert math.isnan(values(snapshot)["nc1"])
    assert math.isnan(values_quietly(snapshot)["nc3"])


def test_zero_features_are_reported() -> None:
    """Features that are all zero have equal means."""
    with pytest.warns(RuntimeWarning, match=UNDEFINED):
        found = values(Snapshot(np.zeros((6, 3)), np.array([0, 1, 2, 0, 1, 2]), np.eye(3)))
    assert math.isnan(found["nc1"])
    assert found["accuracy"] == 0


def values_quietly(snapshot: Snapshot) -> dict[str, float]:
    """Metrics of a snapshot that warns."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return values(snapshot)


def test_a_direction_lost_for_real_is_reported() -> None:
    """Two of three class means are equal: NC1 is measured in the one direction that is left, and says so."""
    offsets = np.array([[0.1, 0], [-0.1, 0], [0, 0.1], [0, -0.1]])
    means = np.array([[0.0, 0.0], [0.0, 0.0], [3.0, 0.0]])
    features = (means[:, None] + offsets).reshape(-1, 2)
    snapshot = Snapshot(features, np.repeat([0, 1, 2], 4), np.array([[1.0, 0.0], [0.0, 1.0], [2.0, 2.0]]))
    # Along that direction: within-class variance 0.005, means -1, -1, 2 around their mean.
    with pytest.warns(RuntimeWarning, match="3 classes span 1 of 2 directions; NC1 is measured in those 1"):
        assert evaluate(snapshot, "nc")["nc1"] == pytest.approx(0.005 / (6 / 3) / 3, rel=1e-12)


def test_a_zero_weight() -> None:
    """A classifier of zeros has neither NC2 nor NC3, and all its logits are ties, which are wrong."""
    snapshot = gaussian(4, [6, 7, 8], 5)
    found = values(changed(snapshot, weight=np.zeros((3, 5)), bias=None))
    assert all(math.isnan(found[name]) for name in ("nc2", "nc3", "nc2_uncentred", "nc3_uncentred"))
    assert (found["accuracy"], found["uniform_accuracy"], found["uniform_accuracy_grid"]) == (0, 0, 0)
    assert math.isnan(found["uniform_threshold"])


def test_equal_rows_of_the_weight() -> None:
    """Equal rows vanish when centred (NaN); their uncentred Gram matrix is orthogonal to the ETF, sqrt 2 away."""
    snapshot = gaussian(5, [6, 7, 8], 5)
    row = np.random.default_rng(0).normal(size=5)
    found = values(changed(snapshot, weight=np.tile(row, (3, 1))))
    assert math.isnan(found["nc2"])
    assert math.isnan(found["nc3"])
    assert found["nc2_uncentred"] == pytest.approx(math.sqrt(2), rel=1e-12)


def test_ties_are_wrong() -> None:
    """A sample whose own logit equals another one is not classified, with or without bias."""
    features, weight = np.array([[1.0, 1.0], [2.0, 1.0], [1.0, 2.0]]), np.eye(2)
    target = np.array([0, 0, 1])
    assert values(Snapshot(features, target, weight))["accuracy"] == pytest.approx(2 / 3)
    assert values(Snapshot(features, target, weight, np.array([-1.0, 0.0])))["accuracy"] == pytest.approx(1 / 3)
