"""`nc`: three panels, each the mean over seeds with the range around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from figure_cases import EPOCHS, HOSTILE, arms_of, legend, line, measured, points, within

from bceprobe.figures.base import About, Arm
from bceprobe.figures.collapse_curves import nc
from bceprobe.figures.style import line_styles

if TYPE_CHECKING:
    import xarray as xr

NAMES = ("nc1", "nc2", "nc3")


def values(loss: str, run: int, name: str) -> list[float]:
    """Decaying values, other ones for each run."""
    return [(1 + run) * (1 + NAMES.index(name)) * (0.5 if loss == "bce" else 0.9) ** epoch for epoch in EPOCHS]


def run(loss: str, at: int) -> xr.Dataset:
    """A run's metrics."""
    return measured({name: values(loss, at, name) for name in NAMES})


def test_lines_are_means_and_bands_ranges_over_the_runs() -> None:
    """In each panel the line of an arm goes through the mean of its runs and the band from smallest to largest."""
    drawn = nc(arms_of(run, runs=3), About())
    for axes, name in zip(drawn.figure.axes, NAMES, strict=True):
        for loss, collection in zip(("ce", "bce"), axes.collections, strict=True):
            table = np.array([values(loss, at, name) for at in range(3)])
            np.testing.assert_allclose(points(line(axes, loss.upper())), [EPOCHS, table.mean(axis=0)], rtol=1e-12)
            corners = np.asarray(collection.get_paths()[0].vertices)
            for epoch, own in zip(EPOCHS, table.T, strict=True):
                at = corners[corners[:, 0] == epoch, 1]
                np.testing.assert_allclose([at.min(), at.max()], [own.min(), own.max()], rtol=1e-12)
        assert axes.get_yscale() == "log"


def test_the_table_holds_what_is_drawn() -> None:
    """A row per arm, metric and epoch has mean, deviation and range over the runs, with units."""
    rows = nc(arms_of(run, runs=3), About()).rows
    assert len(rows) == 2 * 3 * len(EPOCHS)
    (row,) = [row for row in rows if (row["arm"], row["metric"], row["epoch"]) == ("BCE", "nc2", 4)]
    own = [values("bce", at, "nc2")[2] for at in range(3)]
    assert row["units"] == "share"
    assert [row[key] for key in ("mean", "std", "low", "high")] == pytest.approx(
        [np.mean(own), np.std(own, ddof=1), min(own), max(own)]
    )


def test_one_run_has_no_band() -> None:
    """A single run is a line; its deviation is not known."""
    drawn = nc(arms_of(run, runs=1), About())
    assert not any(axes.collections for axes in drawn.figure.axes)
    assert np.isnan([row["std"] for row in drawn.rows]).all()


def test_only_common_epochs_are_drawn() -> None:
    """An epoch that one run of an arm lacks is left out for this arm."""
    arm = arms_of(run)[0]
    first, second = arm.data.values()
    short = Arm("CE", arm.style, {"a": first, "b": second.sel(epoch=[1, 4])}, "ce")
    assert {row["epoch"] for row in nc([short], About()).rows} == {1, 4}


def test_undefined_epochs_are_gaps() -> None:
    """NaN, as at an epoch with equal class means, is drawn as a gap and does not stop the figure."""

    def gap(_: str, at: int) -> xr.Dataset:
        return measured({name: [1.0 + at, np.nan, 0.5] for name in NAMES})

    drawn = nc(arms_of(gap), About())
    x, y = points(line(drawn.figure.axes[0], "CE"))
    assert np.isnan(y).tolist() == [False, True, False]
    assert x == EPOCHS


def test_arms_of_one_loss_have_lines_of_their_own() -> None:
    """Two arms of CE share colour and marker and differ in the line; the legend shows both."""
    (style,) = line_styles(["ce"])
    arms = [Arm(name, style, {"a": run("ce", 0)}, "ce") for name in ("CE, small", "CE, large")]
    drawn = nc(arms, About())
    first, second = drawn.figure.axes[0].lines
    assert first.get_color() == second.get_color()
    assert first.get_linestyle() != second.get_linestyle()
    assert legend(drawn.figure) == ["CE, small", "CE, large"]


def test_dozens_of_arms_stay_readable() -> None:
    """Many arms are thin lines in the colour of their loss, without bands, and the legend counts them."""
    styles = dict(zip(("ce", "bce"), line_styles(["ce", "bce"]), strict=True))
    arms = [
        Arm(f"{loss}, seed {at}", styles[loss], {"a": run(loss, 0), "b": run(loss, 1)}, loss)
        for loss in styles
        for at in range(30)
    ]
    drawn = nc(arms, About())
    assert legend(drawn.figure) == ["CE: 30 arms", "BCE: 30 arms"]
    lines = drawn.figure.axes[0].lines
    assert len(lines) == 60
    assert max(line.get_linewidth() for line in lines) < 1
    assert not drawn.figure.axes[0].collections


def test_labels_are_inert_and_inside() -> None:
    """A label that looks like mathematics or markup is drawn as it is, and nothing sticks out of the figure."""
    arms = [Arm(HOSTILE, line_styles(["ce"])[0], {"a": run("ce", 0)})]
    drawn = nc(arms, About(split="test"))
    assert legend(drawn.figure) == [HOSTILE]
    assert within(drawn.figure)
