"""Uniform accuracy over the threshold and confusion matrices of stored epochs, against counting one by one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from builders import make_run

from bceprobe import analyze
from bceprobe.analysis.decisions import confusion, uniform_curves
from bceprobe.errors import UsageError
from bceprobe.store import StoreWriter, open_run

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from bceprobe.snapshot import Snapshot
    from bceprobe.store import Run


@pytest.fixture
def noisy(tmp_path: Path) -> Run:
    """A run whose classes overlap: 600 training samples of four classes."""
    return open_run(make_run(tmp_path / "noisy", epochs=[1, 3], per_class={"train": 150, "test": 20}, classes=4))


def write(folder: Path, scores: Any, target: Any, bias: Any = 0.0) -> Run:
    """A run of one epoch whose scores are given, (N, K)."""
    scores = np.asarray(scores, np.float32)
    samples, classes = scores.shape
    writer = StoreWriter(folder, [1], classes, classes)
    writer.create_split("train", samples)
    writer.write_samples("train", np.asarray(target, np.int64), np.arange(samples))
    writer.write_classifier(1, np.eye(classes), np.broadcast_to(np.asarray(bias, np.float32), classes))
    writer.write_features("train", 1, 0, scores)
    writer.commit("train", 1)
    return open_run(folder)


def classified(snapshot: Snapshot, threshold: float) -> float:
    """The share of samples with positive score > threshold >= every negative score, sample by sample."""
    scores = np.asarray(snapshot.features[:], np.float64) @ np.asarray(snapshot.weight, np.float64).T
    right = 0
    for row, label in zip(scores, snapshot.target, strict=True):
        right += row[label] > threshold and all(score <= threshold for score in np.delete(row, label))
    return right / len(scores)


def read_off(curve: Any, thresholds: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a step line through the points of a curve shows at other thresholds."""
    at = np.searchsorted(curve["threshold"].values, thresholds, side="right") - 1
    return np.where(at < 0, 0, curve["share"].values[at])


@pytest.mark.parametrize("points", [2, 20, 5000])
def test_shares_are_exact_at_every_threshold(noisy: Run, points: int) -> None:
    """Each share is what counting sample by sample gives, however many thresholds are kept."""
    curve, snapshot = uniform_curves(noisy, 1, points=points), noisy.snapshot(1)
    thresholds = curve["threshold"].values
    assert (np.diff(thresholds) > 0).all()
    for at in range(0, len(thresholds), 1 + len(thresholds) // 60):
        assert curve["share"].values[at] == pytest.approx(classified(snapshot, thresholds[at]), abs=1e-12)


def test_with_all_points_the_steps_are_exact_everywhere(noisy: Run) -> None:
    """Between, below and above its thresholds, the step line shows what counting gives."""
    curve, snapshot = uniform_curves(noisy, 3, points=5000), noisy.snapshot(3)
    places = np.random.default_rng(0).uniform(-5, 15, 80)
    expected = [classified(snapshot, place) for place in places]
    np.testing.assert_allclose(read_off(curve, places), expected, rtol=0, atol=1e-12)


@pytest.mark.parametrize("points", [5, 50, 300])
def test_thinned_steps_are_close_everywhere(noisy: Run, points: int) -> None:
    """With fewer points the step line is off by no more than it says, and there are about as many as asked for."""
    whole, thin = (uniform_curves(noisy, 1, points=number) for number in (5000, points))
    assert thin.sizes["threshold"] <= points + 4 < whole.sizes["threshold"]
    places = whole["threshold"].values
    assert np.abs(read_off(thin, places) - read_off(whole, places)).max() <= 2 / (points - 1)


@pytest.mark.parametrize("points", [2, 1000])
def test_the_maximum_is_kept_and_that_of_the_metrics(noisy: Run, points: int) -> None:
    """The largest share is the uniform accuracy that `analyze` finds, and its threshold is one of the curve."""
    for split in ("train", "test"):
        curve = uniform_curves(noisy, 3, split, points=points)
        found = analyze(noisy, "accuracy", splits=split, epochs="3").squeeze()
        for name in ("accuracy", "uniform_accuracy", "uniform_threshold"):
            assert curve.attrs[name] == found[name].item()
        assert curve["share"].max().item() == curve.attrs["uniform_accuracy"]
        best = curve["share"].sel(threshold=curve.attrs["uniform_threshold"])
        assert best.item() == curve.attrs["uniform_accuracy"]


def test_the_best_step_is_as_wide_as_it_is(tmp_path: Path) -> None:
    """However few points are kept, the step of the maximum starts and ends where it does."""
    source = np.random.default_rng(0)
    negative = np.append(source.uniform(0, 4, 400), 5)
    positive = np.append(source.uniform(6, 10, 400), 7)
    run = write(tmp_path, np.stack([positive, negative], axis=1), np.zeros(401))
    curve = uniform_curves(run, 1, points=2)
    highest = curve["threshold"].values[curve["share"].values == curve["share"].values.max()]
    start, end = np.float32(5), np.sort(np.float32(positive))[0]
    assert highest.min() == start
    assert curve["threshold"].values[curve["threshold"].values > highest.max()].min() == end


def test_the_curve_begins_and_ends_at_nothing(noisy: Run) -> None:
    """The first share and the last are 0, so that a line through them stands on the axis."""
    share = uniform_curves(noisy, 1)["share"].values
    assert share[0] == share[-1] == 0
    assert share[1] > 0


def test_a_known_curve(tmp_path: Path) -> None:
    """Intervals [0, 4), [1, 3), one of a sample that is wrong and one that ties: by hand."""
    run = write(tmp_path, [[4, 0], [1, 3], [0, 2], [5, 5]], [0, 1, 0, 1])
    curve = uniform_curves(run, 1)
    assert curve["threshold"].values[1:].tolist() == [0, 1, 2, 3, 4]
    assert curve["share"].values.tolist() == [0, 0.25, 0.5, 0.5, 0.25, 0]
    assert (curve.attrs["uniform_threshold"], curve.attrs["accuracy_without_bias"]) == (2, 0.5)


def test_the_bias_counts_for_the_accuracy_only(tmp_path: Path) -> None:
    """`accuracy` is that of the classifier, with bias; `accuracy_without_bias` is that of the scores of the curve."""
    run = write(tmp_path, [[3, 2], [3, 2], [1, 2]], [1, 1, 1], bias=[0.0, 1.5])
    curve = uniform_curves(run, 1)
    assert curve.attrs["accuracy"] == 1
    assert curve.attrs["accuracy_without_bias"] == pytest.approx(1 / 3)
    assert curve["share"].max().item() == pytest.approx(1 / 3)


def test_without_a_sample_that_a_threshold_classifies(tmp_path: Path) -> None:
    """Where every sample is wrong, the curve is 0 and has no best threshold."""
    curve = uniform_curves(write(tmp_path, [[0, 1], [1, 2]], [0, 0]), 1)
    assert not curve["share"].values.any()
    assert curve.sizes["threshold"] == 1
    assert curve.attrs["uniform_accuracy"] == curve.attrs["accuracy_without_bias"] == 0
    assert np.isnan(curve.attrs["uniform_threshold"])


def test_curves_are_labelled(noisy: Run) -> None:
    """Variables say what they are, and the curve says where it is from."""
    curve = uniform_curves(noisy, 3, "test")
    assert {name: curve.attrs[name] for name in ("run", "epoch", "split", "samples")} == {
        "run": "noisy",
        "epoch": 3,
        "split": "test",
        "samples": 80,
    }
    assert curve["share"].attrs["units"] == "share"
    assert "43-45" in curve["share"].attrs["definition"]
    assert curve["threshold"].attrs["long_name"] == "Threshold"


def test_confusion_counts_every_sample_once(noisy: Run) -> None:
    """Counts are those of going through the samples, and shares are those of each label's samples."""
    table, snapshot = confusion(noisy, 1, "test"), noisy.snapshot(1, "test")
    logits = np.asarray(snapshot.features[:], np.float64) @ np.asarray(snapshot.weight, np.float64).T
    expected = np.zeros((4, 4), np.int64)
    for label, row in zip(snapshot.target, logits, strict=True):
        expected[label, int(np.argmax(row))] += 1
    assert table["count"].dims == table["share"].dims == ("label", "decision")
    np.testing.assert_array_equal(table["count"].values, expected)
    np.testing.assert_allclose(table["share"].values, expected / 20, rtol=1e-15)
    assert table["count"].sel(label=2, decision=1).item() == expected[2, 1]
    assert (table.attrs["run"], table.attrs["epoch"], table.attrs["split"]) == ("noisy", 1, "test")


def test_confusion_of_a_class_without_samples(tmp_path: Path) -> None:
    """Its counts are 0 and its shares undefined, without a warning; others may still be taken for it."""
    table = confusion(write(tmp_path, [[0, 1, 2], [2, 0, 1]], [0, 0]), 1)
    assert table["count"].values.tolist() == [[1, 0, 1], [0, 0, 0], [0, 0, 0]]
    assert np.isnan(table["share"].values[1:]).all()
    assert table["share"].values[0].tolist() == [0.5, 0, 0.5]


@pytest.mark.parametrize("compute", [uniform_curves, confusion])
def test_what_is_not_there_is_told(noisy: Run, compute: Any) -> None:
    """An epoch or split that the run does not have is an error that says so."""
    with pytest.raises(UsageError, match="no written epoch 2"):
        compute(noisy, 2)
    with pytest.raises(UsageError, match="no split 'validation'"):
        compute(noisy, 1, "validation")
