"""Features in a plane: points are samples, crosses class means, lines weight rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from figure_cases import arms_of, frames, line, points, snapshot, texts, within

from bceprobe.errors import UsageError
from bceprobe.figures import About
from bceprobe.figures.classes import chosen_classes, chosen_samples
from bceprobe.figures.features import feature_planes, features


def test_points_are_projected_samples_and_crosses_their_means() -> None:
    """With all samples drawn, each cross is the mean of the drawn points of its class."""
    about = About(epoch=2)
    drawn = feature_planes(arms_of(lambda loss, at: features(snapshot(loss, at), about), runs=1), about)
    for axes in drawn.figure.axes:
        for label in range(3):
            x, y = points(line(axes, f"class {label}"))
            assert len(x) == 10
            np.testing.assert_allclose(points(line(axes, f"mean {label}")), [[np.mean(x)], [np.mean(y)]], atol=1e-9)
    row = frames(drawn.rows, arm="CE", what="sample")[0]
    assert (row["method"], row["units"], row["class"]) == ("pca", "feature", 0)


def test_means_span_the_plane_for_three_classes() -> None:
    """Distances between three class means are the same in the plane as among features."""
    one = snapshot(seed=5)
    found = features(one, About())
    means = one.class_means
    for a in range(3):
        true = np.linalg.norm(means[a] - means[a - 1])
        assert np.linalg.norm(found["means"].values[a] - found["means"].values[a - 1]) == pytest.approx(true)


def test_weight_rows_are_as_long_as_means() -> None:
    """Weight rows are scaled to the root mean square length of the class means."""
    found = features(snapshot(seed=1), About())
    lengths = [np.sqrt((found[name].values ** 2).sum(axis=1).mean()) for name in ("means", "weight")]
    assert lengths[0] == pytest.approx(lengths[1])


def test_t_sne_keeps_classes_apart_and_repeats() -> None:
    """Separated classes stay separated, the same each time; means and weights are not drawn."""
    about = About(epoch=1, method="tsne")
    found = features(snapshot(samples=60, noise=0.05), about)
    assert features(snapshot(samples=60, noise=0.05), about).equals(found)
    place, label = found["points"].values, found["label"].values
    centres = np.stack([place[label == k].mean(axis=0) for k in range(3)])
    nearest = np.linalg.norm(place[:, None] - centres, axis=2).argmin(axis=1)
    np.testing.assert_array_equal(nearest, label)
    drawn = feature_planes(arms_of(lambda *_: found, runs=1), about)
    assert not [line for axes in drawn.figure.axes for line in axes.lines if "mean" in str(line.get_label())]
    assert any("t-SNE" in text for text in texts(drawn.figure))


@pytest.mark.parametrize("options", [{"classes": 2}, {"missing": 1}, {"noise": 0.0}, {"classes": 30, "samples": 300}])
def test_edge_cases_are_drawn(options: dict[str, Any]) -> None:
    """Two classes, an absent class, collapsed features and many classes are drawn inside of the figure."""
    arms = arms_of(lambda loss, at: features(snapshot(loss, at, **options), About()), runs=1)
    drawn = feature_planes(arms, About(epoch=1))
    assert within(drawn.figure)
    assert len({row["class"] for row in drawn.rows}) == min(10, options.get("classes", 3) - ("missing" in options))


def test_samples_are_chosen_evenly_and_alike() -> None:
    """As many samples of each class, spread over the order in which they are stored, always the same ones."""
    target = np.repeat(np.arange(4), 100)
    chosen = chosen_samples(target, [1, 3], 20)
    assert np.bincount(target[chosen]).tolist() == [0, 10, 0, 10]
    assert chosen.tolist() == chosen_samples(target, [3, 1], 20).tolist()
    assert (chosen[0], chosen[9]) == (100, 199)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ([0], "1 classes cannot be shown"),
        ([0, 1, 2, 3], "4 classes"),
        ([0, 5], "class 5 has no samples"),
        ([1, 1], "1 cl"),
    ],
)
def test_classes_that_cannot_be_shown_are_refused(asked: list[int], message: str) -> None:
    """Too few, too many, absent and doubled classes are named."""
    with pytest.raises(UsageError, match=message):
        chosen_classes(asked, np.array([2, 2, 0, 2, 2, 0]), 3)
