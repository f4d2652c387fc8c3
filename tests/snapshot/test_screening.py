"""Screening in float32: the class with the largest logit is the one that float64 finds, however near the rivals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bceprobe.metrics import METRICS, measure
from bceprobe.snapshot import Block, Snapshot, decided, screening
from bceprobe.snapshot.parts import Part

if TYPE_CHECKING:
    from numpy.typing import NDArray


def block_of(snapshot: Snapshot) -> Block:
    """All samples of a snapshot, whose class means are known."""
    _ = snapshot.projection
    return Block(snapshot, Part(np.asarray(snapshot.features), slice(0, snapshot.samples)))


def rivals(seed: int, length: int, gap: float, scale: float, dtype: str) -> Snapshot:
    """Two classes that are nearly equal for every sample: rows of the weight that differ by a share `gap`, and bias."""
    source = np.random.default_rng(seed)
    weight = source.normal(size=(4, length))
    weight[2] = weight[1] * (1 + gap)
    bias = np.array([0.0, gap, 0.0, 0.0])
    features = (scale * source.normal(size=(60, length))).astype(dtype)
    return Snapshot(features, np.arange(60) // 15, weight, bias)


@given(
    st.integers(0, 2**32 - 1),
    st.sampled_from([1, 3, 64]),
    st.sampled_from([0.0, 1e-12, 1e-9, 1e-7, 1e-6, 1e-3]),
    st.sampled_from([1e-30, 1e-18, 1.0, 1e4, 1e18, 1e30]),
    st.sampled_from(["float64", "float32", "float16"]),
)
def test_every_leader_is_that_of_float64(seed: int, length: int, gap: float, scale: float, dtype: str) -> None:
    """Whatever the gap of the largest logits, the scale of the features and their type, float64 decides the same."""
    snapshot = rivals(seed, length, gap, min(scale, 1e3) if dtype == "float16" else scale, dtype)
    block = block_of(snapshot)
    wide = np.asarray(snapshot.features, dtype=np.float64)
    largest = np.argmax(wide @ snapshot.weight64.T - snapshot.threshold, axis=1)
    for labels in (largest, (largest + 1) % 4, np.full(60, 1), np.full(60, 2)):
        np.testing.assert_array_equal(block.leads(labels), largest == labels)


def test_a_doubtful_sample_is_decided_in_float64() -> None:
    """Logits that float32 confuses, 1 apart in 2^30, are told apart, and are what the bound calls doubtful."""
    weight = np.array([[2.0**30, 0.0], [2.0**30, 1.0], [0.0, 0.0]])
    snapshot = Snapshot(np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 0.0]]), np.arange(3), weight)
    block, labels = block_of(snapshot), np.array([1, 0, 2])
    _, doubtful = screening.screened(block, labels)
    assert doubtful.tolist() == [0, 1]
    assert block.leads(labels).tolist() == [True, True, True]
    assert block.leads(np.array([0, 1, 0])).tolist() == [False, False, False]


def test_of_equal_logits_the_first_leads() -> None:
    """Exact ties are doubtful at any size, and go to the first class, as with numpy's argmax."""
    snapshot = Snapshot(np.array([[1.0, 0.0], [0.0, 3.0]], np.float32), np.arange(2), np.ones((3, 2)))
    block = block_of(snapshot)
    assert block.leads(np.array([0, 0])).tolist() == [True, True]
    assert block.leads(np.array([1, 2])).tolist() == [False, False]


@pytest.mark.parametrize(("features", "weight"), [(1e60, 1.0), (1.0, 1e60), (1e-60, 1.0), (1.0, 1e-60), (3e38, 3e38)])
def test_what_float32_cannot_hold_is_doubtful(features: float, weight: float) -> None:
    """Numbers, or products, beyond the range of float32 decide nothing there and everything in float64."""
    corners = np.array([[1.0, 0.25], [0.25, 1.0]])
    block = block_of(Snapshot(features * corners, np.arange(2), weight * corners))
    _, doubtful = screening.screened(block, np.arange(2))
    assert doubtful.tolist() == [0, 1]
    assert block.leads(np.arange(2)).all()


def test_clear_samples_are_decided_in_float32() -> None:
    """Most samples need no product in float64: the bound is of use, also for features that have collapsed."""
    source = np.random.default_rng(0)
    means = source.normal(size=(10, 512))
    for noise in (1.0, 1e-6):
        features = (means[np.arange(500) % 10] + noise * source.normal(size=(500, 512))).astype(np.float32)
        block = block_of(Snapshot(features, np.arange(500) % 10, means))
        assert (block.snapshot.projection.origin is not None) == (noise < 1)
        leading, doubtful = screening.screened(block, block.target)
        assert doubtful.size == 0
        assert leading.all()


@pytest.mark.parametrize("shuffled", [False, True])
def test_nc4_is_the_same_with_and_without_screening(monkeypatch: pytest.MonkeyPatch, *, shuffled: bool) -> None:
    """nc4 on its own, whose logits are screened, counts what it counts beside statistics that need all scores."""
    monkeypatch.setattr("bceprobe.snapshot.walking.FEW", 0)
    source = np.random.default_rng(1)
    target = np.arange(900) % 6
    features = (source.normal(size=(6, 16))[target] + source.normal(size=(900, 16))).astype(np.float32)
    weight = source.normal(size=(6, 16)).astype(np.float32)
    order = source.permutation(900) if shuffled else np.argsort(target, kind="stable")
    found = [nc4(features[order], target[order], weight, together=together) for together in (False, True)]
    np.testing.assert_array_equal(found[0], found[1])
    assert 0 < found[0].mean() < 1


def nc4(features: NDArray[Any], target: NDArray[Any], weight: NDArray[Any], *, together: bool) -> NDArray[np.float64]:
    """nc4 of each class, in a walk of its own or one that makes all scores."""
    snapshot, entry = Snapshot(features, target, weight), METRICS["nc4"]
    if together:
        snapshot.gather([decided, *entry.uses])
    return np.asarray(measure(snapshot, [entry])["nc4_by_class"])
