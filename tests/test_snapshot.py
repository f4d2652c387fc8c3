"""Snapshot: what it accepts, how it walks the features, and the statistics it keeps."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_cases import changed, gaussian, snapshots

from bceprobe import snapshot as module
from bceprobe.errors import SnapshotError, UnknownNameError
from bceprobe.snapshot import Snapshot

if TYPE_CHECKING:
    from numpy.typing import NDArray

GOOD: dict[str, Any] = {
    "features": np.arange(8.0).reshape(4, 2),
    "target": np.array([0, 1, 1, 2]),
    "weight": np.ones((3, 2)),
    "bias": np.zeros(3),
}


class CountedRows:
    """Features that note which rows are read."""

    def __init__(self, features: NDArray[np.float32]) -> None:
        self.features, self.shape, self.reads = features, features.shape, list[tuple[int, int]]()

    def __getitem__(self, rows: slice, /) -> NDArray[np.float32]:
        self.reads.append((rows.start, rows.stop))
        return self.features[rows]


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
    ],
)
def test_what_does_not_fit_is_refused(change: dict[str, Any], says: str) -> None:
    """Shapes and values that make no snapshot are refused on one line with what was given and what is wanted."""
    with pytest.raises(SnapshotError) as caught:
        Snapshot(**GOOD | change)
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)


def test_an_unknown_global_mean_is_refused() -> None:
    """A global mean that does not exist is a wrong name, not a fault of the data."""
    with pytest.raises(UnknownNameError, match=r"^unknown global mean 'median'\. Known: class, sample\.$"):
        Snapshot(**GOOD | {"global_mean": "median"})


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf])
def test_features_that_are_not_finite_are_refused_when_read(bad: float, monkeypatch: pytest.MonkeyPatch) -> None:
    """NaN and inf among the features are refused when their block is read, with the rows of that block."""
    monkeypatch.setattr(module, "BLOCK_BYTES", 2 * 8 * 3)
    features = GOOD["features"].copy()
    features[2] = [bad, -bad]
    walk = Snapshot(**GOOD | {"features": features}).blocks()
    next(walk)
    with pytest.raises(SnapshotError, match=r"^features contain NaN or inf in rows 2\.\.3\. "):
        next(walk)


@pytest.mark.parametrize("dtype", ["uint8", "int16", "uint64"])
def test_lists_and_any_integers_are_taken(dtype: str) -> None:
    """Lists and labels of any integer type give the same snapshot as arrays of int64."""
    lists = {name: values.tolist() for name, values in GOOD.items()}
    taken = Snapshot(**lists | {"target": GOOD["target"].astype(dtype)})
    expected = Snapshot(**GOOD)
    np.testing.assert_array_equal(taken.class_means, expected.class_means)
    np.testing.assert_array_equal(taken.target, expected.target)


def test_bias_is_zero_if_left_out() -> None:
    """Without a bias the logits are the scores."""
    bare = changed(gaussian(0, [2, 3], 4), bias=None)
    features = np.eye(4)
    np.testing.assert_array_equal(bare.logits(features), bare.scores(features))


def test_threshold_has_the_sign_of_the_paper() -> None:
    """The threshold is the negative of PyTorch's bias: logits = Wh + bias = scores - threshold."""
    one = Snapshot(np.array([[2.0, 3.0]]), np.array([0]), np.array([[1.0, 1.0], [0.0, 2.0]]), np.array([10.0, -1.0]))
    assert one.threshold.tolist() == [-10.0, 1.0]
    assert one.scores(np.array([[2.0, 3.0]])).tolist() == [[5.0, 6.0]]
    assert one.logits(np.array([[2.0, 3.0]])).tolist() == [[15.0, 5.0]]


@given(st.integers(1, 40), st.integers(1, 6), st.integers(2, 6), st.integers(1, 600))
def test_blocks_cover_the_samples_in_order(samples: int, length: int, classes: int, limit: int) -> None:
    """Blocks hold every row once, in order, as float64, and neither features nor scores of one exceed the limit."""
    features = np.arange(samples * length, dtype=np.float32).reshape(samples, length)
    whole = Snapshot(features, np.arange(samples) % classes, np.ones((classes, length)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "BLOCK_BYTES", limit)
        blocks = list(whole.blocks())
    np.testing.assert_array_equal(np.concatenate([block.features for block in blocks]), features)
    np.testing.assert_array_equal(np.concatenate([block.target for block in blocks]), whole.target)
    assert [row for block in blocks for row in range(block.rows.start, block.rows.stop)] == list(range(samples))
    assert {str(block.features.dtype) for block in blocks} == {"float64"}
    for block in blocks:
        rows = len(block.target)
        assert rows == 1 or rows * 8 * max(length, classes) <= limit


def test_a_snapshot_of_one_block_is_read_once() -> None:
    """However many walks there are, features that fit one block are read from their source only once."""
    rows = CountedRows(np.ones((5, 2), np.float32))
    small = Snapshot(rows, np.array([0, 0, 1, 1, 1]), np.eye(2))
    assert small.class_means.shape == small.weight.shape
    assert len(small.decisions.positive) == len(small.biased_decisions.negative) == 5
    assert rows.reads == [(0, 5)]


def test_a_larger_snapshot_keeps_no_features(monkeypatch: pytest.MonkeyPatch) -> None:
    """Features beyond one block are read on demand: once for the class means, once for both kinds of decisions."""
    monkeypatch.setattr(module, "BLOCK_BYTES", 2 * 8 * 2)
    rows = CountedRows(np.ones((5, 2), np.float32))
    large = Snapshot(rows, np.array([0, 0, 1, 1, 1]), np.eye(2))
    assert large.centre.shape == large.centred_means[0].shape
    assert rows.reads == [(0, 2), (2, 4), (4, 5)]
    assert len(large.decisions.positive) == len(large.biased_decisions.negative) == 5
    assert rows.reads[3:] == [(0, 2), (2, 4), (4, 5)]


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


@given(snapshots(), st.booleans())
def test_decisions_equal_a_loop(drawn: Snapshot, with_bias: bool) -> None:  # noqa: FBT001 - drawn by hypothesis
    """Each sample has the score of its own class and the largest of the others, with or without bias."""
    found = drawn.biased_decisions if with_bias else drawn.decisions
    bias = -drawn.threshold if with_bias else np.zeros(drawn.classes)
    for row, label, positive, negative in zip(drawn.features[:], drawn.target, *found, strict=True):
        scores = [math.fsum(row * weight) + offset for weight, offset in zip(drawn.weight, bias, strict=True)]
        others = scores[:label] + scores[label + 1 :]
        assert positive == pytest.approx(scores[label], rel=1e-12, abs=1e-12)
        assert negative == pytest.approx(max(others), rel=1e-12, abs=1e-12)


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
