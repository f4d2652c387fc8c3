"""Planes for features: projections are orthogonal, and lengths in them are true."""

from __future__ import annotations

import numpy as np
import pytest

from bceprobe.figures.planes import along_means, simplex, through_means
from bceprobe.snapshot import Snapshot

SOURCE = np.random.default_rng(0)


def rotation(size: int) -> np.ndarray:
    """A random rotation."""
    return np.linalg.qr(SOURCE.normal(size=(size, size)))[0]


@pytest.mark.parametrize("turn", [np.eye(5), rotation(5)])
def test_an_etf_is_the_simplex(turn: np.ndarray) -> None:
    """Means that are equally far apart lie at the corners of the simplex, whatever their rotation and size."""
    means = 7.0 * np.eye(3, 5) @ turn
    placed = through_means(means, means).of(means)
    np.testing.assert_allclose(placed, simplex(3), atol=1e-12)


def test_distances_within_the_plane_are_true() -> None:
    """Distances between means in the plane are those in the feature space, in units of the plane."""
    means = SOURCE.normal(size=(3, 6))
    plane = through_means(means, means)
    placed = plane.of(means)
    for a in range(3):
        for b in range(a):
            true = np.linalg.norm(means[a] - means[b]) / plane.unit
            assert np.linalg.norm(placed[a] - placed[b]) == pytest.approx(true)
    np.testing.assert_allclose(plane.directions @ plane.directions.T, np.eye(2), atol=1e-12)


def test_two_classes_lie_on_a_line_and_samples_spread_across() -> None:
    """The means of two classes are at both ends; the other direction is that of the largest spread beside the line."""
    means = np.array([[2.0, 0, 0, 0], [-2.0, 0, 0, 0]])
    samples = np.repeat(means, 50, axis=0) + SOURCE.normal(size=(100, 4)) * [1, 0.1, 3, 0.1]
    plane = through_means(means, samples)
    np.testing.assert_allclose(plane.of(means), simplex(2), atol=1e-9)
    assert np.abs(plane.directions[1]).argmax() == 2
    assert abs(plane.directions[0] @ plane.directions[1]) < 1e-12


def test_collapsed_features_of_two_classes_have_a_plane() -> None:
    """Without any spread beside the line some direction across it is taken."""
    means = np.array([[1.0, 0, 0], [-1.0, 0, 0]])
    plane = through_means(means, np.repeat(means, 3, axis=0))
    np.testing.assert_allclose(plane.directions @ plane.directions.T, np.eye(2), atol=1e-12)


def test_principal_directions_are_those_of_the_means() -> None:
    """The first direction is that of the largest variance of the class means, as scikit-learn's PCA finds it."""
    from sklearn.decomposition import PCA

    target = np.arange(40) % 5
    features = SOURCE.normal(size=(5, 7))[target] + 0.1 * SOURCE.normal(size=(40, 7))
    snapshot = Snapshot(features, target, np.eye(5, 7))
    plane = along_means(snapshot, range(5))
    means = np.stack([features[target == label].mean(axis=0) for label in range(5)])
    found = PCA(2).fit(means)
    np.testing.assert_allclose(np.abs(plane.directions), np.abs(found.components_), atol=1e-9)
    np.testing.assert_allclose(plane.origin, means.mean(axis=0))
