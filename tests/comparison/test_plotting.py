"""Figures of stored runs: what is drawn are the numbers of an independent expression."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from builders import make_arms, make_run, write_features
from figure_cases import frames, texts, within
from scipy.special import expit, log_softmax
from scipy.stats import pearsonr, spearmanr, t

from bceprobe.analysis import analyze
from bceprobe.comparison.grouping import group
from bceprobe.comparison.over_epochs import references
from bceprobe.comparison.plotting import plot
from bceprobe.errors import UsageError
from bceprobe.figures import FIGURES
from bceprobe.store import find_runs, open_run

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

EPOCHS = [1, 2, 3]
MOST = 300_000


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two arms with three seeds each."""
    folder = tmp_path_factory.mktemp("runs")
    make_arms(folder, 3, epochs=EPOCHS, optim__batch_size=16)
    return folder


def scores(folder: Path, epoch: int = 3) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    """Scores without bias, labels and thresholds of a run, straight from its arrays."""
    one = open_run(folder).snapshot(epoch)
    found = np.asarray(one.features[: one.samples], np.float64) @ np.asarray(one.weight, np.float64).T
    return found, one.target, -np.asarray(one.bias, np.float64)


def test_correlations_across_classes_are_those_of_scipy(runs: Path) -> None:
    """A point is a class of a run, its threshold and mean scores; r is Pearson's over all points of an arm."""
    points = []
    for seed in range(3):
        found, target, threshold = scores(runs / "bce" / f"seed-{seed}")
        own = np.eye(3, dtype=bool)[target]
        points += [
            (threshold[k], found[target == k, k].mean(), found[~own[:, k], k].mean(), f"bce/seed-{seed}, class {k}")
            for k in range(3)
        ]
    drawn = plot("bias-scores", runs)
    rows = frames(drawn.rows, arm="BCE", across="across classes")
    for row, (threshold, positive, negative, name) in zip(rows, points, strict=True):
        assert (row["point"], row["units"]) == (name, "score")
        assert [row["threshold"], row["positive"], row["negative"]] == pytest.approx([threshold, positive, negative])


def test_correlations_across_runs_need_three_of_a_loss(tmp_path: Path) -> None:
    """Means of runs are points of their loss; where a loss has two runs there are none."""
    for loss, seeds in (("ce", 2), ("bce", 4)):
        for seed in range(seeds):
            make_run(tmp_path / loss / str(seed), loss=loss, seed=seed, epochs=[1])
    _vary_bias(tmp_path / "bce")
    rows = frames(plot("bias-scores", tmp_path).rows, across="across runs")
    assert [row["arm"] for row in rows] == ["BCE"] * 4
    table = np.array([[row["threshold"], row["positive"], row["negative"]] for row in rows])
    expected = [pearsonr(table[:, 0], table[:, at]).statistic for at in (1, 2)]
    assert [rows[0]["positive_r"], rows[0]["negative_r"]] == pytest.approx(expected)


def _vary_bias(folder: Path) -> None:
    """Give runs thresholds that differ, as a store that was written elsewhere could have."""
    import zarr

    for at, run in enumerate(find_runs(folder)):
        bias = zarr.open_array(f"{run.path}/classifier/bias", mode="r+")
        bias[...] = -float(at)


def test_thresholds_without_variation_have_no_correlation(runs: Path) -> None:
    """Equal thresholds are said to have none, and the figure is drawn."""
    drawn = plot("bias-scores", runs)
    assert any("r undefined, n = 9" in text for text in texts(drawn.figure))
    assert within(drawn.figure)


@pytest.mark.parametrize("loss", ["ce", "bce"])
def test_amplitudes_are_gradients_of_the_loss(runs: Path, loss: str) -> None:
    """Drawn pairs are scores with 1 - p (CE) or sigmoid(-(s - b)) (BCE); negative ones with p or sigmoid(s - b)."""
    expected: dict[str, set[tuple[float, float]]] = {"positive": set(), "negative": set()}
    for seed in range(3):
        found, target, threshold = scores(runs / loss / f"seed-{seed}")
        logits, own = found - threshold, np.eye(3, dtype=bool)[target]
        share = np.exp(log_softmax(logits, axis=1)) if loss == "ce" else expit(logits)
        expected["positive"] |= _pairs(found[own], (1 - share if loss == "ce" else expit(-logits))[own])
        expected["negative"] |= _pairs(found[~own], share[~own])
    drawn = plot("amplitudes", runs)
    for side, pairs in expected.items():
        rows = frames(drawn.rows, arm=loss.upper(), side=side)
        assert len(rows) == min(len(pairs), 400)
        assert _pairs(*np.array([(row["score"], row["amplitude"]) for row in rows]).T) <= pairs


def _pairs(score: NDArray[np.float64], amplitude: NDArray[np.float64]) -> set[tuple[float, float]]:
    return {(round(float(x), 5), round(float(y), 6)) for x, y in zip(score, amplitude, strict=True)}


def test_correlations_of_amplitudes_are_means_over_runs(runs: Path) -> None:
    """Spearman's correlation of the positive scores of CE is scipy's, of all samples, meaned over the runs."""
    values = []
    for seed in range(3):
        found, target, threshold = scores(runs / "ce" / f"seed-{seed}")
        own = np.eye(3, dtype=bool)[target]
        share = np.exp(log_softmax(found - threshold, axis=1))
        values.append(spearmanr(1 - share[own], found[own]).statistic)
    row = frames(plot("amplitudes", runs).rows, arm="CE", side="positive")[0]
    assert row["spearman"] == pytest.approx(np.mean(values), abs=2e-3)


def test_amplitudes_need_a_known_loss(tmp_path: Path) -> None:
    """A run that does not say that it is of CE or BCE is named."""
    write_features(tmp_path / "run", [1], {"train": 5}, decay=0.5, seed=0)
    with pytest.raises(UsageError, match="amplitudes are known of ce and bce alone"):
        plot("amplitudes", tmp_path / "run")


def test_stages_are_first_epochs_and_censored_runs_are_shown(runs: Path) -> None:
    """Each run has the first epoch at which everything is fitted and collapsed; what was not reached says so."""
    found = analyze(str(runs), ["nc", "accuracy"], splits="train").squeeze("split")
    drawn = plot("epochs-to-collapse", runs)
    conditions = {
        "fitted": found["accuracy"] >= 1,
        "uniform": found["uniform_accuracy"] >= 1,
        "collapsed": (found["nc1"] < 0.1) & (found["nc2"] < 0.1) & (found["nc3"] < 0.1),
    }
    for stage, holds in conditions.items():
        for row in frames(drawn.rows, stage=stage):
            first = [epoch for epoch in EPOCHS if bool(holds.sel(run=row["run"], epoch=epoch))]
            assert row["reached"] == bool(first)
            assert row["epoch"] == first[0] if first else np.isnan(row["epoch"])
            assert row["last_epoch"] == 3
    assert not all(row["reached"] for row in drawn.rows)
    hollow = [line for axes in drawn.figure.axes for line in axes.lines if line.get_markerfacecolor() == "none"]
    censored = sum(1 - row["reached"] for row in drawn.rows)
    assert sum(len(np.asarray(line.get_xdata())) for line in hollow) == censored
    assert {float(x) for line in hollow for x in np.asarray(line.get_xdata())} == {3.0}


def test_differences_are_ratios_with_a_band_for_all_epochs(runs: Path) -> None:
    """NC1 of BCE over CE is the geometric mean of the ratios of seeds; of so few the band is Bonferroni's."""
    found = analyze(str(runs), "nc", splits="train")["nc1"].squeeze("split")
    rows = frames(plot("differences", runs).rows, metric="nc1")
    for row in rows:
        logs = [
            np.log(float(found.sel(run=f"bce/seed-{seed}", epoch=row["epoch"])))
            - np.log(float(found.sel(run=f"ce/seed-{seed}", epoch=row["epoch"])))
            for seed in range(3)
        ]
        half = t.ppf(1 - 0.025 / len(EPOCHS), 2) * np.std(logs, ddof=1) / np.sqrt(3)
        expected = np.exp([np.mean(logs), np.mean(logs) - half, np.mean(logs) + half])
        assert [row["value"], row["low"], row["high"]] == pytest.approx(expected)
        assert (row["compared_by"], row["reference"]) == ("ratio", "CE")


def test_differences_of_single_runs_have_no_band(tmp_path: Path) -> None:
    """One run of each arm is a line without a band, and the figure says why."""
    make_arms(tmp_path, 1, epochs=EPOCHS)
    drawn = plot("differences", tmp_path)
    assert "no band, which takes two runs of each arm" in texts(drawn.figure)
    assert not any(axes.collections for axes in drawn.figure.axes)
    assert all(np.isnan(row["low"]) for row in drawn.rows)


def test_differences_need_two_arms(runs: Path) -> None:
    """Seeds of one arm have no differences."""
    with pytest.raises(UsageError, match="differences need two arms"):
        plot("differences", runs / "ce")


def test_arms_are_set_against_the_like_of_the_first_loss(tmp_path: Path) -> None:
    """In a sweep each BCE arm is set against CE with the same settings; where the loss is one, against the first."""
    for at, (loss, mean) in enumerate([("ce", 0.0), ("ce", 5.0), ("bce", 5.0), ("bce", 0.0), ("bce", 7.0)]):
        make_run(tmp_path / str(at), loss=loss, epochs=[1], per_class={"train": 2}, model__bias_mean=mean)
    arms = group(find_runs(tmp_path))
    named = {arms[at].label: arms[to].label for at, to in references(arms).items()}
    assert named == {
        "BCE, bias_mean 0": "CE, bias_mean 0",
        "BCE, bias_mean 5": "CE, bias_mean 5",
        "BCE, bias_mean 7": "CE, bias_mean 0",
    }
    assert references(arms[:2]) == {1: 0}


@pytest.mark.parametrize("classes", [2, 30])
@pytest.mark.parametrize("name", list(FIGURES))
def test_every_figure_stands_few_and_many_classes(name: str, classes: int, tmp_path: Path) -> None:
    """One run per arm, two classes or thirty: everything is drawn, inside of the figure, and is JSON-able."""
    for loss in ("ce", "bce"):
        sizes = {"train": 4}
        make_run(
            tmp_path / loss, loss=loss, classes=classes, length=classes + 3, per_class=sizes, epochs=[1, 2],
            optim__batch_size=16,
        )  # fmt: skip
    drawn = plot(name, tmp_path)
    assert within(drawn.figure)
    assert drawn.rows
    json.dumps(list(drawn.rows), allow_nan=True)


def test_a_dozen_of_arms_are_drawn(tmp_path: Path) -> None:
    """A sweep makes one figure of each kind that is about arms, whose legend stays inside."""
    settings: list[dict[str, Any]] = [
        {"loss": loss, "model__bias_mean": float(mean)} for mean in range(6) for loss in ("ce", "bce")
    ]
    for at, one in enumerate(settings):
        make_run(tmp_path / str(at), epochs=[1], per_class={"train": 3}, optim__batch_size=16, **one)
    for name in ("violins", "bias-scores", "amplitudes", "differences", "epochs-to-collapse"):
        assert within(plot(name, tmp_path).figure)
