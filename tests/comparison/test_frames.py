"""What the sliders of the report move over, against its definition."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from builders import make_arms, make_run

from bceprobe import analyze, compare, open_run
from bceprobe.comparison.arms import read_arms
from bceprobe.comparison.frames import CLASSES, EPOCHS, VALUES, gather_frames
from bceprobe.comparison.framing import frame_blocks
from bceprobe.report import Report, Section, Verdict, to_markdown
from bceprobe.store.importing import import_npz

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from bceprobe.comparison.frames import Frames

CAPTURED = (1, 2, 5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CE and BCE with two seeds each."""
    made = tmp_path_factory.mktemp("frames")
    make_arms(made, 2, epochs=CAPTURED)
    return made


@pytest.fixture(scope="module")
def frames(folder: Path) -> Frames:
    """Those of CE against BCE."""
    return compare(folder / "ce", folder / "bce").frames


def full(triangle: tuple[tuple[float, ...], ...]) -> NDArray[np.float64]:
    """The symmetric matrix of a lower triangle."""
    lower = np.zeros((len(triangle), len(triangle)))
    for row, values in enumerate(triangle):
        lower[row, : row + 1] = values
    return lower + np.tril(lower, -1).T


def test_gram_matrices_are_those_of_the_centred_rows(frames: Frames, folder: Path) -> None:
    """Means and weight of the first seed, centred, multiplied, and scaled to the Frobenius norm of the target."""
    for one, arm in zip(frames.arms, ("ce", "bce"), strict=True):
        for frame, epoch in zip(one.frames, CAPTURED, strict=True):
            snapshot = open_run(folder / arm / "seed-0").snapshot(epoch, "train")
            features, target = np.asarray(snapshot.features[:], float), snapshot.target
            means = np.stack([features[target == label].mean(axis=0) for label in range(3)])
            for gram, rows in ((frame.means, means), (frame.weight, np.asarray(snapshot.weight, float))):
                product = (rows - rows.mean(axis=0)) @ (rows - rows.mean(axis=0)).T
                expected = product * np.linalg.norm(full(frames.target)) / np.linalg.norm(product)
                np.testing.assert_allclose(full(gram.values), expected, atol=0.0051)


def test_the_target_is_one_on_the_diagonal(frames: Frames) -> None:
    """The target of three classes is 1 on the diagonal and -1/2 elsewhere."""
    np.testing.assert_array_equal(full(frames.target), 1.5 * np.eye(3) - 0.5)


def test_the_distance_of_the_weight_is_nc2(frames: Frames, folder: Path) -> None:
    """What is said beside the Gram matrix of the weight is the metric of that name."""
    expected = analyze(folder / "bce" / "seed-0", "nc")["nc2"].sel(split="train").values.ravel()
    found = [frame.weight.distance for frame in frames.arms[1].frames]
    np.testing.assert_allclose(found, expected, rtol=1e-9)


def test_scores_are_counted_in_bins(frames: Frames, folder: Path) -> None:
    """Counts are those of numpy's histogram of all positive and all negative scores; thresholds are minus the bias."""
    for one, arm in zip(frames.arms, ("ce", "bce"), strict=True):
        for frame, epoch in zip(one.frames, CAPTURED, strict=True):
            snapshot = open_run(folder / arm / "seed-0").snapshot(epoch, "train")
            scores = np.asarray(snapshot.features[:], float) @ np.asarray(snapshot.weight, float).T
            own = snapshot.target[:, None] == np.arange(3)
            for counts, values in ((frame.positive, scores[own]), (frame.negative, scores[~own])):
                np.testing.assert_array_equal(counts, np.histogram(values, frames.edges)[0])
            assert frame.extremes == pytest.approx((scores[own].min(), scores[~own].max()), rel=1e-12)
            assert frame.threshold == (0.0, 0.0, 0.0)


def test_bins_are_common_and_of_a_round_width(frames: Frames) -> None:
    """The bins are evenly spaced by a power of two, and no more than a hundred."""
    widths = np.diff(frames.edges)
    assert set(widths) == {widths[0]}
    assert np.log2(widths[0]) == round(np.log2(widths[0]))
    assert 32 <= len(widths) <= 100


def test_only_the_first_seed_is_looked_at(frames: Frames) -> None:
    """Each arm says which run stands for it."""
    assert [(one.arm, one.run) for one in frames.arms] == [("CE", "ce/seed-0"), ("BCE", "bce/seed-0")]


def test_many_epochs_and_classes_stay_bounded(tmp_path: Path) -> None:
    """Of 30 epochs and 26 classes some are taken, the first and the last among them; normalised over all classes."""
    per_class = {"train": 2}
    make_run(tmp_path / "a", epochs=range(1, 31), classes=26, length=27, per_class=per_class)
    make_run(tmp_path / "b", loss="bce", epochs=range(1, 31), classes=26, length=27, per_class=per_class)
    found = gather_frames(read_arms([str(tmp_path / "a"), str(tmp_path / "b")]), range(1, 31))
    assert len(found.epochs) == EPOCHS
    assert (found.epochs[0], found.epochs[-1], found.epochs[1]) == (1, 30, 2)
    assert (found.classes, len(found.labels)) == (26, CLASSES)
    assert (found.labels[0], found.labels[-1]) == (0, 25)
    assert found.target[0][0] == 1.0
    assert found.target[1] == (-0.04, 1.0)
    numbers = [value for one in found.arms for frame in one.frames for row in frame.means.values for value in row]
    assert 2 * len(numbers) <= VALUES


def imported(
    folder: Path, features: NDArray[np.float64], target: NDArray[np.int64], weight: NDArray[np.float64]
) -> str:
    """A run of one epoch."""
    bias = np.zeros((1, len(weight)))
    np.savez(f"{folder}.npz", features=features[None], target=target, weight=weight[None], bias=bias)
    import_npz(f"{folder}.npz", folder, {})
    return str(folder)


def test_what_is_equal_has_no_gram_matrix(tmp_path: Path) -> None:
    """Equal class means leave nothing to scale: their matrix is undefined, the report says so, the others are there."""
    target, weight = np.repeat(np.arange(3), 4), np.eye(3, 5)
    arms = [imported(tmp_path / name, np.ones((12, 5)), target, weight) for name in ("a", "b")]
    with pytest.warns(RuntimeWarning, match="NC1 is undefined"):
        comparison = compare(*arms)
    sections = (Section("frames", "F", tuple(frame_blocks(comparison.frames))),)
    (frame,) = comparison.frames.arms[0].frames
    assert np.isnan([value for row in frame.means.values for value in row]).all()
    np.testing.assert_array_equal(full(frame.weight.values), full(comparison.frames.target))
    assert "All are equal, so that there is nothing to scale" in to_markdown(Report("t", (), Verdict("v"), sections))
    assert comparison.to_dict()["frames"]["arms"][0]["frames"][0]["means"]["distance"] is None


def test_an_absent_class_is_left_out(tmp_path: Path) -> None:
    """Matrices and target are those of the classes that have samples, which are named."""
    features, target = np.random.default_rng(0).normal(size=(12, 5)), np.repeat([0, 2, 3], 4)
    arms = [imported(tmp_path / name, features, target, np.eye(4, 5)) for name in ("a", "b")]
    found = compare(*arms).frames
    assert (found.classes, found.labels) == (3, (0, 2, 3))
    np.testing.assert_array_equal(full(found.target), 1.5 * np.eye(3) - 0.5)


def test_one_class_has_histograms_alone(tmp_path: Path) -> None:
    """With samples of one class there is no Gram matrix to show, and the scores are still counted."""
    features = np.random.default_rng(0).normal(size=(12, 5))
    arms = [imported(tmp_path / name, features, np.zeros(12, np.int64), np.eye(2, 5)) for name in ("a", "b")]
    with pytest.warns(RuntimeWarning, match="NC1 is undefined"):
        comparison = compare(*arms)
    assert comparison.frames.target == ()
    assert sum(comparison.frames.arms[0].frames[0].positive) == 12
    assert [block.kind for block in frame_blocks(comparison.frames)] == ["text", "histograms"]


def test_every_form_of_the_report_has_the_last_epoch(frames: Frames, folder: Path) -> None:
    """Markdown has the last matrices and bins as tables, JSON has all epochs."""
    comparison = compare(folder / "ce", folder / "bce")
    sections = (Section("frames", "F", tuple(frame_blocks(comparison.frames))),)
    text = to_markdown(Report("t", (), Verdict("v"), sections))
    last = frames.arms[1].frames[-1]
    for label, row in enumerate(last.weight.values):
        cells = [*map(str, row), *[""] * (2 - label)]
        assert f"| {label} | {' | '.join(cells)} |" in text
    at = int(np.argmax(last.positive))
    assert f"| {frames.edges[at]:g} to {frames.edges[at + 1]:g} | {last.positive[at]} | {last.negative[at]} |" in text
    assert [len(arm["frames"]) for arm in comparison.to_dict()["frames"]["arms"]] == [3, 3]
