"""The statistics that a snapshot keeps: class means, global means, and their rounding."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_cases import changed, snapshots

from bceprobe.snapshot import Snapshot


@given(snapshots())
def test_class_statistics_equal_loops(drawn: Snapshot) -> None:
    """Counts, presence and means of classes are those of a loop with exact sums; absent classes have NaN."""
    features = np.asarray(drawn.features[:])
    for label in range(drawn.classes):
        own = [row for row, target in zip(features, drawn.target, strict=True) if target == label]
        assert (drawn.class_counts[label], drawn.present[label]) == (len(own), bool(own))
        mean = [math.fsum(column) / len(own) for column in zip(*own, strict=True)] or [math.nan] * features.shape[1]
        np.testing.assert_allclose(drawn.class_means[label], mean, rtol=1e-14, atol=1e-15)


@given(snapshots())
def test_global_means_are_the_two_definitions(drawn: Snapshot) -> None:
    """`sample` is the mean of all samples, `class` the mean of the means of the classes that are present."""
    sample, by_class = changed(drawn, global_mean="sample"), changed(drawn, global_mean="class")
    np.testing.assert_allclose(sample.centre, np.mean(drawn.features[:], axis=0), rtol=0, atol=1e-14)
    np.testing.assert_allclose(by_class.centre, np.nanmean(drawn.class_means, axis=0), rtol=0, atol=1e-14)
    np.testing.assert_allclose(
        by_class.centred_means, drawn.class_means[drawn.present] - by_class.centre, rtol=0, atol=1e-14
    )


def test_collapsed_features_have_exact_means() -> None:
    """The mean of equal features is that feature, to the last bit, though 0.1 is no binary fraction."""
    values = np.array([[0.1, 1e6 / 3], [0.7, -1e-6 / 3]])
    target = np.arange(100_001) % 2
    collapsed = Snapshot(values[target], target, np.eye(2))
    np.testing.assert_array_equal(collapsed.class_means, values)


@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.integers(2, 5), st.integers(1, 8), st.floats(-1e3, 1e3))
def test_equal_class_means_are_exactly_equal_when_centred(
    seed: int, count: int, classes: int, length: int, shift: float
) -> None:
    """Classes with the same samples in different orders differ only by rounding, and their centred means are zero."""
    source = np.random.default_rng(seed)
    shared = source.normal(size=(count, length)) + shift
    features = np.concatenate([source.permutation(shared) for _ in range(classes)])
    same = Snapshot(features, np.repeat(np.arange(classes), count), np.ones((classes, length)))
    assert not same.centred_means.any()


@given(st.integers(0, 2**32 - 1), st.integers(1, 300), st.floats(-1e3, 1e3))
def test_rounding_of_means_stays_below_its_bound(seed: int, count: int, shift: float) -> None:
    """`mean_rounding` exceeds the distance of the class means from exact ones."""
    features = np.random.default_rng(seed).normal(size=(3 * count, 4)) + shift
    drawn = Snapshot(features, np.arange(3 * count) % 3, np.ones((3, 4)))
    exact = [[math.fsum(column) / count for column in features[label::3].T] for label in range(3)]
    assert np.linalg.norm(drawn.class_means - exact) <= drawn.mean_rounding


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_short_types_accumulate_in_double_precision(dtype: str) -> None:
    """Sums over float16 or float32 features keep digits that their own type would lose."""
    features = np.concatenate([np.full((60_000, 1), 1.0), np.full((60_000, 1), 2.0)]).astype(dtype)
    features[1, 0] = 1.5
    long = Snapshot(features, np.repeat([0, 1], 60_000), np.ones((2, 1), dtype))
    assert long.class_means[:, 0].tolist() == pytest.approx([1 + 0.5 / 60_000, 2.0], rel=1e-15)


def test_many_samples_lose_no_more_digits_than_few() -> None:
    """The means of a million samples are exact to a few units in the last place."""
    shared = np.maximum(np.random.default_rng(0).normal(size=(500_000, 2)), 0)
    many = Snapshot(np.concatenate([shared, shared[::-1]]), np.repeat([0, 1], len(shared)), np.ones((2, 2)))
    exact = [math.fsum(column) / len(shared) for column in shared.T]
    np.testing.assert_allclose(many.class_means, [exact, exact], rtol=5e-15)
