"""What was measured beside what theory expects: which runs it is expected of, and the numbers."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from builders import make_run

from bceprobe.analysis import analyze
from bceprobe.analysis.optima import QUANTITIES, optima
from bceprobe.store.importing import import_npz
from bceprobe.store.manifest import read_manifest, update_manifest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PAPER: dict[str, Any] = {"classes": 10, "length": 12, "per_class": {"train": 4, "test": 2}, "epochs": (1, 3)}
TRAINING = {"loss": "bce", "lambda_w": 5e-4, "lambda_h": 5e-4, "batch_size": 12}


def found(*runs: Path) -> list[dict[str, Any]]:
    """The records of runs."""
    return optima(analyze(list(runs), ["bias", "scores"]), list(runs))


def known_samples(run: Path, samples: int, **provenance: Any) -> Path:
    """Let a run say how many samples it was trained on, and more."""
    before = read_manifest(str(run))["provenance"]
    update_manifest(str(run), provenance={**before, "data": {"train": {"samples": samples}}, **provenance})
    return run


def predicted(record: dict[str, Any]) -> list[Any]:
    """The predicted threshold and scores of a record."""
    return [record[f"predicted_{name}"] for name in QUANTITIES]


def test_ce_at_the_setting_of_the_paper(tmp_path: Path) -> None:
    """K = 10, B = 128 and all lambdas 5e-4 give 5.68 and -0.63, near the published figure, and the threshold 0."""
    first, last = found(make_run(tmp_path / "ce", loss="ce", **PAPER))
    rate = 9 * math.sqrt(12.8) * 5e-4
    delta = math.log(9 * (1 - rate) / rate)
    assert predicted(last) == pytest.approx([0, 0.9 * delta, -0.1 * delta], rel=1e-12)
    assert [round(value, 2) for value in predicted(last)] == [0, 5.68, -0.63]
    assert (last["regime"], last["notes"], last["problem"]["per_class"]) == ("etf", [], 12.8)
    assert (first["epoch"], last["epoch"], predicted(first)) == (1, 3, predicted(last))


def test_batches_larger_than_the_data_count_as_the_data(tmp_path: Path) -> None:
    """With 50 samples n is 5: beyond lambda_b* the optimum is that of FORMULAS.md, where Theorem 3.2 stops."""
    run = make_run(tmp_path / "bce", loss="bce", penalty__lambda_b=5e-3, **PAPER)
    record = found(known_samples(run, 50))[-1]
    assert predicted(record) == pytest.approx([0.2236068, 4.9313643, -5.8771910], abs=1e-7)
    assert record["regime"] == "shifted"
    assert "Theorem 3.2 does not hold" in record["statement"]


def test_distances_are_measured_minus_predicted(tmp_path: Path) -> None:
    """Measured values are those of the analysis on the train split; every record is JSON."""
    runs = [make_run(tmp_path / loss, loss=loss, epochs=(1, 2, 5)) for loss in ("ce", "bce")]
    dataset = analyze(runs, ["bias", "scores"])
    records = optima(dataset, runs)
    assert [(record["run"], record["split"], record["epoch"]) for record in records] == [
        (loss, "train", epoch) for loss in ("ce", "bce") for epoch in (1, 2, 5)
    ]
    for record in records:
        place = {name: record[name] for name in ("run", "split", "epoch")}
        for name, metric in QUANTITIES.items():
            assert record[f"measured_{name}"] == dataset[metric].sel(place).item()
            difference = record[f"measured_{name}"] - record[f"predicted_{name}"]
            assert record[f"distance_{name}"] == pytest.approx(difference, rel=1e-12)
    assert json.loads(json.dumps(records, allow_nan=False)) == records


def test_runs_are_found_as_the_analysis_finds_them(tmp_path: Path) -> None:
    """A folder, its runs, and a run that is given twice lead to the same records."""
    runs = [make_run(tmp_path / name / "seed-0", loss=name, epochs=[1]) for name in ("ce", "bce")]
    records = found(tmp_path)
    assert [record["run"] for record in records] == ["bce/seed-0", "ce/seed-0"]
    assert found(runs[1], runs[0], runs[1]) == records


def test_without_decay_the_threshold_of_ce_has_no_optimum(tmp_path: Path) -> None:
    """At lambda_b = 0 any threshold will do for CE: None, while its scores are predicted."""
    record = found(make_run(tmp_path / "ce", loss="ce", penalty__lambda_b=0.0))[-1]
    assert (record["predicted_threshold"], record["distance_threshold"]) == (None, None)
    assert record["predicted_positive_score"] > 0
    assert "any threshold" in record["statement"]


@pytest.mark.parametrize(
    "changed",
    [{"penalty__lambda_h": 0.0}, {"penalty__lambda_w": 0.0}, {"loss": "focal"}, {"loss__smoothing": 0.1}],
    ids=["no lambda_H", "no lambda_W", "other loss", "smoothed labels"],
)
def test_nothing_is_said_of_other_training(changed: dict[str, Any], tmp_path: Path) -> None:
    """Theory expects nothing without the regularisers of weight and features, or of another loss."""
    assert found(make_run(tmp_path / "run", **{"loss": "bce", **changed})) == []


def test_nothing_is_said_without_the_train_split(tmp_path: Path) -> None:
    """The optimum is about training data: an analysis of the test split has no records."""
    run = make_run(tmp_path / "run", loss="bce")
    assert optima(analyze(run, ["bias", "scores"], splits="test"), [run]) == []


def test_decay_of_sgd_is_a_regulariser_of_weight_and_threshold(tmp_path: Path) -> None:
    """SGD's weight decay does what lambda_W and lambda_b do, so it is added to them; features stay as they are."""
    decayed = make_run(tmp_path / "decay", loss="bce", optim__weight_decay=3e-4)
    penalised = make_run(tmp_path / "penalty", loss="bce", penalty__lambda_w=8e-4, penalty__lambda_b=8e-4)
    one, other = (found(run)[-1] for run in (decayed, penalised))
    assert one["problem"].pop("loss") == other["problem"].pop("loss")
    assert one["problem"] == pytest.approx(other["problem"], rel=1e-12)
    assert predicted(one) == pytest.approx(predicted(other), rel=1e-9)


def test_decay_of_adamw_is_none(tmp_path: Path) -> None:
    """AdamW's decay is decoupled from the loss: nothing is predicted, and a note says why; without it all is."""
    decayed = make_run(tmp_path / "decay", loss="bce", optim__name="adamw", optim__weight_decay=0.05)
    record = found(decayed)[-1]
    assert predicted(record) == [None] * 3
    assert record["notes"] == ["no optimum, as the weight decay of adamw is no regulariser of (3)"]
    assert None not in predicted(found(make_run(tmp_path / "none", loss="bce", optim__name="adamw"))[-1])


def unequal(folder: Path, counts: Sequence[int], length: int = 4) -> dict[str, Any]:
    """The record of an imported run whose classes have these numbers of samples."""
    target = np.repeat(np.arange(len(counts)), counts)
    means = 3 * np.eye(len(counts), length)
    np.savez(folder / "a.npz", features=means[target], target=target, weight=means)
    return found(import_npz(folder / "a.npz", folder / "run", {"training": TRAINING}))[0]


@pytest.mark.parametrize("counts", [(4, 4, 4), (6, 5, 4)])
def test_classes_of_about_one_size_are_balanced(counts: Sequence[int], tmp_path: Path) -> None:
    """Up to 1.5 times the samples of the smallest class the largest may have; a provenance can say the rest."""
    record = unequal(tmp_path, counts)
    assert (record["regime"], record["problem"]["per_class"], record["notes"]) == ("etf", 4, [])


@pytest.mark.parametrize("counts", [(7, 5, 4), (6, 6, 0)])
def test_unbalanced_classes_have_no_optimum(counts: Sequence[int], tmp_path: Path) -> None:
    """The theorem is about balanced data: elsewhere values are measured, not predicted, and a note says why."""
    record = unequal(tmp_path, counts)
    assert (record["regime"], record["statement"], predicted(record)) == (None, None, [None] * 3)
    assert record["measured_positive_score"] == pytest.approx(9)
    (note,) = record["notes"]
    assert note.startswith(f"no optimum, as its classes have {min(counts)} to {max(counts)} samples")


def test_too_short_features_have_no_optimum_that_is_known(tmp_path: Path) -> None:
    """For d < K - 1 there is no closed form: the regime is unknown, and the statement says so."""
    record = unequal(tmp_path, (4, 4, 4), length=1)
    assert (record["regime"], predicted(record)) == ("unknown", [None] * 3)
    assert "no closed form is known" in record["statement"]


def forecastable(folder: Path, *, rates: str = "1,0.1\n2,0.1\n3,0.02\n4,0.02\n", **changes: Any) -> Path:
    """A run of CE by SGD in four steps per epoch that recorded its start, and its learning rates."""
    settings = {"loss": "ce", "epochs": (1, 2, 4), "optim__batch_size": 32, "penalty__lambda_b": 0.01, **changes}
    run = known_samples(make_run(folder / "run", **settings), 100, initial_bias_mean=-8.0)
    (run / "history.csv").write_text(f"epoch,lr\n{rates}")
    return run


def test_the_mean_threshold_of_ce_is_forecast(tmp_path: Path) -> None:
    """It is what step after step of decay with momentum makes of the initial one, at the rates of history.csv."""
    records = found(forecastable(tmp_path, optim__weight_decay=0.005))
    mean, speed, after = 8.0, 0.0, {}
    for epoch, rate in enumerate((0.1, 0.1, 0.02, 0.02), start=1):
        for _ in range(math.ceil(100 / 32)):
            speed = 0.9 * speed + 0.015 * mean
            mean -= rate * speed
        after[epoch] = mean
    for record in records:
        assert record["forecast_threshold"] == pytest.approx(after[record["epoch"]], rel=1e-12)
        expected = record["measured_threshold"] - record["forecast_threshold"]
        assert record["forecast_distance"] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("changed", [{"loss": "bce"}, {"optim__name": "adamw"}])
def test_no_other_loss_or_optimizer_is_forecast(changed: dict[str, Any], tmp_path: Path) -> None:
    """Only CE's gradients cancel over the classes, and only SGD's decay is a linear recursion."""
    assert {record["forecast_threshold"] for record in found(forecastable(tmp_path, **changed))} == {None}


def test_no_forecast_without_an_initial_mean(tmp_path: Path) -> None:
    """Runs that did not record it are only set beside their optimum."""
    run = forecastable(tmp_path)
    known_samples(run, 100, initial_bias_mean=None)
    assert {(record["forecast_threshold"], record["regime"]) for record in found(run)} == {(None, "etf")}


def test_a_forecast_ends_where_a_rate_is_missing(tmp_path: Path) -> None:
    """Without the rate of an epoch nothing can be said from then on."""
    records = found(forecastable(tmp_path, rates="1,0.1\n2,0.1\n4,0.02\n"))
    assert [record["forecast_threshold"] is None for record in records] == [False, False, True]


def test_a_damaged_history_only_costs_the_forecast(tmp_path: Path) -> None:
    """A file that cannot be read is told; the optimum does not need it."""
    record = found(forecastable(tmp_path, rates="1,much\n"))[-1]
    assert (record["forecast_threshold"], record["regime"]) == (None, "etf")
    assert "history.csv has no readable columns epoch and lr" in record["notes"][0]
