"""The part of a comparison that sets thresholds and scores against the optimum of theory."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from builders import make_arms, make_run

from bceprobe import compare
from bceprobe.analysis import analyze
from bceprobe.report import to_html, to_markdown
from bceprobe.store.manifest import read_manifest, update_manifest
from bceprobe.theory import Problem, optimum

if TYPE_CHECKING:
    from pathlib import Path

    from bceprobe.comparison import Comparison

METRICS = ("threshold_mean", "positive_mean", "negative_mean")
EPOCHS = (1, 2, 4)
# What the runs say: batches of 128 on three classes, and a lambda_b at which BCE has left the paper's optimum.
LAMBDAS = {"lambda_w": 5e-4, "lambda_h": 5e-4, "lambda_b": 0.05}
KNOWN: dict[str, Any] = {"classes": 3, "dim": 6, "per_class": 128 / 3, **LAMBDAS}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """CE and BCE with three seeds each."""
    made = tmp_path_factory.mktemp("against")
    make_arms(made, 3, epochs=EPOCHS, penalty__lambda_b=LAMBDAS["lambda_b"])
    return made


@pytest.fixture(scope="module")
def comparison(folder: Path) -> Comparison:
    """CE against BCE."""
    return compare(folder / "ce", folder / "bce")


def forecastable(folder: Path, seed: int, start: float) -> Path:
    """A run of CE that recorded its start and its learning rates."""
    run = make_run(folder / f"seed-{seed}", seed=seed, epochs=EPOCHS, penalty__lambda_b=0.0)
    said = {"data": {"train": {"samples": 60}}, "initial_bias_mean": start}
    update_manifest(str(run), provenance={**read_manifest(str(run))["provenance"], **said})
    (run / "history.csv").write_text("epoch,lr\n" + "".join(f"{epoch},0.1\n" for epoch in range(1, 5)))
    return run


def test_each_arm_has_its_optimum(comparison: Comparison) -> None:
    """Regime, statement and predicted values are those of the theory of the problem that the arm was trained on."""
    for arm, loss in zip(comparison.optima, ("ce", "bce"), strict=True):
        known = optimum(Problem(loss, **KNOWN))
        assert (arm.arm, arm.regime, arm.statement) == (loss.upper(), known.regime, known.statement)
        values = (known.threshold, known.positive_score, known.negative_score)
        assert tuple(one.optimum for one in arm.approaches) == values


def test_measured_curves_are_means_over_the_runs(comparison: Comparison, folder: Path) -> None:
    """Each quantity is the mean and sample standard deviation over the runs of the arm, on the train split."""
    for arm in comparison.optima:
        found = analyze(folder / arm.arm.lower(), ["bias", "scores"], splits="train")
        for one, name in zip(arm.approaches, METRICS, strict=True):
            values = found[name].squeeze("split").transpose("run", "epoch").values
            assert (one.curve.quantity.name, one.curve.epoch) == (name, EPOCHS)
            assert one.curve.mean == pytest.approx(values.mean(axis=0).tolist(), rel=1e-12, abs=1e-15)
            assert one.curve.std == pytest.approx(values.std(axis=0, ddof=1).tolist(), rel=1e-9, abs=1e-15)


def test_the_section_is_in_every_form_of_the_report(comparison: Comparison) -> None:
    """Three figures and a row per arm and quantity, between the final tables and the measures; JSON has the numbers."""
    report = comparison.report()
    names = [section.name for section in report.sections]
    assert names == ["curves", "final", "courses", "optimum", "frames", "gallery", "measures", "provenance", "methods"]
    page, text = to_html(report), to_markdown(report)
    assert all(f'<figure id="curve-{name}-train"' in page for name in METRICS)
    assert "Against the optimum on the train split at epoch 4" in text
    assert text.count("| CE | etf |") == text.count("| BCE | shifted |") == 3
    for arm, shown in zip(comparison.optima, comparison.to_dict()["optima"], strict=True):
        assert shown["problem"] == {"loss": arm.arm.lower(), **KNOWN}
        for one, quantity in zip(arm.approaches, shown["quantities"], strict=True):
            assert (quantity["optimum"], quantity["mean"]) == (one.optimum, list(one.curve.mean))
            assert quantity["distance"] == pytest.approx(quantity["mean"][-1] - quantity["optimum"], rel=1e-12)


def test_derived_and_own_are_told(comparison: Comparison) -> None:
    """What the paper does not prove is called derived, and the limit of balanced classes is called own."""
    text = to_markdown(comparison.report())
    assert "with n = batch size / K \\(derived\\)" in text
    assert "costs less \\(derived\\)" in text
    assert "bceprobe's own choice" in text


def test_ce_without_decay_has_a_forecast_in_place_of_an_optimum(folder: Path, tmp_path: Path) -> None:
    """At lambda_b = 0 the mean threshold stays what it was: the mean of the runs is forecast, and no optimum shown."""
    for seed, start in ((0, -2.0), (1, -3.0)):
        forecastable(tmp_path / "free", seed, start)
    comparison = compare(tmp_path / "free", folder / "bce")
    threshold, positive, _ = comparison.optima[0].approaches
    assert threshold.forecast == pytest.approx((2.5, 2.5, 2.5), rel=1e-12)
    assert math.isnan(threshold.optimum)
    assert positive.forecast == ()
    text, page = (render(comparison.report()) for render in (to_markdown, to_html))
    assert "No optimum is drawn for the threshold of CE: at lambda_b = 0" in page
    row = next(line for line in text.splitlines() if line.startswith("| CE | etf | Threshold"))
    assert row.split(" | ")[3:] == ["0 ± 0", "—", "—", "2.50", "\N{MINUS SIGN}2.50 |"]


def test_a_forecast_needs_every_run(tmp_path: Path, folder: Path) -> None:
    """A run that did not record its start leaves the arm without a forecast."""
    forecastable(tmp_path / "free", 0, -2.0)
    make_run(tmp_path / "free" / "seed-1", seed=1, epochs=EPOCHS, penalty__lambda_b=0.0)
    arm = compare(tmp_path / "free", folder / "bce").optima[0]
    assert arm.approaches[0].forecast == ()


def test_an_arm_without_a_problem_is_shown_without_optimum(folder: Path, tmp_path: Path) -> None:
    """Its curves are drawn beside the other arm's, it has no row, and a sentence says why."""
    make_run(tmp_path / "plain", loss="ce", epochs=EPOCHS, penalty__lambda_h=0.0)
    comparison = compare(folder / "bce", tmp_path / "plain")
    arm = comparison.optima[1]
    assert (arm.regime, arm.problem, len(arm.approaches)) == ("", {}, 3)
    assert all(np.isnan(one.optimum) for one in arm.approaches)
    text = to_markdown(comparison.report())
    assert "CE: no optimum, as it was not trained with" in text
    assert "| CE | — |" not in text


def test_without_any_problem_there_is_no_section(tmp_path: Path) -> None:
    """Where theory expects nothing of any arm, nothing more is shown."""
    comparison = compare(*make_arms(tmp_path, 1, epochs=(1, 2), penalty__lambda_w=0.0))
    assert comparison.optima == ()
    assert "optimum" not in [section.name for section in comparison.report().sections]
    assert comparison.to_dict()["optima"] == []


def test_runs_of_unequal_problems_have_no_common_optimum(folder: Path, tmp_path: Path) -> None:
    """Runs of one arm that say to have been trained on other numbers of samples are not averaged over problems."""
    for seed, samples in ((0, 60), (1, 30)):
        run = make_run(tmp_path / "mixed" / f"seed-{seed}", loss="ce", seed=seed, epochs=EPOCHS)
        said = {**read_manifest(str(run))["provenance"], "data": {"train": {"samples": samples}}}
        update_manifest(str(run), provenance=said)
    arm = compare(tmp_path / "mixed", folder / "bce").optima[0]
    assert arm.notes == ("no optimum, as its runs were trained on different problems",)
    assert all(np.isnan(one.optimum) for one in arm.approaches)
