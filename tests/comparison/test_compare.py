"""Comparisons: the numbers against their definitions, and what the verdict makes of them."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from builders import make_arms, make_run
from scipy.stats import t as student

from bceprobe import analyze, compare
from bceprobe.comparison.gallery import ELSEWHERE
from bceprobe.figures import FIGURES
from bceprobe.report import to_html
from bceprobe.stats import WELCH_T, holm

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from bceprobe.comparison import Comparison, Row

EPOCHS = (1, 2, 8)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CE and BCE with three seeds each."""
    made = tmp_path_factory.mktemp("compare")
    make_arms(made, 3, epochs=EPOCHS)
    return made


@pytest.fixture(scope="module")
def comparison(folder: Path) -> Comparison:
    """CE against BCE, paired."""
    return compare(folder / "ce", folder / "bce")


def row_of(comparison: Comparison, name: str, split: str = "train") -> Row:
    """The first row of a metric and split."""
    return next(row for row in comparison.rows if (row.quantity.name, row.quantity.split) == (name, split))


def values_of(folder: Path, arm: str, name: str, split: str = "train") -> NDArray[np.float64]:
    """What `analyze` says about an arm: (run, epoch)."""
    topic = "nc" if name.startswith("nc") else "accuracy"
    found = analyze(folder / arm, topic)[name].sel(split=split).values
    return np.asarray(found)


def test_every_quantity_is_compared(comparison: Comparison) -> None:
    """NC1-3 are compared on train, accuracy and uniform accuracy on both splits, at the last common epoch."""
    assert [(row.quantity.name, row.quantity.split) for row in comparison.rows] == [
        ("nc1", "train"),
        ("nc2", "train"),
        ("nc3", "train"),
        ("accuracy", "train"),
        ("accuracy", "test"),
        ("uniform_accuracy", "train"),
        ("uniform_accuracy", "test"),
    ]
    assert comparison.epoch == 8


def test_curves_are_means_and_deviations_over_seeds(comparison: Comparison, folder: Path) -> None:
    """Each curve is the mean and the sample standard deviation over the runs of its arm, at every epoch."""
    for curve in comparison.curves:
        values = values_of(folder, curve.arm.lower(), curve.quantity.name, curve.quantity.split)
        mean = values.sum(axis=0) / 3
        assert curve.epoch == EPOCHS
        assert curve.mean == pytest.approx(mean.tolist(), rel=1e-12)
        deviation = np.sqrt(((values - mean) ** 2).sum(axis=0) / 2)
        assert curve.std == pytest.approx(deviation.tolist(), rel=1e-9, abs=1e-15)


def test_neural_collapse_is_compared_by_ratios(comparison: Comparison, folder: Path) -> None:
    """NC values are tested as paired differences of logarithms; estimate and interval are ratios."""
    ce, bce = (np.log(values_of(folder, arm, "nc1")[:, -1]) for arm in ("ce", "bce"))
    differences = bce - ce
    error = differences.std(ddof=1) / math.sqrt(3)
    half = student.ppf(0.975, 2) * error
    row = row_of(comparison, "nc1")
    expected = [math.exp(differences.mean() + step) for step in (0, -half, half)]
    assert row.estimate == pytest.approx(expected, rel=1e-9)
    assert row.result.p_value == pytest.approx(2 * student.sf(abs(differences.mean()) / error, 2), rel=1e-9)
    assert (row.ratio, row.paired) == (True, True)


def test_shares_are_compared_by_differences(comparison: Comparison, folder: Path) -> None:
    """Accuracies are tested as they are, paired by seed."""
    ce, bce = (values_of(folder, arm, "uniform_accuracy", "test")[:, -1] for arm in ("ce", "bce"))
    row = row_of(comparison, "uniform_accuracy", "test")
    assert row.estimate[0] == pytest.approx((bce - ce).mean(), rel=1e-12)
    assert (row.reference_mean, row.mean) == pytest.approx((ce.mean(), bce.mean()), rel=1e-12)
    assert row.ratio is False


def test_arms_with_other_seeds_are_not_paired(folder: Path, tmp_path: Path) -> None:
    """Without common seeds Welch's test is used, with its own degrees of freedom."""
    for seed in (7, 8):
        make_run(tmp_path / "bce" / str(seed), loss="bce", seed=seed, epochs=EPOCHS)
    row = row_of(compare(folder / "ce", tmp_path / "bce"), "nc2")
    a, b = (np.log(values_of(where, arm, "nc2")[:, -1]) for where, arm in ((folder, "ce"), (tmp_path, "bce")))
    parts = a.var(ddof=1) / 3, b.var(ddof=1) / 2
    freedom = sum(parts) ** 2 / (parts[0] ** 2 / 2 + parts[1] ** 2 / 1)
    expected = 2 * student.sf(abs(b.mean() - a.mean()) / math.sqrt(sum(parts)), freedom)
    assert row.result.p_value == pytest.approx(expected, rel=1e-9)
    assert (row.result.test, row.result.n) == (WELCH_T, (3, 2))


def test_the_correction_is_over_all_rows_of_all_arms(folder: Path, tmp_path: Path) -> None:
    """With three arms both tables are one family for Holm's method."""
    for seed in range(3):
        make_run(tmp_path / "fast" / str(seed), loss="bce", seed=seed, epochs=EPOCHS, optim__lr=0.5)
    found = compare(folder / "ce", folder / "bce", tmp_path / "fast")
    assert [row.arm for row in found.rows] == ["bce"] * 7 + ["fast"] * 7
    expected = holm([row.result.p_value for row in found.rows])
    np.testing.assert_array_equal([row.p_corrected for row in found.rows], expected)
    assert found.varied["optim.lr"] == (0.01, 0.01, 0.5)
    assert any("more than one setting (loss.name and optim.lr)" in caveat for caveat in found.verdict().caveats)


def test_the_headline_counts_what_differs(comparison: Comparison) -> None:
    """The verdict names as many differences as there are corrected p-values below 0.05, and no others."""
    differing = [row for row in comparison.rows if row.p_corrected < 0.05]
    verdict = comparison.verdict()
    assert f"differs from CE in {len(differing)} of 7 quantities" in verdict.headline
    assert differing
    leads = [
        found.lead for found in verdict.findings if found.name.startswith("finding-row") and found.kind == "differs"
    ]
    assert leads == [f"{row.quantity.place} is {_direction(row)} with BCE:" for row in differing]
    assert "NC1 on train is lower with BCE:" in leads


def test_one_seed_per_arm_concludes_nothing(folder: Path) -> None:
    """With one run per arm there is no p-value and no band, and the first sentence says what that means."""
    found = compare(folder / "ce" / "seed-0", folder / "bce" / "seed-0")
    verdict = found.verdict()
    assert verdict.headline == "One seed per arm: nothing can be concluded about the training procedure."
    assert {finding.kind for finding in verdict.findings} == {"open"}
    assert found.tested == ()
    assert all(math.isnan(row.p_corrected) for row in found.rows)
    assert all(math.isnan(deviation) for curve in found.curves for deviation in curve.std)


def test_one_seed_of_one_arm_concludes_nothing_either(folder: Path) -> None:
    """A single run against three is not enough, and the arm that has it is named."""
    headline = compare(folder / "ce", folder / "bce" / "seed-0").verdict().headline
    assert headline == "One seed of BCE: nothing can be concluded about the training procedure."


def test_equal_arms_show_no_difference(folder: Path, tmp_path: Path) -> None:
    """Two arms that behave alike are not said to be equal, but that no difference can be shown."""
    for seed in (11, 12, 13):
        make_run(tmp_path / "again" / str(seed), seed=seed, epochs=EPOCHS)
    verdict = compare(folder / "ce", tmp_path / "again").verdict()
    assert verdict.headline == "At epoch 8, no difference between again and ce can be shown."
    assert "no evidence of equality" in verdict.findings[-1].evidence
    assert any("same settings but for the seed" in caveat for caveat in verdict.caveats)


def test_only_what_all_runs_have_is_compared(folder: Path, tmp_path: Path) -> None:
    """A split that one run lacks is left out, and a longer run is compared at the last common epoch, which is told."""
    make_run(tmp_path / "bce", loss="bce", epochs=(2, 8, 9), per_class={"train": 20})
    found = compare(folder / "ce", tmp_path / "bce")
    assert {row.quantity.split for row in found.rows} == {"train"}
    assert found.epoch == 8
    assert any("go on to epoch 9" in caveat for caveat in found.verdict().caveats)
    assert {curve.epoch for curve in found.curves} == {EPOCHS, (2, 8, 9)}


def test_unfinished_runs_are_told(folder: Path, tmp_path: Path) -> None:
    """A run whose status is not finished is named in the verdict."""
    make_run(tmp_path / "half", loss="bce", epochs=EPOCHS, status="interrupted")
    caveats = compare(folder / "ce", tmp_path / "half").verdict().caveats
    assert "Not all runs are finished: BCE: half (interrupted)." in caveats


def test_the_document_is_json_with_every_number(comparison: Comparison) -> None:
    """The document is plain JSON with a schema version, a record per row and the provenance of each run."""
    document = comparison.to_dict()
    again = json.loads(json.dumps(document, allow_nan=False))
    assert again == document
    assert document["schema_version"] == 1
    assert [record["p_corrected"] for record in document["records"]] == [row.p_corrected for row in comparison.rows]
    families = {"rows": len(comparison.tested), "overall": 0, "equivalence": 0, "courses": 7}
    assert document["correction"] == {"method": "holm", "families": families}
    runs = [run for arm in document["arms"] for run in arm["runs"]]
    assert [run["settings"]["seed"] for run in runs] == [0, 1, 2, 0, 1, 2]
    assert all(run["manifest"]["status"] == "finished" for run in runs)


def test_undefined_numbers_are_null(folder: Path) -> None:
    """What one seed leaves undefined is null in the document, not NaN."""
    document = compare(folder / "ce" / "seed-0", folder / "bce" / "seed-0").to_dict()
    assert {record["p_value"] for record in document["records"]} == {None}
    json.dumps(document, allow_nan=False)


def test_progress_ends_at_its_total(folder: Path) -> None:
    """The callback is told of every snapshot, and each count ends where it said it would."""
    calls: list[tuple[int, int]] = []
    compare(folder / "ce", folder / "bce", progress=lambda done, total: calls.append((done, total)))
    ends = [call for call in calls if call[0] == call[1]]
    # Six runs of three epochs, each split in one pass.
    assert [total for _, total in ends] == [18, 18]


def test_the_report_is_the_same_every_time_and_shows_everything(comparison: Comparison, folder: Path) -> None:
    """A second comparison gives the same page, with its figures: per quantity, per optimum, by epoch."""
    page = to_html(comparison.report())
    assert page == to_html(compare(folder / "ce", folder / "bce").report())
    # A figure per quantity, with an optimum, on the way, by epoch (two matrices per arm, the target, scores), and
    # the registered ones that are not among these.
    registered = [name for name in FIGURES if name not in ELSEWHERE]
    assert page.count("<figure ") == 7 + 3 + 3 + (2 * 2 + 1) + 2 + len(registered)
    for shown in ("ce/seed-2", "bce/seed-0", "settings.loss.name", "provenance.packages.numpy", "paper eq. 34"):
        assert shown in page


def _direction(row: Row) -> str:
    return "higher" if row.mean > row.reference_mean else "lower"
