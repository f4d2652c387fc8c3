"""Features to measure with: classes around random means, in class order, as our stores have them."""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from bceprobe.snapshot import Snapshot
from bceprobe.store import StoreWriter

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

# Of the features, so wide that a few samples are nearer to another mean; and of the weight around the means.
NOISE, WEIGHT_NOISE = 0.25, 0.5
MEGA = 1e6
HEADROOM = 500_000_000


@dataclass(frozen=True)
class Size:
    """Samples, feature length and classes of one snapshot, and how many epochs of it."""

    samples: int
    length: int
    classes: int = 10
    epochs: int = 1

    @property
    def noise(self) -> float:
        """Standard deviation of the noise; means differ by sqrt(2 d), and the noise along that must reach them."""
        return NOISE * math.sqrt(self.length)

    @property
    def snapshot_bytes(self) -> int:
        """Bytes of the float32 features of one epoch."""
        return 4 * self.samples * self.length

    def __str__(self) -> str:
        text = f"N={self.samples:,}, d={self.length}, K={self.classes}"
        return f"{self.epochs} epochs of {text}" if self.epochs > 1 else text


class Arrays(NamedTuple):
    """Features (N, d), labels (N,), weight (K, d) and bias (K,) of a snapshot."""

    features: NDArray[np.float32]
    target: NDArray[np.int64]
    weight: NDArray[np.float32]
    bias: NDArray[np.float32]

    def snapshot(self) -> Snapshot:
        """Make a snapshot that has computed nothing yet."""
        return Snapshot(*self)


def draw(size: Size, seed: int = 0) -> Arrays:
    """Draw a snapshot of about equally large classes whose classifier is near the class means."""
    source = np.random.default_rng(seed)
    means, weight, target = _classes(source, size)
    features = _noisy(source, means[target], size.noise)
    return Arrays(features, target, weight, source.standard_normal(size.classes, np.float32))


def store(folder: Path, size: Size, seed: int = 0) -> Path:
    """Write a run with a train split whose noise shrinks from epoch to epoch, block by block."""
    check_disk(folder.parent, size)
    source = np.random.default_rng(seed)
    means, weight, target = _classes(source, size)
    writer = StoreWriter(folder, range(1, size.epochs + 1), size.classes, size.length)
    writer.create_split("train", size.samples)
    writer.write_samples("train", target, np.arange(size.samples))
    step = writer.rows_per_write("train")
    for epoch in range(1, size.epochs + 1):
        writer.write_classifier(epoch, weight, np.zeros(size.classes, np.float32))
        for start in range(0, size.samples, step):
            rows = _noisy(source, means[target[start : start + step]], size.noise * 0.9**epoch)
            writer.write_features("train", epoch, start, rows)
        writer.commit("train", epoch)
    return folder


def check_disk(folder: Path, size: Size) -> None:
    """Refuse to begin where the disk has no room for a store.

    Raises
    ------
    SystemExit
        It has not; set TMPDIR.
    """
    needed, free = size.epochs * size.snapshot_bytes + HEADROOM, shutil.disk_usage(folder).free
    if free < needed:
        raise SystemExit(f"{folder} has {free / 1e9:.1f} GB free of {needed / 1e9:.1f} GB; set TMPDIR to a larger disk")


def _classes(
    source: np.random.Generator, size: Size
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]:
    """Draw class means and weight, (K, d) each, and labels in order, (N,)."""
    means, noise = (source.standard_normal((size.classes, size.length), np.float32) for _ in range(2))
    return means, means + WEIGHT_NOISE * noise, np.sort(np.arange(size.samples) % size.classes)


def _noisy(source: np.random.Generator, rows: NDArray[np.float32], noise: float) -> NDArray[np.float32]:
    drawn = source.standard_normal(rows.shape, np.float32)
    drawn *= np.float32(noise)
    drawn += rows
    return drawn
