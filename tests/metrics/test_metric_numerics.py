"""Precision and memory: float64 accumulation, and nothing that grows as d x d or N x N."""

from __future__ import annotations

import time
import tracemalloc
from typing import TYPE_CHECKING

import numpy as np
import pytest
from metric_cases import RowsOnDemand, changed, gaussian, values

from bceprobe.snapshot import Snapshot
from bceprobe.snapshot.parts import BLOCK_BYTES, READ_BYTES
from bceprobe.snapshot.threads import workers

if TYPE_CHECKING:
    from collections.abc import Callable


def peak_bytes(work: Callable[[], object]) -> int:
    """Memory that some work holds at most, beyond what was there before."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("dtype", ["float16", "float32"])
def test_stored_precision_is_only_that_of_the_input(dtype: str) -> None:
    """Features stored in fewer digits give what the same numbers give in float64, but for the order of roundings."""
    stored = gaussian(0, [300, 200], 8)
    stored = changed(stored, features=stored.features[:].astype(dtype), weight=stored.weight.astype("float32"))
    widened = changed(stored, features=stored.features[:].astype("float64"), weight=stored.weight.astype("float64"))
    assert values(stored) == pytest.approx(values(widened), rel=1e-13, abs=1e-15, nan_ok=True)


def test_float16_does_not_overflow() -> None:
    """Sums and scores beyond 65504, the largest float16, are as good as any: features of +-300 around 1000 and 2000."""
    target = np.repeat([0, 1], 400)
    features = np.where(target, 2000, 1000)[:, None] + np.tile([300, -300], 400)[:, None]
    snapshot = Snapshot(features.astype("float16"), target, np.array([[0.0], [1.0]], dtype="float16"))
    within, between = 300**2, 500**2
    assert values(snapshot)["nc1"] == pytest.approx(within / between / 2, rel=1e-12)


def test_nearly_equal_means_far_from_zero() -> None:
    """An offset of a million times the distance of the means costs digits of the input only, not of the result."""
    offsets = np.tile([[0.25, 0.0], [-0.25, 0.0], [0.0, 0.25], [0.0, -0.25]], (3, 1))
    means = np.repeat([[1.0, 0.0], [-0.5, 0.75], [-0.5, -0.75]], 4, axis=0)
    snapshot = Snapshot(means + offsets + 2.0**20, np.repeat([0, 1, 2], 4), np.eye(3, 2))
    within, between = 1 / 32, (1.5 / 3, 1.125 / 3)
    assert values(snapshot)["nc1"] == pytest.approx((within / between[0] + within / between[1]) / 3, rel=1e-9)


def test_long_features_are_quick() -> None:
    """A feature length of 20000 takes a moment and no d x d matrix, which would be 3.2 GB."""
    snapshot = gaussian(1, [5, 5, 5], 20_000)
    start = time.perf_counter()
    peak = peak_bytes(lambda: values(snapshot))
    assert peak < 50e6
    assert time.perf_counter() - start < 5


def test_many_samples_are_walked_in_blocks() -> None:
    """Four hundred thousand rows of 64 features that are read on demand (205 MB as float64) take a few blocks."""
    means = np.random.default_rng(0).normal(size=(10, 64))
    snapshot = Snapshot(RowsOnDemand(means, 400_000), np.arange(400_000) % 10, means)
    assert peak_bytes(lambda: values(snapshot)) < 4 * READ_BYTES + 4 * workers() * BLOCK_BYTES + 150 * 400_000
