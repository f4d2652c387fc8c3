"""Snapshots for tests of metrics: drawn at random, collapsed, and read on demand."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from hypothesis import strategies as st

from bceprobe.metrics import evaluate
from bceprobe.snapshot import Snapshot, Training

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def values(snapshot: Snapshot) -> dict[str, float]:
    """Compute the metrics of the topics nc and accuracy, without those by class."""
    found = evaluate(snapshot, "nc", "accuracy")
    return {name: value for name, value in found.items() if isinstance(value, float)}


def everything(snapshot: Snapshot) -> dict[str, NDArray[np.float64]]:
    """Compute all metrics, also those by class; of the warnings, only those about lost directions are allowed."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "the means of .* classes span", RuntimeWarning)
        return {name: np.asarray(value) for name, value in evaluate(snapshot, "all").items()}


def trained(snapshot: Snapshot, loss: str = "bce", **options: Any) -> Snapshot:
    """Say how the classifier of a snapshot was trained."""
    known = {"lambda_w": 5e-4, "lambda_h": 5e-4, "lambda_b": 5e-4, "batch_size": 16, "learning_rate": 0.1}
    return changed(snapshot, training=Training(loss, samples=snapshot.samples, **known | options))


def gaussian(seed: int, counts: Sequence[int], length: int, *, noise: float = 0.5, **options: Any) -> Snapshot:
    """Draw classes around random means, in random order, with a classifier near the means."""
    source = np.random.default_rng(seed)
    means = source.normal(size=(len(counts), length))
    target = source.permutation(np.repeat(np.arange(len(counts)), counts))
    features = means[target] + noise * source.normal(size=(len(target), length)) + 0.7
    weight = means + 0.3 * source.normal(size=means.shape)
    return Snapshot(features, target, weight, source.normal(size=len(counts)), **options)


def changed(snapshot: Snapshot, **changes: Any) -> Snapshot:
    """Copy a snapshot with other arrays."""
    names = ("features", "target", "weight", "bias", "global_mean", "training", "previous", "memory")
    return Snapshot(**{name: getattr(snapshot, name) for name in names} | changes)


@st.composite
def snapshots(draw: st.DrawFn) -> Snapshot:
    """Draw a snapshot of 2 to 5 classes, possibly imbalanced, with at least two classes present."""
    counts = draw(st.lists(st.integers(0, 9), min_size=2, max_size=5).filter(lambda c: sum(map(bool, c)) > 1))
    seed, length = draw(st.integers(0, 2**32 - 1)), draw(st.integers(1, 7))
    return gaussian(seed, counts, length, global_mean=draw(st.sampled_from(["sample", "class"])))


def etf_rows(classes: int, length: int, seed: int = 0) -> NDArray[np.float64]:
    """Return the vertices of a simplex ETF, (K, d >= K), turned at random: unit rows whose cosines are -1/(K-1)."""
    turned, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(length, length)))
    corners = np.eye(classes) - 1 / classes
    vertices: NDArray[np.float64] = corners / np.linalg.norm(corners[0]) @ turned[:classes]
    return vertices


def collapsed(classes: int, length: int, each: int = 3, **options: Any) -> Snapshot:
    """Make complete collapse: features on the vertices of a simplex ETF, 5 long, and a weight along them, 2 long."""
    vertices, target = etf_rows(classes, length), np.repeat(np.arange(classes), each)
    return Snapshot(5 * vertices[target], target, 2 * vertices, **options)


class CountedRows:
    """Features that are read on demand, and note which rows are read."""

    def __init__(self, features: NDArray[Any]) -> None:
        self.features, self.shape, self.reads = features, features.shape, list[tuple[int, int]]()

    def __getitem__(self, rows: slice, /) -> NDArray[Any]:
        self.reads.append((int(rows.start), int(rows.stop)))
        return self.features[rows]


@dataclass(frozen=True)
class RowsOnDemand:
    """Features that exist only while they are read: row i is of class i % K, up to 0.3 from its mean."""

    means: NDArray[np.float64]
    samples: int

    @property
    def shape(self) -> tuple[int, int]:
        """Samples and feature length."""
        return self.samples, self.means.shape[1]

    def __getitem__(self, rows: slice, /) -> NDArray[np.float32]:
        """Make some rows."""
        place = np.arange(rows.start, rows.stop)
        steps = 0.1 * (place % 7 - 3)[:, None]
        made: NDArray[np.float32] = (self.means[place % len(self.means)] + steps).astype(np.float32)
        return made
