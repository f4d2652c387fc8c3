"""The synthetic clusters: their geometry is the one that was asked for, so that their collapse is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from bceprobe.datasets import checksum, load
from bceprobe.errors import UsageError
from bceprobe.metrics import METRICS, measure
from bceprobe.snapshot import Snapshot


def pixels(split: Any) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """The raw pixels as features, (N, d)."""
    return np.asarray(split.images.flatten(1).numpy(), np.float64)


def known_nc1(classes: int, separation: float, noise: float) -> float:
    """tr(Sigma_W Sigma_B^+)/K of noise^2 I around a simplex of edge `separation`.

    Sigma_B has K - 1 equal eigenvalues: the mean squared distance of the means to their centre, separation^2 (K - 1) /
    (2K), divided by K - 1.
    """
    return (classes - 1) * noise**2 / (separation**2 / (2 * classes)) / classes


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"noise": 0.3},
        {"noise": 0.02},
        {"classes": 2, "per_class": 5, "separation": 3.0},
        {"classes": 100, "size": 16, "per_class": 120},
        {"classes": 10, "size": 3, "per_class": 40},
    ],
    ids=str,
)
@pytest.mark.parametrize("part", ["train", "test"])
def test_nc1_of_the_pixels_is_the_closed_form(options: dict[str, Any], part: str) -> None:
    """The metric nc1 of the raw pixels is 2 (K - 1) (noise/separation)^2 up to rounding to grey levels."""
    dataset = load("synthetic", options=options)
    split, classes = getattr(dataset, part), options.get("classes", 10)
    features, target = pixels(split), split.target.numpy()
    weight = np.eye(classes, features.shape[1])
    snapshot = Snapshot(features=features, target=target, weight=weight, bias=np.zeros(classes))
    expected = known_nc1(classes, options.get("separation", 1.0), options.get("noise", 0.1))
    assert expected == pytest.approx(
        2 * (classes - 1) * (options.get("noise", 0.1) / options.get("separation", 1)) ** 2
    )
    assert measure(snapshot, [METRICS["nc1"]])["nc1"] == pytest.approx(expected, rel=0.02)


def test_class_means_are_a_simplex_etf() -> None:
    """All distances between class means are equal, and the angles between centred means have the cosine -1/(K - 1)."""
    split = load("synthetic", options={"classes": 6, "noise": 0.05}).train
    means = np.stack([pixels(split)[split.target == label].mean(axis=0) for label in range(6)])
    centred = means - means.mean(axis=0)
    gram = centred @ centred.T
    np.testing.assert_allclose(gram / gram.trace() * 6, np.eye(6) * 1.2 - 0.2, atol=0.005)


def test_noise_and_separation_have_the_ratio_that_was_asked_for() -> None:
    """The distance of two means over the standard deviation of a pixel within a class is separation/noise."""
    split = load("synthetic", options={"per_class": 2000, "separation": 3.0, "noise": 0.4}).train
    features, target = pixels(split), split.target.numpy()
    means = np.stack([features[target == label].mean(axis=0) for label in range(10)])
    spread = (features - means[target]).std()
    assert np.linalg.norm(means[0] - means[1]) / spread == pytest.approx(3.0 / 0.4, rel=0.01)


def test_without_noise_classes_are_collapsed() -> None:
    """All images of a class are the same, those of two classes differ."""
    split = load("synthetic", options={"noise": 0, "per_class": 12}).train
    assert len(split.images.flatten(1).unique(dim=0)) == 10


def test_images_use_the_range_of_grey_levels_and_cut_nothing() -> None:
    """Pixels are uint8 with the widest value of both splits at an end of 0..255, around the middle."""
    dataset = load("synthetic", options={"size": 5, "noise": 5.0})
    both = torch.cat([dataset.train.images, dataset.test.images])
    assert both.dtype == torch.uint8
    assert both.shape == (2000, 1, 5, 5)
    furthest = (both.double() - 127.5).abs().flatten().sort().values
    assert furthest[-1] >= 127
    assert (furthest >= 127).sum() <= 2
    assert dataset.info.shape == (1, 5, 5)
    assert dataset.info.std[0] == pytest.approx(dataset.train.images.numpy().std() / 255)


def test_splits_are_deterministic_balanced_and_different() -> None:
    """Loading again gives the same bytes; both splits have `per_class` samples of each class and other noise."""
    first, again = load("synthetic"), load("synthetic")
    assert checksum(first.train) == checksum(again.train)
    assert checksum(first.train) != checksum(first.test)
    assert first.train.target.bincount().tolist() == first.test.target.bincount().tolist() == [100] * 10


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"classes": 1}, "data option classes is 1; it must be 2 or more"),
        ({"per_class": 9}, "data option per_class is 9; it must be 10 or more"),
        ({"size": 0}, "data option size is 0; it must be 1 or more"),
        ({"noise": -0.1}, "data option noise is -0.1; it must be 0 or more"),
        ({"noise": float("inf")}, "data option noise is inf; it must be 0 or more"),
        ({"separation": 0.0}, "data option separation is 0.0; it must be a positive number"),
        ({"size": 2}, "2x2 pixels have no simplex of 10 classes"),
        ({"nois": 0.1}, "data set synthetic has no option 'nois'. Did you mean noise"),
        ({"noise": "loud"}, "option noise of data set synthetic is 'loud'; it must be a number"),
    ],
)
def test_options_that_describe_no_clusters_are_refused(options: dict[str, Any], says: str) -> None:
    """Each impossible option is named with its value and what it must be."""
    with pytest.raises(UsageError) as caught:
        load("synthetic", options=options)
    assert str(caught.value).startswith(says)


def test_data_sets_without_options_say_so() -> None:
    """An option of another data set is refused."""
    with pytest.raises(UsageError, match=r"data set digits has no option 'noise'\. It takes no options"):
        load("digits", options={"noise": 0.1})
