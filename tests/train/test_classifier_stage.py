"""The second stage on a long tail: the classifier of a run is retrained on its frozen features."""

from __future__ import annotations

import hashlib
import json
import shutil
import tomllib
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from builders import make_run
from scipy.special import softmax
from train_cases import Stopping, history, small_settings, stored_bytes

from bceprobe import open_run
from bceprobe.errors import BceProbeError, StoreCorruptError, TrainingInterruptedError, UsageError
from bceprobe.store.importing import import_npz
from bceprobe.store.validate import validate
from bceprobe.train import make_plan, train
from bceprobe.train.session import make_session

if TYPE_CHECKING:
    from pathlib import Path

TAIL: dict[str, Any] = {"data__imbalance_factor": 10, "loss__name": "ce", "optim__lr": 0.05, "model__width": 32}


def first_settings(**changes: Any) -> Any:
    """Settings of the first stage."""
    return small_settings(**{**TAIL, "optim__epochs": 3, "optim__milestones": [], **changes})


def second_settings(source: Path, **changes: Any) -> Any:
    """Settings of the second stage."""
    stage = {
        "model__weights": str(source),
        "model__bias_init": "keep",
        "optim__parameters": "classifier",
        "loss__class_balanced": 0.9,
        "optim__epochs": 4,
        "optim__lr": 0.1,
        **dict.fromkeys(("penalty__lambda_w", "penalty__lambda_h", "penalty__lambda_b"), 0.0),
    }
    return first_settings(**{**stage, **changes})


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished first stage."""
    return train(first_settings(), tmp_path_factory.mktemp("stages") / "first")


@pytest.fixture(scope="module")
def second(first: Path) -> Path:
    """A finished second stage."""
    return train(second_settings(first), first.parent / "second")


def weights(folder: Path, name: str = "last.pt") -> dict[str, torch.Tensor]:
    """The model of a checkpoint."""
    model: dict[str, torch.Tensor] = torch.load(folder / "checkpoints" / name, weights_only=True)["model"]
    return model


def test_all_but_the_classifier_stays_as_it_was(first: Path, second: Path) -> None:
    """Weights and statistics of batch normalisation are those of the first stage, bit for bit; the last layer moved."""
    before, after = weights(first), weights(second)
    changed = [name for name in before if not torch.equal(before[name], after[name])]
    assert changed == list(before)[-2:]


def test_features_are_those_of_the_first_stage_in_every_epoch(first: Path, second: Path) -> None:
    """Each captured epoch has the features that the first stage ended with."""
    run = open_run(second)
    for split in ("train", "test"):
        source = open_run(first).snapshot(3, split).features[:]
        features = [run.snapshot(epoch, split).features[:] for epoch in run.epochs(split)]
        np.testing.assert_allclose(features[0], source, rtol=1e-5, atol=1e-6)
        assert len(features) == 4
        assert all(np.array_equal(features[0], other) for other in features[1:])
    assert validate(second) == []


def test_the_classifier_is_that_of_gradient_descent_on_stored_features(first: Path, tmp_path: Path) -> None:
    """With one batch per epoch it equals, in float64 and by the closed form of the gradient, momentum on weighed CE."""
    settings = second_settings(first, optim__batch_size=200, optim__weight_decay=0.05)
    run, start = open_run(train(settings, tmp_path / "run")), open_run(first).snapshot(3)
    features, target = np.asarray(start.features[:], float), start.target
    counts = np.bincount(target)
    assert len(target) <= 200
    raw = (1 - 0.9) / (1 - 0.9**counts)
    sample = (raw * 10 / raw.sum())[target]
    inputs = np.hstack([features, np.ones((len(target), 1))])
    layer, momentum = np.c_[start.weight, np.asarray(start.bias)].astype(float), 0.0
    for epoch in range(1, 5):
        error = sample[:, None] * (softmax(inputs @ layer.T, axis=1) - np.eye(10)[target]) / len(target)
        momentum = 0.9 * momentum + error.T @ inputs + 0.05 * layer
        layer = layer - 0.1 * momentum
        stored = run.snapshot(epoch)
        np.testing.assert_allclose(stored.weight, layer[:, :-1], rtol=2e-4, atol=2e-5)
        np.testing.assert_allclose(np.asarray(stored.bias), layer[:, -1], rtol=2e-4, atol=2e-5)


def test_balance_helps_the_tail(first: Path, second: Path, tmp_path: Path) -> None:
    """Samples of the rarest classes of the test split get more of the probability than without balance."""
    plain, shares = train(second_settings(first, loss__class_balanced=0.0), tmp_path / "plain"), []
    for run in (plain, second):
        last = open_run(run).snapshot(4, "test")
        probability = softmax(last.features[:] @ last.weight.T + np.asarray(last.bias), axis=1)
        shares.append(np.take_along_axis(probability, last.target[:, None], 1)[last.target >= 7].mean())
    assert shares[1] > 1.2 * shares[0]


def test_run_json_tells_where_the_weights_are_from(first: Path, second: Path) -> None:
    """The run, its settings, the epoch by which criterion and the file's checksum are recorded; the bias is kept."""
    provenance = open_run(second).manifest["provenance"]
    file = first / "checkpoints" / "last.pt"
    assert provenance["weights"] == {
        "given": str(first),
        "file": "checkpoints/last.pt",
        "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
        "epoch": 3,
        "criterion": "last epoch",
        "settings": tomllib.loads((first / "config.toml").read_text()),
    }
    bias = float(list(weights(first).values())[-1].double().mean())
    assert provenance["initial_bias_mean"] == pytest.approx(bias)


def test_the_best_epoch_of_a_run_is_where_the_next_stage_starts(tmp_path: Path) -> None:
    """From a run whose best epoch counts its weights of that epoch are taken."""
    source = train(
        first_settings(select="best", optim__epochs=4, optim__milestones=[3], optim__factor=20.0), tmp_path / "first"
    )
    found = open_run(source).selection
    assert found is not None
    assert found.epoch < 4
    session = make_session(second_settings(source))
    assert torch.equal(session.classifier.weight, list(weights(source, "best.pt").values())[-2])
    assert session.origin["weights"]["epoch"] == found.epoch


def test_resuming_needs_no_first_stage(first: Path, second: Path, tmp_path: Path) -> None:
    """Interrupted in the third epoch and resumed after its source is gone, a run ends with the same bytes."""
    source = tmp_path / "first"
    shutil.copytree(first, source)
    settings = second_settings(source)
    with pytest.raises(TrainingInterruptedError):
        train(settings, tmp_path / "run", watch=Stopping())
    shutil.rmtree(source)
    train(settings, tmp_path / "run", resume=True)
    same = stored_bytes(second)
    del same["config.toml"]
    assert {name: content for name, content in stored_bytes(tmp_path / "run").items() if name != "config.toml"} == same
    assert history(tmp_path / "run") == history(second)
    assert open_run(tmp_path / "run").manifest["provenance"]["weights"]["epoch"] == 3


def test_augmented_images_pass_through_the_frozen_model(first: Path, tmp_path: Path) -> None:
    """With augmentation features differ from batch to batch; the model around the classifier still stays as it is."""
    folder = train(second_settings(first, augment__crop=1, optim__epochs=1), tmp_path / "run")
    before, after = weights(first), weights(folder)
    assert [name for name in before if not torch.equal(before[name], after[name])] == list(before)[-2:]


def test_a_fresh_classifier_keeps_only_the_features(first: Path) -> None:
    """With a fresh classifier the rest of the model is that of the weights, and the last layer is a new one."""
    session = make_session(second_settings(first, model__bias_init="mean", model__fresh_classifier=True))
    before, now = weights(first), session.model.state_dict()
    assert [name for name in before if not torch.equal(before[name], now[name])] == list(before)[-2:]


def test_weights_for_other_classes_can_start_a_new_classifier_alone(first: Path, tmp_path: Path) -> None:
    """Features serve another data set, but thresholds of other classes cannot be kept."""
    other = {"data__name": "synthetic", "data__classes": 4, "data__limit_per_class": 20, "data__imbalance_factor": 1}
    with pytest.raises(UsageError, match="are for other classes, and have no thresholds for the 4"):
        train(second_settings(first, **other), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def copied(first: Path, folder: Path) -> Path:
    """A copy of the first stage to break."""
    shutil.copytree(first, folder)
    return folder


def unfinished(first: Path, folder: Path) -> Path:
    """A first stage that was interrupted."""
    manifest = copied(first, folder) / "run.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"status": "interrupted"}))
    return folder


def without_checkpoint(first: Path, folder: Path) -> Path:
    """A first stage whose checkpoint was deleted."""
    (copied(first, folder) / "checkpoints" / "last.pt").unlink()
    return folder


def torn(first: Path, folder: Path) -> Path:
    """A first stage whose checkpoint is torn."""
    file = copied(first, folder) / "checkpoints" / "last.pt"
    file.write_bytes(file.read_bytes()[:1000])
    return folder


def imported(_first: Path, folder: Path) -> Path:
    """A run that only holds features."""
    file = folder.with_suffix(".npz")
    np.savez(file, features=np.eye(6), target=np.arange(6) % 3, weight=np.eye(3, 6))
    import_npz(file, folder)
    return folder


def elsewhere(_first: Path, folder: Path) -> Path:
    """A finished run with settings, but without a checkpoint of its own."""
    return make_run(folder)


def absent(_first: Path, folder: Path) -> Path:
    """No run at all."""
    return folder


@pytest.mark.parametrize(
    ("broken", "error", "says"),
    [
        (unfinished, UsageError, r"is no finished run \(it is interrupted\)\. Finish it: bceprobe train --resume"),
        (without_checkpoint, StoreCorruptError, r"last\.pt is missing"),
        (torn, StoreCorruptError, r"last\.pt cannot be read: "),
        (imported, UsageError, "was not trained by bceprobe: it has no weights"),
        (elsewhere, StoreCorruptError, r"last\.pt is missing"),
        (absent, UsageError, r"no weights .*Give a run, or a"),
    ],
)
def test_what_is_no_first_stage_is_refused(
    broken: Any, error: type[BceProbeError], says: str, first: Path, tmp_path: Path
) -> None:
    """Each broken source is one line that says what it lacks, before anything is written."""
    source = broken(first, tmp_path / "source")
    with pytest.raises(error, match=says):
        train(second_settings(source), tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_another_model_is_refused(first: Path, tmp_path: Path) -> None:
    """Weights of another width are named, also by a dry run."""
    for start in (lambda settings: train(settings, tmp_path / "run"), make_plan):
        with pytest.raises(UsageError, match="are of another model"):
            start(second_settings(first, model__width=16))
