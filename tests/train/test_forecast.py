"""The forecast of CE's mean bias, which takes no data, against real training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from train_cases import Stopping, small_settings

from bceprobe import open_run
from bceprobe.analysis import analyze
from bceprobe.analysis.optima import optima
from bceprobe.errors import TrainingInterruptedError
from bceprobe.train import train
from bceprobe.train.session import make_session

if TYPE_CHECKING:
    from pathlib import Path

CASES = {
    "momentum and steps": {"model__bias_mean": 10.0, "penalty__lambda_b": 5e-3, "optim__lr": 0.05},
    "no momentum, a part of a batch, weight decay": {
        "model__bias_mean": 5.0,
        "penalty__lambda_b": 2e-2,
        "optim__lr": 0.1,
        "optim__momentum": 0.0,
        "optim__batch_size": 37,
        "optim__weight_decay": 1e-2,
    },
    "no decay": {"model__bias_mean": 5.0, "penalty__lambda_b": 0.0},
}


def records(folder: Path) -> list[dict[str, Any]]:
    """What is known of a run after each epoch."""
    return optima(analyze(folder, ["bias", "scores"]), [folder])


@pytest.mark.parametrize("case", CASES)
def test_ce_follows_the_forecast(case: str, tmp_path: Path) -> None:
    """After every epoch the stored mean bias is the forecast to 1e-5 of the initial one, across a milestone."""
    train(small_settings(loss__name="ce", **CASES[case]), tmp_path / "run")
    found, start = records(tmp_path / "run"), CASES[case]["model__bias_mean"]
    assert [record["epoch"] for record in found] == [1, 2, 3, 4, 5]
    bias = open_run(tmp_path / "run").array("classifier", "bias")[:].mean(axis=1, dtype=np.float64)
    forecast = np.array([record["forecast_threshold"] for record in found])
    np.testing.assert_allclose(-bias, forecast, rtol=0, atol=1e-5 * start)
    moved = start - forecast
    assert (moved > 0.01 * start).any() == (case != "no decay")


def test_bce_does_not(tmp_path: Path) -> None:
    """The same rule on BCE's own start is off by far: its thresholds do feel the data."""
    settings = CASES["momentum and steps"]
    for loss in ("ce", "bce"):
        train(small_settings(loss__name=loss, **settings), tmp_path / loss)
    starts = [open_run(tmp_path / loss).manifest["provenance"]["initial_bias_mean"] for loss in ("ce", "bce")]
    assert starts[0] == starts[1]
    ce, bce = (records(tmp_path / loss)[-1] for loss in ("ce", "bce"))
    assert bce["forecast_threshold"] is None
    assert abs(bce["measured_threshold"] - ce["forecast_threshold"]) > 1e-3 * 10


def test_the_initial_mean_is_that_of_the_untrained_classifier(tmp_path: Path) -> None:
    """run.json has the float64 mean of the initial float32 biases, in PyTorch's sign."""
    settings = small_settings(model__bias_mean=3.0, optim__epochs=1, optim__milestones=[])
    bias = make_session(settings).classifier.bias.detach().numpy()
    train(settings, tmp_path / "run")
    recorded = open_run(tmp_path / "run").manifest["provenance"]["initial_bias_mean"]
    assert recorded == bias.astype(np.float64).mean()
    assert recorded == pytest.approx(-3, abs=0.3)


def test_a_resumed_run_keeps_its_start_and_its_forecast(tmp_path: Path) -> None:
    """Both processes record the same initial mean, and CE goes on as forecast from it."""
    settings = small_settings(loss__name="ce", **CASES["momentum and steps"])
    with pytest.raises(TrainingInterruptedError):
        train(settings, tmp_path / "run", watch=Stopping())
    train(settings, tmp_path / "run", resume=True)
    manifest = open_run(tmp_path / "run").manifest
    assert manifest["provenance"]["initial_bias_mean"] == manifest["resumed"][0]["initial_bias_mean"]
    found = records(tmp_path / "run")
    assert len(found) == 5
    assert max(abs(record["forecast_distance"]) for record in found) < 1e-4
