"""Two trained models on one test set: another level, with tests and words of its own."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from builders import make_run

from bceprobe import analyze, compare, open_run
from bceprobe.report import to_html, to_markdown
from bceprobe.stats import brier_score, correct, expected_calibration_error, mcnemar, probabilities

if TYPE_CHECKING:
    from pathlib import Path

    from bceprobe.comparison import Comparison
    from bceprobe.comparison.samples import ModelPair, SampleRow

EPOCHS = (1, 3)


def shuffle(folder: Path) -> None:
    """Store the test samples of a run in another order."""
    import zarr

    group = zarr.open_group(folder / "store.zarr" / "test", mode="r+")
    order = np.random.default_rng(5).permutation(30)
    for name, axis in (("features", 1), ("target", 0), ("index", 0)):
        array = group[name]
        assert isinstance(array, zarr.Array)
        array[:] = np.take(np.asarray(array[:]), order, axis=axis)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CE and BCE, one run each; the test samples of the latter lie in another order."""
    made = tmp_path_factory.mktemp("samples")
    for loss in ("ce", "bce"):
        make_run(made / loss, loss=loss, epochs=EPOCHS, decay=0.9)
    shuffle(made / "bce")
    return made


@pytest.fixture(scope="module")
def comparison(folder: Path) -> Comparison:
    """CE against BCE."""
    return compare(folder / "ce", folder / "bce")


@pytest.fixture(scope="module")
def pair(comparison: Comparison) -> ModelPair:
    """Both models."""
    (found,) = comparison.samples
    return found


def row_of(pair: ModelPair, name: str) -> SampleRow:
    """The row of a quantity."""
    return next(row for row in pair.rows if row.quantity.name == name)


def test_values_are_those_of_the_metrics(pair: ModelPair, folder: Path) -> None:
    """Accuracy, uniform accuracy, margin, compactness and distinctiveness are what `analyze` says of either model."""
    for name in ("accuracy", "uniform_accuracy", "margin_mean", "compactness", "distinctiveness"):
        values = [
            analyze(folder / loss, ["accuracy", "scores", "geometry"], splits="test", epochs="3")[name].item()
            for loss in ("ce", "bce")
        ]
        row = row_of(pair, name)
        assert (row.reference, row.value) == pytest.approx(values, rel=1e-9)
        assert row.result.difference == pytest.approx(values[1] - values[0], rel=1e-7, abs=1e-12)


def test_samples_are_matched_by_their_place_in_the_data(pair: ModelPair, folder: Path) -> None:
    """McNemar's test pairs the answers to the same sample, however the stores are ordered."""
    right = []
    for loss in ("ce", "bce"):
        run = open_run(folder / loss)
        snapshot, index = run.snapshot(3, "test"), run.array("test", "index")[:]
        logits = snapshot.features[:] @ snapshot.weight.T + snapshot.bias
        right.append((logits.argmax(axis=1) == snapshot.target)[np.argsort(index)])
    assert row_of(pair, "accuracy").result == mcnemar(*right)
    assert pair.samples == 30


def test_calibration_is_of_each_losses_own_probabilities(pair: ModelPair, folder: Path) -> None:
    """ECE and Brier score are of the softmax for CE and of the sigmoids for BCE."""
    for loss, value in (("ce", "reference"), ("bce", "value")):
        snapshot = open_run(folder / loss).snapshot(3, "test")
        logits = snapshot.features[:].astype(float) @ snapshot.weight.T + snapshot.bias
        found = probabilities(logits, "softmax" if loss == "ce" else "sigmoid")
        assert getattr(row_of(pair, "ece"), value) == pytest.approx(expected_calibration_error(found, snapshot.target))
        assert getattr(row_of(pair, "brier"), value) == pytest.approx(brier_score(found, snapshot.target), rel=1e-6)


def test_the_models_are_a_family_apart(comparison: Comparison, pair: ModelPair) -> None:
    """Their tests are corrected among themselves; of the procedures nothing is tested or concluded."""
    expected = correct([row.result.p_value for row in pair.rows], "").p_values
    np.testing.assert_array_equal([row.p_corrected for row in pair.rows], expected)
    assert comparison.tested == ()
    assert comparison.families["rows"] == comparison.families["courses"] == 0
    verdict = comparison.verdict()
    assert verdict.headline == "One seed per arm: nothing can be concluded about the training procedure."
    told = [finding for finding in verdict.findings if finding.lead.startswith("These two models, on 30 test samples")]
    assert len(told) == 1
    assert told[0].kind == "open"
    assert "This is about these models, not about the procedures." in told[0].evidence


def test_the_models_are_in_every_form_of_the_report(comparison: Comparison, pair: ModelPair) -> None:
    """Page, Markdown and JSON have a section of their own for them, and the methods say what was done."""
    report = comparison.report()
    page, text = to_html(report), to_markdown(report).replace("\\", "")
    assert ">These models</" in page
    assert "Compactness ↑ *" in text
    assert "accuracy by McNemar's test, all else by a paired bootstrap" in text.split("## Methods")[1]
    (found,) = comparison.to_dict()["samples"]
    shown = [row.p_corrected if row.result.p_value >= 0 else None for row in pair.rows]
    assert [record["p_corrected"] for record in found["records"]] == shown
    json.dumps(found, allow_nan=False)


def test_seeds_and_samples_are_never_mixed(folder: Path, tmp_path: Path) -> None:
    """With two seeds in an arm there is no comparison of models, nor where the test split is missing."""
    for seed in (0, 1):
        make_run(tmp_path / "bce" / str(seed), loss="bce", seed=seed, epochs=EPOCHS)
    assert compare(folder / "ce", tmp_path / "bce").samples == ()
    make_run(tmp_path / "train", loss="bce", epochs=EPOCHS, per_class={"train": 20})
    assert compare(folder / "ce", tmp_path / "train").samples == ()


def test_losses_without_probabilities_are_not_judged_by_them(folder: Path, tmp_path: Path) -> None:
    """Beside squared error, whose outputs are no probabilities, there is no calibration."""
    make_run(tmp_path / "mse", loss="mse", epochs=EPOCHS)
    (pair,) = compare(folder / "ce", tmp_path / "mse").samples
    assert [row.quantity.name for row in pair.rows][-1] == "distinctiveness"
