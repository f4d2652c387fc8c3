"""Gram matrices: what is coloured are the products of centred rows, scaled to the simplex ETF."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from figure_cases import arms_of, frames, snapshot, texts, within
from matplotlib.collections import PolyCollection

from bceprobe.figures import About, inline_svg
from bceprobe.figures.gram import gram, grams, target
from bceprobe.metrics import METRICS
from bceprobe.snapshot import Snapshot


def test_products_are_those_of_centred_rows() -> None:
    """Each product is that of two centred rows, all scaled by one number to the norm of the target."""
    one = snapshot(seed=3)
    found = gram(one)
    features, weight = np.asarray(one.features), np.asarray(one.weight)
    means = np.stack([features[one.target == label].mean(axis=0) for label in range(3)]) - features.mean(axis=0)
    for name, rows in (("means", means), ("weight", weight - weight.mean(axis=0))):
        ratio = found[name].values / (rows @ rows.T)
        np.testing.assert_allclose(ratio, ratio[0, 0], rtol=1e-9)
        assert np.linalg.norm(found[name]) == pytest.approx(np.linalg.norm(target(3)))


def test_the_distance_of_the_weight_is_nc2() -> None:
    """It is what `analyze nc` calls nc2."""
    one = snapshot(seed=4, classes=5)
    assert gram(one)["weight"].attrs["distance"] == pytest.approx(METRICS["nc2"].function(one), rel=1e-9)


def test_a_simplex_etf_is_the_target() -> None:
    """Features and weight that are an ETF have the products of the target, at distance 0."""
    etf = np.eye(4) - 1 / 4
    found = gram(Snapshot(np.repeat(3 * etf, 2, axis=0), np.repeat(np.arange(4), 2), 0.5 * etf))
    for name in ("means", "weight"):
        np.testing.assert_allclose(found[name], target(4), atol=1e-12)
        assert found[name].attrs["distance"] == pytest.approx(0, abs=1e-12)


def test_absent_classes_and_equal_means_are_undefined() -> None:
    """A class without samples has no products; equal means have none at all, and no distance."""
    absent = gram(snapshot(missing=1))["means"]
    assert np.isnan(absent.values[1]).all()
    assert np.isnan(absent.values).sum() == 5
    equal = gram(Snapshot(np.ones((4, 3)), np.arange(4) % 2, np.eye(2, 3)))["means"]
    assert np.isnan(equal.values).all()
    assert np.isnan(equal.attrs["distance"])


def test_cells_have_the_products_of_the_first_run() -> None:
    """For each arm the cells of class means and weight are coloured by its first run; the last panel is the target."""
    drawn = grams(arms_of(lambda loss, at: gram(snapshot(loss, at))), About(epoch=3))
    panels = [axes for axes in drawn.figure.axes if any(isinstance(part, PolyCollection) for part in axes.collections)]
    cells = [np.asarray(axes.collections[0].get_array()) for axes in panels[:6]]
    for at in (0, 3):
        np.testing.assert_allclose(cells[at], gram(snapshot(seed=0))["means"].values.ravel())
        np.testing.assert_allclose(cells[at + 1], gram(snapshot(seed=0))["weight"].values.ravel())
        np.testing.assert_allclose(cells[at + 2], target(3).ravel())
    assert "● BCE\nbce-0" in texts(drawn.figure)
    (row,) = frames(drawn.rows, arm="BCE", rows="weight rows", label=0, other=2)
    assert row["product"] == pytest.approx(float(gram(snapshot(seed=0))["weight"].values[0, 2]))
    assert row["etf"] == -0.5


@pytest.mark.parametrize("options", [{"classes": 2}, {"missing": 0}, {"classes": 30, "samples": 90}])
def test_edge_cases_are_drawn_and_can_be_inlined(options: dict[str, Any]) -> None:
    """Two classes, an absent one and many classes are drawn inside of the figure; a picture of many stays small."""
    drawn = grams(arms_of(lambda loss, at: gram(snapshot(loss, at, **options)), runs=1), About(epoch=1))
    assert within(drawn.figure)
    text = inline_svg(drawn.figure, "gram", "Gram matrices")
    assert ("data:image/png;base64," in text) == (options.get("classes", 3) > 24)
    assert len(text) < 300_000
