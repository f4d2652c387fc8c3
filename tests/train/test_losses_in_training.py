"""Every registered loss trains, with smoothed labels too, and what is measured says which loss it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import torch
from train_cases import small_settings

from bceprobe import analyze, open_run
from bceprobe.errors import UsageError
from bceprobe.losses import LOSSES, class_weights, make_loss
from bceprobe.train import train
from bceprobe.train.session import make_session

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("name", list(LOSSES))
def test_training_with_a_loss_learns(name: str, smoothing: float, tmp_path: Path) -> None:
    """After a few epochs most digits are classified, whatever the loss."""
    settings = small_settings(loss__name=name, loss__smoothing=smoothing, optim__lr=0.05)
    run = open_run(train(settings, tmp_path / "run"))
    accuracy = analyze(run, "accuracy", splits=["train"], epochs="last")["accuracy"]
    assert float(accuracy.squeeze()) > 0.8


def test_smoothed_labels_are_another_loss(tmp_path: Path) -> None:
    """Gradients of scores are those of plain CE and BCE: with smoothed labels they are left out, and a note says so."""
    run = train(small_settings(loss__smoothing=0.1, optim__epochs=1, optim__milestones=[]), tmp_path / "run")
    found = analyze(run, "updates")
    assert np.isnan(found["positive_amplitude_mean"].values).all()
    assert any("bce with label smoothing 0.1" in line for line in found.attrs["notes"])


def test_a_class_balanced_loss_weighs_by_the_counts_of_the_training_split() -> None:
    """The loss of a run on a long tail is the weighed one, with the effective numbers of the classes as trained."""
    settings = small_settings(loss__class_balanced=0.99, data__imbalance_factor=10)
    session = make_session(settings)
    counts = torch.bincount(session.train.target, minlength=10)
    assert counts.tolist() == [30, 23, 17, 13, 10, 8, 6, 5, 3, 3]
    logits, target = torch.randn(10, 10, generator=torch.Generator().manual_seed(0)), torch.arange(10)
    expected = make_loss("bce")(logits, target, class_weights(counts, 0.99))
    assert session.loss(logits, target) == expected
    assert expected != make_loss("bce")(logits, target)


def test_class_balance_is_another_loss(tmp_path: Path) -> None:
    """Where classes are weighed, gradients of scores are not those of plain BCE, and a note says so."""
    settings = small_settings(loss__class_balanced=0.9, optim__epochs=1, optim__milestones=[])
    found = analyze(train(settings, tmp_path / "run"), "updates")
    assert np.isnan(found["positive_amplitude_mean"].values).all()
    assert any("bce with class balance 0.9" in line for line in found.attrs["notes"])


def test_options_of_a_loss_are_settings(tmp_path: Path) -> None:
    """Options stand beside the name in config.toml; a wrong one is refused before anything is written."""
    settings = small_settings(loss__name="focal", loss__gamma=1.5, optim__epochs=1, optim__milestones=[])
    folder = train(settings, tmp_path / "run")
    assert open_run(folder).settings["loss"] == {
        "name": "focal",
        "smoothing": 0.0,
        "class_balanced": 0.0,
        "gamma": 1.5,
    }
    with pytest.raises(UsageError, match="loss ce has no option 'gamma'"):
        train(small_settings(loss__name="ce", loss__gamma=1.5), tmp_path / "other")
    assert not (tmp_path / "other").exists()
