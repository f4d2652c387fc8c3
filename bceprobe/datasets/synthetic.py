"""Gaussian clusters whose neural collapse is known: to see what metrics and training make of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from bceprobe.datasets.base import DATASETS, DataInfo, Dataset, Split
from bceprobe.datasets.ranges import require_at_least
from bceprobe.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.datasets.base import Place

MIDDLE = 127.5
STREAMS = {"train": 1, "test": 2}


@DATASETS.register("synthetic")
def synthetic(
    _place: Place,
    *,
    classes: int = 10,
    per_class: int = 100,
    size: int = 8,
    separation: float = 1.0,
    noise: float = 0.1,
) -> Dataset:
    """Gaussian clusters around a simplex ETF of pixels, with known collapse; needs no files.

    The class means have the distance `separation` from each other, and a sample of class c is its mean plus noise of
    standard deviation `noise` in every direction. Between the class means the noise of each class and split is
    standardised: its mean is 0 and its covariance noise^2 times the identity, exactly. So NC1 of the pixels is

        2 (K - 1) (noise / separation)^2

    up to the rounding to grey levels; that the pixels are scaled in common to 0..255 does not change it.

    Parameters
    ----------
    classes, per_class
        K, and the samples of each class in each split, at least K of them.
    size
        Side of the images in pixels; K - 1 is at most its square.
    separation, noise
        In the same unit, whichever.
    """
    _check(classes, per_class, size, separation, noise)
    directions = np.linalg.qr(np.random.default_rng(0).standard_normal((size**2, classes - 1)))[0]
    means = separation * _simplex(classes) @ directions.T
    values = {
        name: means + noise * _noise(np.random.default_rng(stream), per_class, classes, directions)
        for name, stream in STREAMS.items()
    }
    scale = MIDDLE / max(float(np.abs(part).max()) for part in values.values())
    train, test = (_split(MIDDLE + scale * part, classes, size) for part in values.values())
    return Dataset(_describe(train, classes, size), train, test)


def _check(classes: int, per_class: int, size: int, separation: float, noise: float) -> None:
    require_at_least(2, "classes", classes)
    require_at_least(classes, "per_class", per_class)
    require_at_least(1, "size", size)
    require_at_least(0, "noise", noise)
    if not 0 < separation < float("inf"):
        raise UsageError(f"data option separation is {separation}; it must be a positive number")
    if classes - 1 > size**2:
        raise UsageError(f"{size}x{size} pixels have no simplex of {classes} classes", "Raise data.size")


def _simplex(classes: int) -> NDArray[np.float64]:
    """Place K points at distance 1 from each other around the origin of K - 1 dimensions, (K, K - 1).

    They are the rows of an orthonormal basis of the vectors whose entries add up to 0.
    """
    centred = np.eye(classes) - 1 / classes
    vertices: NDArray[np.float64] = np.linalg.svd(centred)[0][:, : classes - 1] / np.sqrt(2)
    return vertices


def _noise(
    random: np.random.Generator, per_class: int, classes: int, directions: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Draw noise of variance 1, (per_class, K, d), standardised for each class along the directions, (d, K - 1)."""
    drawn = random.standard_normal((classes, per_class, len(directions)))
    drawn -= drawn.mean(axis=1, keepdims=True)
    along = drawn @ directions
    standardised = np.linalg.qr(along)[0] * np.sqrt(per_class)
    noise: NDArray[np.float64] = drawn + (standardised - along) @ directions.T
    return noise.swapaxes(0, 1)


def _split(pixels: NDArray[np.float64], classes: int, size: int) -> Split:
    """Round pixels (per_class, K, size^2) to grey levels; classes take turns."""
    images = torch.from_numpy(np.rint(pixels).astype(np.uint8)).reshape(-1, 1, size, size)
    places = torch.arange(len(images))
    return Split(images, places % classes, places)


def _describe(train: Split, classes: int, size: int) -> DataInfo:
    std = float(train.images.double().std(correction=0)) / 255
    names = tuple(f"cluster {label}" for label in range(classes))
    return DataInfo("synthetic", names, (1, size, size), mean=(0.5,), std=(std,))
