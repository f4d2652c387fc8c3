"""Scores as counts on a lattice, and the histograms and violins that are drawn of them."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import xarray as xr
from figure_cases import arms_of, frames, legend, snapshot, within
from matplotlib.collections import PolyCollection
from matplotlib.patches import StepPatch
from scipy.stats import gaussian_kde

from bceprobe.figures.base import About, Arm
from bceprobe.figures.histograms import histograms
from bceprobe.figures.labels import THRESHOLD
from bceprobe.figures.scores import SIDES, lattice, score_counts, together
from bceprobe.figures.violins import outline, violins

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bceprobe.snapshot import Snapshot

ABOUT = About(epoch=4, factor="loss.name")


def scores(one: Snapshot) -> dict[str, NDArray[np.float64]]:
    """Positive and negative scores, straight from features and weight."""
    found = np.asarray(one.features) @ np.asarray(one.weight).T
    own = np.arange(one.classes) == one.target[:, None]
    return {"positive": found[own], "negative": found[~own]}


def made(loss: str, at: int) -> xr.Dataset:
    """The counts of a run."""
    return score_counts(snapshot(loss, seed=at))


@pytest.mark.parametrize(
    "options", [{}, {"classes": 2}, {"missing": 1}, {"noise": 0.0}, {"classes": 12, "samples": 600}]
)
def test_counts_are_those_of_numpy(options: dict[str, Any]) -> None:
    """Every score is counted once, in the bin that numpy puts it in; ends and means are exact."""
    one = snapshot(**options)
    counted = score_counts(one)
    edges = np.append(counted["score"].values, counted["score"].values[-1] + counted.attrs["width"])
    for side, values in scores(one).items():
        np.testing.assert_array_equal(counted[side], np.histogram(values, edges)[0])
        about = counted[side].attrs
        expected = [values.mean(), values.min(), values.max()]
        np.testing.assert_allclose([about["mean"], about["low"], about["high"]], expected, rtol=1e-12)
    np.testing.assert_array_equal(counted["threshold"], -np.asarray(one.bias))


@pytest.mark.parametrize(("low", "high"), [(0.0, 10.0), (-3.7, 12.9), (1e-9, 2e-9), (-1e6, 5.0)])
def test_bins_are_powers_of_two_and_about_as_many_as_asked(low: float, high: float) -> None:
    """The width is a power of two that divides the range into 32 to 64 parts."""
    width = lattice(low, high, 64)
    assert np.log2(width) % 1 == 0
    assert 32 <= (high - low) / width <= 64
    assert lattice(1.0, 1.0) > 0


def test_counts_of_runs_add_up_exactly() -> None:
    """Bins of runs with other ranges are whole parts of the common ones: adding is as good as counting anew."""
    ones = [snapshot(seed=0, noise=0.1), snapshot(seed=1, noise=3.0)]
    runs = [score_counts(one) for one in ones]
    assert runs[0].attrs["width"] < runs[1].attrs["width"]
    width = 2 * max(run.attrs["width"] for run in runs)
    for side in SIDES:
        counts = together(runs, side, width)
        values = np.concatenate([scores(one)[side] for one in ones])
        edges = np.append(counts.low, counts.low[-1] + width)
        np.testing.assert_array_equal(counts.number, np.histogram(values, edges)[0])


def test_histograms_draw_shares_of_all_runs_of_an_arm() -> None:
    """The steps of an arm are the shares of the scores of its runs; positive ones are filled, negative ones hatched."""
    drawn = histograms(arms_of(made), ABOUT)
    for axes, loss in zip(drawn.figure.axes, ("ce", "bce"), strict=True):
        for patch, side in zip((p for p in axes.patches if isinstance(p, StepPatch)), SIDES, strict=True):
            shares, edges, _ = patch.get_data()
            values = np.concatenate([scores(snapshot(loss, seed=at))[side] for at in range(2)])
            np.testing.assert_allclose(shares, np.histogram(values, edges)[0] / values.size, rtol=1e-12)
            assert sum(shares) == pytest.approx(1)
            assert bool(patch.get_hatch()) == (side == "negative")


def test_histograms_mark_every_threshold() -> None:
    """Each class of each run has a tick at its threshold, minus PyTorch's bias."""
    drawn = histograms(arms_of(made), ABOUT)
    for axes, loss in zip(drawn.figure.axes, ("ce", "bce"), strict=True):
        ticks = sorted(np.asarray(line.get_xdata())[0] for line in axes.lines)
        expected = sorted(-value for at in range(2) for value in np.asarray(snapshot(loss, seed=at).bias))
        np.testing.assert_allclose(ticks, expected)


def test_the_table_of_histograms_holds_counts_and_thresholds() -> None:
    """The counts of a side add up to its scores; every threshold is a row."""
    rows = histograms(arms_of(made), ABOUT).rows
    assert sum(row["count"] for row in frames(rows, arm="CE", what="positive")) == 2 * 30
    assert sum(row["count"] for row in frames(rows, arm="CE", what="negative")) == 2 * 30 * 2
    assert len(frames(rows, arm="BCE", what="threshold")) == 2 * 3
    assert {row["units"] for row in rows} == {"score"}


def test_an_outline_is_a_gaussian_kernel_density() -> None:
    """Up to the width of a bin an outline is scipy's density of the values themselves."""
    values = np.random.default_rng(0).normal(size=3000)
    width = lattice(values.min(), values.max(), 512)
    places = np.floor(values / width).astype(int)
    low = width * np.arange(places.min(), places.max() + 1)
    counted = together(
        [xr.Dataset({"positive": ("score", np.bincount(places - places.min()))}, {"score": low})], "positive", width
    )
    at, density = outline(counted, values.min(), values.max())
    expected = gaussian_kde(values)(at)
    np.testing.assert_allclose(density, expected / expected.max(), atol=0.02)
    assert [at[0], at[-1]] == [values.min(), values.max()]


def test_violins_stand_at_their_level_and_end_where_scores_end() -> None:
    """Each violin is symmetric around its place and reaches from the smallest to the largest score of its arm."""
    drawn = violins(arms_of(made), ABOUT)
    (axes,) = drawn.figure.axes
    shapes = [
        np.asarray(shape.get_paths()[0].vertices) for shape in axes.collections if isinstance(shape, PolyCollection)
    ]
    assert len(shapes) == 2 * 3
    ends = [(shape[:, 1].min(), shape[:, 1].max()) for shape in shapes]
    for at, loss in enumerate(("ce", "bce")):
        values = np.concatenate([scores(snapshot(loss, seed=run))["positive"] for run in range(2)])
        np.testing.assert_allclose(ends[at], [values.min(), values.max()], rtol=1e-6)
        middle = (shapes[at][:, 0].min() + shapes[at][:, 0].max()) / 2
        assert round(middle) == at


def test_markers_of_violins_are_means() -> None:
    """Upward triangles are mean positive scores, downward ones negative, and the loss's own marks the threshold."""
    drawn = violins(arms_of(made), ABOUT)
    (axes,) = drawn.figure.axes
    marks = {(line.get_marker(), line.get_label()): float(np.asarray(line.get_ydata())[0]) for line in axes.lines[::2]}
    values = scores(snapshot("ce", seed=0))["positive"], scores(snapshot("ce", seed=1))["positive"]
    assert marks["^", "positive"] == pytest.approx(np.mean(values))
    assert {marker for marker, _ in marks} == {"^", "D", "v"}
    assert legend(drawn.figure) == ["positive score", f"threshold {THRESHOLD}", "negative score"]


def sweep(levels: list[Any]) -> list[Arm]:
    """Arms of both losses at some levels of a factor."""
    return [
        replace(arm, label=f"{arm.label} {level}", panel=arm.label, level=level)
        for level in levels
        for arm in arms_of(made, runs=1)
    ]


def test_a_factor_makes_a_panel_per_loss_with_levels_by_size() -> None:
    """Over a setting there is a panel per loss; its values stand in order of size and means are joined."""
    drawn = violins(sweep([10.0, 0.5, 2.0]), About(epoch=1, factor="model.bias_mean"))
    assert [axes.get_title(loc="left") for axes in drawn.figure.axes] == ["CE", "BCE"]
    for axes in drawn.figure.axes:
        assert [label.get_text() for label in axes.get_xticklabels()] == ["0.5", "2", "10"]
        assert axes.get_xlabel() == "model.bias_mean"
        joined = [line for line in axes.lines if len(np.asarray(line.get_xdata())) == 3]
        assert len(joined) == 3
        assert all(one < other for line in joined for one, other in pairwise(np.asarray(line.get_xdata())))


def test_the_table_of_violins_tells_levels_and_statistics() -> None:
    """Means, ends and outlines are rows with the setting and its value."""
    rows = violins(sweep([1, 2]), About(epoch=1, factor="model.bias_mean")).rows
    (mean,) = frames(rows, arm="BCE 2", what="threshold", statistic="mean")
    assert (mean["factor"], mean["level"], mean["units"]) == ("model.bias_mean", 2, "score")
    assert mean["score"] == pytest.approx(-np.asarray(snapshot("bce").bias).mean())
    assert len(frames(rows, arm="BCE 2", what="positive", statistic="outline")) > 50


@pytest.mark.parametrize("options", [{"classes": 2}, {"missing": 0}, {"noise": 0.0}])
def test_edge_cases_are_drawn(options: dict[str, Any]) -> None:
    """Two classes, a class without samples, and scores without spread are drawn, inside of the figure."""
    arms = arms_of(lambda loss, at: score_counts(snapshot(loss, at, **options)), runs=1)
    for draw in (histograms, violins):
        drawn = draw(arms, ABOUT)
        assert within(drawn.figure)
        assert drawn.rows
