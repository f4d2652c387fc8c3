"""What must not change a metric, and how it must change: over snapshots drawn by hypothesis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_cases import changed, gaussian, snapshots, values

from bceprobe.snapshot import parts as parts_module

if TYPE_CHECKING:
    from bceprobe.snapshot import Snapshot

SEEDS = st.integers(0, 2**32 - 1)
BINARY_SCALES = st.integers(-20, 20).map(lambda power: 2.0**power)


def same(found: Snapshot, expected: Snapshot) -> bool:
    """Compare all metrics of two snapshots; distances of matrices of norm 1 carry rounding of about 1e-15."""
    return bool(values(found) == pytest.approx(values(expected), rel=1e-9, abs=1e-13, nan_ok=True))


@given(snapshots(), SEEDS)
def test_rotation(snapshot: Snapshot, seed: int) -> None:
    """One rotation of features and weight changes no metric."""
    length = snapshot.features.shape[1]
    turned, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(length, length)))
    assert same(changed(snapshot, features=snapshot.features[:] @ turned, weight=snapshot.weight @ turned), snapshot)


@given(snapshots(), SEEDS)
def test_order_of_samples(snapshot: Snapshot, seed: int) -> None:
    """The order of the samples changes no metric."""
    order = np.random.default_rng(seed).permutation(snapshot.samples)
    shuffled = changed(snapshot, features=snapshot.features[:][order], target=snapshot.target[order])
    assert same(shuffled, snapshot)


@given(snapshots(), SEEDS)
def test_names_of_labels(snapshot: Snapshot, seed: int) -> None:
    """Giving the classes other numbers changes no metric."""
    number = np.random.default_rng(seed).permutation(snapshot.classes)
    order = np.argsort(number)
    named: dict[str, Any] = {"weight": snapshot.weight[order], "bias": np.asarray(snapshot.bias)[order]}
    assert same(changed(snapshot, target=number[snapshot.target], **named), snapshot)


@given(snapshots(), BINARY_SCALES)
def test_scale_of_features(snapshot: Snapshot, scale: float) -> None:
    """Longer features, with a bias as much longer, change nothing but the uniform threshold, which scales with them."""
    scaled = changed(snapshot, features=scale * snapshot.features[:], bias=scale * np.asarray(snapshot.bias))
    assert values(scaled) == pytest.approx(
        {**values(snapshot), "uniform_threshold": scale * values(snapshot)["uniform_threshold"]}, rel=1e-9, nan_ok=True
    )


@given(snapshots(), BINARY_SCALES)
def test_scale_of_the_classifier(snapshot: Snapshot, scale: float) -> None:
    """A larger weight and bias change nothing but the uniform threshold, which scales with them."""
    scaled = changed(snapshot, weight=scale * snapshot.weight, bias=scale * np.asarray(snapshot.bias))
    assert values(scaled) == pytest.approx(
        {**values(snapshot), "uniform_threshold": scale * values(snapshot)["uniform_threshold"]}, rel=1e-9, nan_ok=True
    )


@given(snapshots(), st.floats(-10, 10))
def test_translation_of_features(snapshot: Snapshot, shift: float) -> None:
    """A constant added to all features changes neither NC1, NC2 nor NC3, which see differences of means.

    These differences keep the digits that the features have left: 1e-15 of the shift, against means of any distance.
    """
    moved = values(changed(snapshot, features=snapshot.features[:] + shift))
    expected = {name: values(snapshot)[name] for name in ("nc1", "nc2", "nc3")}
    assert {name: moved[name] for name in expected} == pytest.approx(expected, rel=1e-7, abs=1e-10, nan_ok=True)


@given(snapshots(), st.floats(-10, 10))
def test_a_shared_bias(snapshot: Snapshot, shift: float) -> None:
    """A constant added to all biases changes no metric: neither decisions nor scores without bias see it."""
    assert same(changed(snapshot, bias=np.asarray(snapshot.bias) + shift), snapshot)


@given(snapshots())
def test_uniform_accuracies_are_ordered(snapshot: Snapshot) -> None:
    """The grid finds no more than the exact maximum, which is at most the accuracy without bias."""
    found = values(changed(snapshot, bias=None))
    assert found["uniform_accuracy_grid"] <= found["uniform_accuracy"] <= found["accuracy"]


@pytest.mark.parametrize("rows", [1, 7, 50])
@pytest.mark.parametrize("order", ["class order", "any order"])
def test_walking_in_blocks_changes_nothing(rows: int, order: str) -> None:
    """Small blocks give what one block gives, to 1e-12, whether the samples are in class order or not."""
    snapshot = gaussian(3, [40, 25, 0, 35, 1], 6)
    places = np.argsort(snapshot.target, kind="stable") if order == "class order" else np.arange(snapshot.samples)
    whole = changed(snapshot, features=snapshot.features[:][places], target=snapshot.target[places])
    expected = values(whole)
    with patch.object(parts_module, "BLOCK_ROWS", rows):
        chunked = changed(whole)
        assert max(len(part.features) for part in parts_module.parts(chunked)) == rows
        assert values(chunked) == pytest.approx(expected, rel=1e-12, nan_ok=True)
