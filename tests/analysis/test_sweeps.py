"""Sweeps of the optimum: the dataset is the theory, the figure is the dataset, and both files repeat themselves."""

from __future__ import annotations

import csv
import math
import re
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bceprobe.analysis.sweeps import draw_sweep, sweep_dataset, write_sweep
from bceprobe.errors import UnknownNameError, UsageError
from bceprobe.published import published
from bceprobe.theory import Problem, default_values, optimum

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from numpy.typing import NDArray

PAPER = Problem()
DECAYS = [1e-6, 1e-4, 2e-4, 5e-4, 1e-2]
SMALL: dict[str, list[float]] = {"lambda_b": DECAYS, "classes": [2, 3, 7, 10], "per_class": [1.0, 12.8, 500.0]}
SCORES = {"positive": "positive_score", "threshold": "threshold", "negative": "negative_score"}
NUMBERS = ("threshold", "positive_score", "negative_score", "objective", "rho", "separated", "lambda_b_star")


def panels(figure: Figure) -> dict[str, Axes]:
    """The axes by their titles."""
    return {axes.get_title("left"): axes for axes in figure.axes}


def lines(axes: Axes) -> dict[str, Line2D]:
    """The lines of a panel by their names."""
    return {str(line.get_label()): line for line in axes.lines}


def points(axes: Axes, name: str) -> NDArray[np.float64]:
    """The points of a line, (2, X)."""
    return np.asarray(lines(axes)[name].get_data(), float)


def legend(figure: Figure) -> str:
    """All that the legend says."""
    return "\n".join(text.get_text() for text in figure.legends[0].get_texts())


def texts(axes: Axes) -> list[str]:
    """What is written in and above a panel."""
    return [text.get_text() for text in axes.texts]


def rows(dataset: xr.Dataset, folder: Path) -> list[dict[str, str]]:
    """The rows of the CSV."""
    _, file = write_sweep(dataset, folder / "sweep.svg")
    with file.open(encoding="utf-8", newline="") as text:
        return list(csv.DictReader(text))


@pytest.mark.parametrize("over", SMALL)
def test_a_dataset_holds_the_optima_of_both_losses(over: str) -> None:
    """Every number and regime is that of the optimum of the problem with this loss and value."""
    found = sweep_dataset(PAPER, over, SMALL[over])
    assert found["threshold"].dims == ("loss", over)
    for loss in ("ce", "bce"):
        for value in found[over].values.tolist():
            changes: dict[str, Any] = {"loss": loss, over: value}
            expected, here = optimum(replace(PAPER, **changes)), found.sel({"loss": loss, over: value})
            np.testing.assert_array_equal([here[n].item() for n in NUMBERS], [getattr(expected, n) for n in NUMBERS])
            assert here["regime"].item() == expected.regime


def test_values_are_ordered_and_default_to_the_whole_range() -> None:
    """Values may come in any order and more than once; without any the default ones are taken, which are above 0."""
    assert sweep_dataset(PAPER, "per_class", [5, 1, 5, 2.5])["per_class"].values.tolist() == [1, 2.5, 5]
    for over in SMALL:
        assert sweep_dataset(PAPER, over)[over].values.tolist() == default_values(over)
    assert sweep_dataset(PAPER, "lambda_b", [0, 1])["lambda_b"].values.tolist() == [0, 1]


def test_a_dataset_says_what_it_holds() -> None:
    """Variables have name, unit, source and definition, numbers are float64, and attributes name the other settings."""
    found = sweep_dataset(replace(PAPER, dim=20), "classes", [2, 3])
    for variable in found.data_vars.values():
        assert {"long_name", "units", "definition", "references"} <= set(variable.attrs)
    assert {found[name].dtype for name in NUMBERS} == {np.dtype(np.float64)}
    assert found["classes"].dtype == np.int64
    assert found.attrs == {
        "over": "classes",
        "dim": 20,
        "per_class": 12.8,
        "lambda_w": 5e-4,
        "lambda_h": 5e-4,
        "lambda_b": 5e-4,
    }


@pytest.mark.parametrize(
    ("over", "values", "message"),
    [
        ("lambda_b", [], "no values of lambda_b"),
        ("classes", [2, 2.5], "classes is 2.5"),
        ("classes", [1], "classes is 1"),
        ("per_class", [math.nan], "per_class is nan"),
        ("lambda_b", [-1.0], "lambda_b is -1"),
    ],
)
def test_impossible_values_are_refused(over: str, values: list[float], message: str) -> None:
    """A sweep without values, or with one that no problem has, is a usage error that names it."""
    with pytest.raises(UsageError, match=message):
        sweep_dataset(PAPER, over, values)


def test_only_some_settings_can_be_swept() -> None:
    """Another setting is refused with those that there are, whether values are given or not."""
    for values in (None, [1.0]):
        with pytest.raises(UnknownNameError, match="no sweep over 'lambda_w'"):
            sweep_dataset(PAPER, "lambda_w", values)


@pytest.mark.parametrize("over", SMALL)
@pytest.mark.parametrize("problem", [PAPER, Problem(classes=100, per_class=2)])
def test_lines_are_the_dataset(problem: Problem, over: str) -> None:
    """The three lines of each loss go through the numbers of the dataset, on a logarithmic axis."""
    dataset = sweep_dataset(problem, over, SMALL[over])
    for loss in ("ce", "bce"):
        axes = panels(draw_sweep(dataset))[loss.upper()]
        assert axes.get_xscale() == "log"
        for name, variable in SCORES.items():
            x, y = points(axes, name)
            np.testing.assert_array_equal(x, dataset[over])
            np.testing.assert_array_equal(y, dataset[variable].sel(loss=loss))


def test_the_papers_figure_3_is_beside_the_papers_optimum() -> None:
    """Published scores over lambda_b and, without decay, over the initial mean are drawn as they were read."""
    shown, table = panels(draw_sweep(sweep_dataset(PAPER, "lambda_b"))), published()["fig3"]
    for title, over, part in (("", "lambda_b", "bias_decay"), (", lambda_b = 0", "initial_mean", "bias_mean")):
        for loss in ("ce", "bce"):
            for name, key in {"positive": "positive", "threshold": "bias", "negative": "negative"}.items():
                x, y = points(shown[loss.upper() + title], f"published {name}")
                assert x.tolist() == table[part][over]
                np.testing.assert_array_equal(y, np.broadcast_to(table[part][loss][key], len(x)))


def test_the_legend_says_how_published_values_came_about() -> None:
    """They are named as read off the poster, with the start that small decays have not been able to forget."""
    named = legend(draw_sweep(sweep_dataset(PAPER, "lambda_b")))
    assert "published (Fig. 3, read off the poster; started at mean 10)" in named
    assert "forecast from mean 10" in named


@pytest.mark.parametrize(
    "changed",
    [{"classes": 9}, {"per_class": 12.7}, {"lambda_w": 4e-4}, {"lambda_h": 6e-4}, {"dim": 9}],
)
def test_other_problems_have_no_published_values(changed: dict[str, Any]) -> None:
    """Where the optimum is not that of the paper's setting nothing published or forecast is drawn."""
    figure = draw_sweep(sweep_dataset(replace(PAPER, **changed), "lambda_b", DECAYS))
    assert list(panels(figure)) == ["CE", "BCE"]
    assert "published" not in legend(figure)
    assert not any(name.startswith(("published", "forecast")) for axes in figure.axes for name in lines(axes))


def test_what_does_not_change_the_optimum_keeps_published_values() -> None:
    """Any feature length from K on, and any loss or decay that the caller's problem has, is the paper's setting."""
    same = Problem("ce", dim=10, per_class=128 / 10, lambda_b=0.1)
    assert "published" in legend(draw_sweep(sweep_dataset(same, "lambda_b", DECAYS)))
    assert "published" not in legend(draw_sweep(sweep_dataset(PAPER, "per_class", [1, 12.8])))


def test_published_values_outside_the_sweep_are_left_out(tmp_path: Path) -> None:
    """A sweep of a part of the axis shows, and writes, the published values of this part."""
    dataset = sweep_dataset(PAPER, "lambda_b", [1e-4, 1e-3, 1e-2])
    x, _ = points(panels(draw_sweep(dataset))["BCE"], "published threshold")
    assert x.tolist() == [5e-3, 5e-4]
    written = {float(row["lambda_b"]) for row in rows(dataset, tmp_path) if row["source"] == "published"}
    assert written == {0, 5e-3, 5e-4}


def test_without_decay_the_optimum_is_level_and_ce_stays_where_it_starts() -> None:
    """At lambda_b = 0, BCE has one threshold whatever the start; CE has none, and its forecast is the diagonal."""
    shown = panels(draw_sweep(sweep_dataset(PAPER, "lambda_b", DECAYS)))
    for loss in ("ce", "bce"):
        expected, axes = optimum(Problem(loss, lambda_b=0)), shown[f"{loss.upper()}, lambda_b = 0"]
        for name, variable in SCORES.items():
            np.testing.assert_array_equal(points(axes, name)[1], [getattr(expected, variable)] * 2)
    ce = shown["CE, lambda_b = 0"]
    assert np.isnan(points(ce, "threshold")[1]).all()
    np.testing.assert_array_equal(*points(ce, "forecast"))
    assert "b stays where\nit starts" in texts(ce)
    assert "forecast" not in lines(shown["BCE, lambda_b = 0"])


def test_the_forecast_follows_the_decay_of_the_threshold_alone() -> None:
    """From mean 10, 46,900 steps of SGD with the paper's learning rates end where the recursion itself does."""
    dataset = sweep_dataset(PAPER, "lambda_b", [5e-6, 5e-5, 5e-4, 5e-3])
    x, y = points(panels(draw_sweep(dataset))["CE"], "forecast")
    np.testing.assert_array_equal(x, dataset["lambda_b"])
    mean, velocity = np.full(4, 10.0), np.zeros(4)
    for epoch in range(100):
        rate = 0.01 * 0.2 ** sum(epoch >= milestone for milestone in (30, 60, 80))
        for _ in range(469):
            velocity = 0.9 * velocity + x * mean
            mean -= rate * velocity
    np.testing.assert_allclose(y, mean, rtol=1e-9)


def test_the_forecast_is_near_what_was_published() -> None:
    """CE's published thresholds over lambda_b are its forecasts within 0.15: a few are not at the optimum, 0."""
    axes = panels(draw_sweep(sweep_dataset(PAPER, "lambda_b", published()["fig3"]["bias_decay"]["lambda_b"])))["CE"]
    measured = dict(zip(*points(axes, "published threshold"), strict=True))
    np.testing.assert_allclose(
        [measured[x] for x in points(axes, "forecast")[0]], points(axes, "forecast")[1], atol=0.15
    )


def test_zero_has_its_own_panel_where_the_sweep_has_it() -> None:
    """Zero has no place on a logarithmic axis: another problem's sweep shows it beside, without published values."""
    problem = Problem(classes=5)
    shown = panels(draw_sweep(sweep_dataset(problem, "lambda_b", [0, *DECAYS])))
    assert list(shown) == ["CE, lambda_b = 0", "CE", "BCE, lambda_b = 0", "BCE"]
    assert points(shown["BCE"], "threshold")[0].tolist() == DECAYS
    expected = optimum(replace(problem, lambda_b=0)).threshold
    assert points(shown["BCE, lambda_b = 0"], "threshold")[1].tolist() == [expected] * 2
    assert set(lines(shown["CE, lambda_b = 0"])) >= {"forecast"}
    with pytest.raises(UsageError, match="nothing to draw over lambda_b"):
        draw_sweep(sweep_dataset(problem, "lambda_b", [0]))


def test_an_undetermined_threshold_is_said_and_not_drawn() -> None:
    """Over K and n, CE without decay has no threshold: a note says so; BCE has one and no note."""
    shown = panels(draw_sweep(sweep_dataset(Problem(lambda_b=0), "per_class", [1, 10, 100])))
    assert np.isnan(points(shown["CE"], "threshold")[1]).all()
    assert any("any threshold b is optimal" in text for text in texts(shown["CE"]))
    assert texts(shown["BCE"]) == ["etf"]


def test_regimes_are_named_and_meet_at_the_switch() -> None:
    """BCE's two regimes meet at lambda_b*, whose value is written there, although no value of the sweep is at it."""
    figure = draw_sweep(sweep_dataset(PAPER, "lambda_b", DECAYS))
    axes, star = panels(figure)["BCE"], optimum(PAPER).lambda_b_star
    assert texts(axes) == ["etf", "shifted*", f"lambda_b* = {star:.3g}"]
    (switch,) = (line for line in axes.lines if np.asarray(line.get_xdata()).tolist() == [star, star])
    assert switch.get_color() not in {line.get_color() for line in (lines(axes)["threshold"],)}
    assert texts(panels(figure)["CE"]) == ["etf"]


def test_all_regimes_of_a_sweep_over_the_classes_are_named() -> None:
    """The names stand in the order of K; what is not known has a name and is no line; the title says whose they are."""
    dataset = sweep_dataset(PAPER, "classes", [2, 5, 6, 100, 512, 513, 514, 558, 559, 700])
    figure = draw_sweep(dataset)
    for loss, names in {
        "ce": ["etf", "unknown", "zero*"],
        "bce": ["etf", "shifted*", "unknown", "rank-one*"],
    }.items():
        axes = panels(figure)[loss.upper()]
        assert texts(axes) == names
        unknown = dataset["regime"].sel(loss=loss) == "unknown"
        np.testing.assert_array_equal(np.isnan(points(axes, "positive")[1]), unknown)
        at = [np.asarray(line.get_xdata())[0] for line in axes.lines if line.get_label() not in SCORES]
        regime = dataset["regime"].sel(loss=loss).values
        around = [
            pair
            for pair, (one, other) in zip(pairwise(dataset["classes"].values), pairwise(regime), strict=True)
            if one != other
        ]
        assert all(low < place < high for place, (low, high) in zip(at, around, strict=True))
    assert figure.get_suptitle().startswith(
        "Optimum of the layer-peeled problem (* not in the paper: derived, rank-one: own)"
    )
    assert "unknown" in legend(figure)


@pytest.mark.parametrize(
    ("problem", "over"),
    [
        (Problem(classes=2), "lambda_b"),
        (Problem(classes=2, dim=1), "per_class"),
        (Problem(dim=5), "lambda_b"),
        (Problem(dim=9), "lambda_b"),
        (Problem(dim=1), "classes"),
        (Problem(lambda_w=1.0, lambda_h=1.0, lambda_b=1.0), "per_class"),
    ],
)
def test_borders_of_the_theory_can_be_drawn(problem: Problem, over: str, tmp_path: Path) -> None:
    """Two classes, features that are too short for a closed form, and regularisers that leave nothing."""
    figure, numbers = write_sweep(sweep_dataset(problem, over), tmp_path / "sweep.svg")
    assert figure.stat().st_size > 0
    assert numbers.stat().st_size > 0


def test_one_value_can_be_drawn() -> None:
    """A sweep of one value is three dots per loss, with room around."""
    axes = panels(draw_sweep(sweep_dataset(Problem(classes=4), "lambda_b", [1e-3])))["BCE"]
    low, high = axes.get_xlim()
    assert low < 1e-3 < high
    assert all(lines(axes)[name].get_markevery() == [0] for name in SCORES)


@pytest.mark.parametrize("suffix", [".svg", ".pdf", ".png", ".SVG"])
def test_the_same_sweep_is_the_same_bytes(suffix: str, tmp_path: Path) -> None:
    """Both files are identical when written again, in a folder that is made; they replace older ones."""
    file = tmp_path / "new" / f"sweep.1{suffix}"
    written = []
    for _ in range(2):
        assert write_sweep(sweep_dataset(PAPER, "lambda_b", DECAYS), file) == [file, file.with_suffix(".csv")]
        written.append([part.read_bytes() for part in (file, file.with_suffix(".csv"))])
    assert written[0] == written[1]
    assert {part.name for part in file.parent.iterdir()} == {"sweep.1.csv", file.name}


def test_a_figure_of_a_page_has_no_date_and_keeps_its_text(tmp_path: Path) -> None:
    """The SVG holds the regimes and settings as text, on white, and no date."""
    file, _ = write_sweep(sweep_dataset(PAPER, "lambda_b", DECAYS), tmp_path / "sweep.svg")
    text = file.read_text(encoding="utf-8")
    assert {">shifted*<", ">K = 10, d = 512, n = 12.8, lambda_w = 0.0005, lambda_h = 0.0005<"} <= set(
        re.findall(r">[^<>\n]+<", text)
    )
    assert "date" not in text
    assert "#ffffff" in text


@pytest.mark.parametrize("over", SMALL)
def test_the_csv_holds_the_dataset(over: str, tmp_path: Path) -> None:
    """Every number of the dataset comes back from the rows of theory, to the last digit; undefined ones are empty."""
    dataset = sweep_dataset(Problem(dim=9), over, SMALL[over])
    found = [row for row in rows(dataset, tmp_path) if row["source"] == "theory"]
    assert len(found) == dataset["threshold"].size
    for row in found:
        here = dataset.sel({"loss": row["loss"], over: float(row[over])})
        assert row["regime"] == here["regime"].item()
        for name in NUMBERS:
            assert float(row[name] or "nan") == here[name].item() or (row[name] == "" and math.isnan(here[name].item()))


def test_the_csv_holds_all_that_is_drawn(tmp_path: Path) -> None:
    """For the paper's setting the rows of each source are the points of its lines and markers, with their starts."""
    dataset = sweep_dataset(PAPER, "lambda_b", DECAYS)
    shown, written = panels(draw_sweep(dataset)), rows(dataset, tmp_path)
    for loss, source, name in [("ce", "forecast", "forecast"), ("bce", "published", "published threshold")]:
        chosen = [row for row in written if (row["source"], row["loss"]) == (source, loss)]
        swept = [row for row in chosen if float(row["lambda_b"])]
        started = [row for row in chosen if not float(row["lambda_b"])]
        for part, over, title in ((swept, "lambda_b", ""), (started, "initial_mean", ", lambda_b = 0")):
            values = [[float(row[over]) for row in part], [float(row["threshold"]) for row in part]]
            assert points(shown[loss.upper() + title], name).tolist() == values
        assert {row["initial_mean"] for row in swept} == {"10.0"}


@pytest.mark.parametrize("name", ["sweep.gif", "sweep", "sweep.csv"])
def test_other_formats_are_refused(name: str, tmp_path: Path) -> None:
    """A suffix that is no format of figures is one line that names the formats, and nothing is written."""
    with pytest.raises(UsageError, match=r"\.svg, \.pdf, \.png") as caught:
        write_sweep(sweep_dataset(PAPER, "lambda_b", DECAYS), tmp_path / name)
    assert "\n" not in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written_is_a_usage_error(tmp_path: Path) -> None:
    """A file where a folder should be is one line that names the figure."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(UsageError, match=r"cannot write .*sweep\.svg"):
        write_sweep(sweep_dataset(PAPER, "lambda_b", DECAYS), tmp_path / "taken" / "sweep.svg")
