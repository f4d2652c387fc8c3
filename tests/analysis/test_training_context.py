"""What an analysis knows of the training of a run, from where, and what it says where it does not know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from builders import make_run
from topic_keys import KEYS
from torch.utils.data import DataLoader, TensorDataset

from bceprobe import Recorder
from bceprobe.analysis import analyze
from bceprobe.analysis.context import Context
from bceprobe.errors import StoreCorruptError
from bceprobe.snapshot import Training
from bceprobe.store import open_run
from bceprobe.store.importing import import_npz
from bceprobe.store.manifest import update_manifest

if TYPE_CHECKING:
    from pathlib import Path

    import xarray as xr

SAID = {"loss": "bce", "learning_rate": 0.1}
CHANGES = [name for name in KEYS["updates"] if "change" in name]


def imported(folder: Path, **training: Any) -> Path:
    """Import two epochs of features of three classes; `training` is what provenance says."""
    source = np.random.default_rng(0)
    arrays = {"target": np.repeat(np.arange(3), 8), "weight": np.eye(3, 5), "bias": np.arange(3.0)}
    np.savez(folder / "a.npz", features=source.normal(size=(2, 24, 5)), **arrays)  # type: ignore[arg-type]
    return import_npz(folder / "a.npz", folder / "run", {"training": training} if training else None)


def recorded(folder: Path, training: dict[str, Any] | None) -> Path:
    """Record two epochs of a linear model with BCE in a plain loop."""
    torch.manual_seed(0)
    inputs, target = torch.randn(60, 4), torch.arange(60) % 3
    loader = DataLoader(TensorDataset(inputs, target), batch_size=20)
    classifier = torch.nn.Linear(6, 3)
    model = torch.nn.Sequential(torch.nn.Linear(4, 6), torch.nn.ReLU(), classifier)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    provenance = {"training": training} if training else None
    with Recorder(folder / "run", classifier=classifier, epochs=2, provenance=provenance) as recorder:
        for epoch in (1, 2):
            for batch, labels in loader:
                optimizer.zero_grad()
                hot = torch.nn.functional.one_hot(labels, 3).float()
                loss = torch.nn.functional.binary_cross_entropy_with_logits(model(batch), hot)
                loss.backward()  # type: ignore[no-untyped-call]
                optimizer.step()
            recorder.capture(model, loader, split="train", epoch=epoch)
    return folder / "run"


def undefined(result: xr.Dataset, epoch: int) -> set[str]:
    """The metrics that are undefined at an epoch of the train split."""
    return {name for name in KEYS["updates"] if np.isnan(result[name].sel(split="train", epoch=epoch).item())}


def test_imported_features_have_no_updates(tmp_path: Path) -> None:
    """Neither loss nor learning rates are known: every value is undefined, and one note says so."""
    result = analyze(imported(tmp_path), "updates")
    assert undefined(result, 1) == undefined(result, 2) == set(KEYS["updates"])
    assert result.attrs["notes"] == [
        "run: its loss, settings and learning rates are not known: no gradients, amplitudes and alpha"
    ]
    assert analyze(tmp_path / "run", "nc").attrs["notes"] == []


def test_a_recorder_run_can_say_how_it_was_trained(tmp_path: Path) -> None:
    """With loss and learning rate in the provenance, updates are numbers: changes from the second epoch on."""
    result = analyze(recorded(tmp_path, SAID | {"batch_size": 20}), "updates")
    assert undefined(result, 1) == set(CHANGES)
    assert undefined(result, 2) == set()
    assert result.attrs["notes"] == []


def test_without_its_batch_size_only_thresholds_are_not_predicted(tmp_path: Path) -> None:
    """Loss and learning rate suffice for scores; the steps of an epoch are needed for thresholds."""
    result = analyze(recorded(tmp_path, SAID), "updates")
    assert undefined(result, 2) == {"threshold_change_slope", "threshold_change_correlation"}


def test_a_recorder_run_that_says_nothing(tmp_path: Path) -> None:
    """Without provenance about training a recorded run is like imported features."""
    result = analyze(recorded(tmp_path, None), "updates")
    assert undefined(result, 2) == set(KEYS["updates"])
    assert len(result.attrs["notes"]) == 1


def test_imported_features_can_say_how_they_were_trained(tmp_path: Path) -> None:
    """Provenance given to the import counts as well; the samples are those of the train split."""
    run = imported(tmp_path, loss="ce", learning_rate=0.5, batch_size=8, lambda_w=1e-4, optimizer="sgd")
    context = Context(open_run(run))
    expected = Training("ce", lambda_w=1e-4, batch_size=8, samples=24, learning_rate=0.5)
    assert context.at(2, 1) == expected
    assert context.at(1, None) == Training("ce", lambda_w=1e-4, batch_size=8, samples=24)
    assert expected.steps == 3
    assert list(context.missing(change=True)) == []


def test_learning_rates_are_summed_over_the_epochs_between(tmp_path: Path) -> None:
    """From one captured epoch to the next the rates of history.csv add up; without one of them the sum is unknown."""
    run = make_run(tmp_path / "run", loss="bce", epochs=[2, 5])
    (run / "history.csv").write_text("epoch,lr\n3,0.5\n4,0.25\n5,0.125\n")
    context = Context(open_run(run))
    (later, first, unknown) = (context.at(5, 2), context.at(2, None), context.at(5, 1))
    assert (later and later.learning_rate) == 0.875
    assert (first and first.learning_rate) is None
    assert (unknown and unknown.learning_rate) is None


def test_a_constant_rate_counts_for_every_epoch_between(tmp_path: Path) -> None:
    """The one number of a provenance is that of each epoch."""
    found = Context(open_run(imported(tmp_path, **SAID))).at(7, 3)
    assert found is not None
    assert found.learning_rate == pytest.approx(0.4)


def test_rates_in_a_file_serve_recorded_runs_too(tmp_path: Path) -> None:
    """A loop with a schedule writes history.csv; then provenance need not name a rate."""
    run = imported(tmp_path, loss="bce")
    notes = analyze(run, "updates").attrs["notes"]
    assert notes == ["run: its learning rates are not known: changes of scores and thresholds are not predicted"]
    (run / "history.csv").write_text("epoch,lr\n1,0.2\n2,0.1\n")
    result = analyze(run, "updates")
    assert result.attrs["notes"] == []
    assert np.isfinite(result["positive_change_slope"].sel(epoch=2).item())


def test_another_loss_has_no_gradients(tmp_path: Path) -> None:
    """Gradients are those of CE and BCE; for another loss they are undefined, and a note says so."""
    result = analyze(imported(tmp_path, loss="mse", learning_rate=0.1), ["bias", "updates"])
    assert undefined(result, 2) == set(KEYS["updates"])
    assert np.isnan(result["bias_gradient_norm"].values).all()
    assert result.attrs["notes"] == ["run: its loss is 'mse': gradients and amplitudes are for ce and bce alone"]


@pytest.mark.parametrize("value", ["0.1", -1.0, True, [0.1, 0.2]])
def test_what_is_no_number_is_refused(value: Any, tmp_path: Path) -> None:
    """A provenance that gives something else for a number is an error that names it and its value."""
    run = imported(tmp_path, loss="bce")
    update_manifest(str(run), provenance={"training": {"loss": "bce", "learning_rate": value}})
    with pytest.raises(StoreCorruptError, match=r"training learning_rate as .* no number from 0 on"):
        Context(open_run(run))


def test_a_damaged_history_stops_only_what_needs_it(tmp_path: Path) -> None:
    """Learning rates are read for changes alone: every other topic works without the file."""
    run = make_run(tmp_path / "run", loss="bce")
    (run / "history.csv").write_text("epoch,lr\n1,much\n")
    assert np.isfinite(analyze(run, ["nc", "bias"])["alpha"].values).any()
    with pytest.raises(StoreCorruptError, match=r"history\.csv has no readable columns epoch and lr"):
        analyze(run, "updates")


@pytest.mark.parametrize(
    ("settings", "name"),
    [
        ({"loss__smoothing": 0.1}, "bce with label smoothing 0.1"),
        ({"augment__mixup": 0.8, "augment__cutmix": 1.0}, "bce with mixup 0.8, cutmix 1"),
        ({"augment__mixup": 0.8, "augment__mix_probability": 0.0}, "bce"),
    ],
)
def test_soft_targets_make_another_loss(settings: dict[str, Any], name: str, tmp_path: Path) -> None:
    """Gradients and optima are those of labels: with smoothed or mixed ones the loss has another name."""
    training = Context(open_run(make_run(tmp_path / "run", loss="bce", **settings))).training
    assert (training and training.loss) == name


@pytest.mark.parametrize(
    "said", ["none", {"training": [1]}, {"data": {"train": 3}}, {"data": {"train": {"samples": "x"}}}]
)
def test_what_is_no_table_is_told(tmp_path: Path, said: Any) -> None:
    """A run.json whose provenance is of another type is an error in a line that names the place."""
    run = make_run(tmp_path / "run", epochs=[1])
    (run / "config.toml").unlink()
    update_manifest(str(run), provenance=said)
    with pytest.raises(StoreCorruptError, match="run"):
        Context(open_run(run))
