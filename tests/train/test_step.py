"""Steps that are taken only on finite losses, and losses that are looked at now and then."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
import torch
from train_cases import history, small_settings, stored_bytes

from bceprobe import open_run
from bceprobe.errors import DivergedError
from bceprobe.train import step, train
from bceprobe.train.session import make_session
from bceprobe.train.step import Losses, take_step

if TYPE_CHECKING:
    from pathlib import Path

CPU = torch.device("cpu")
DIVERGING = {"optim__milestones": [1], "optim__factor": 1e30}


@pytest.fixture
def rarely(monkeypatch: pytest.MonkeyPatch) -> None:
    """Losses that are looked at after the first batch and after the last one only, as on a fast GPU."""
    monkeypatch.setitem(step.PAUSES, "cpu", 1e9)


@pytest.mark.parametrize("optimizer", ["sgd", "adamw"])
@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_no_step_is_taken_on_a_loss_that_is_not_finite(optimizer: str, value: float) -> None:
    """Weights and the optimizer's state stay to the bit, also where the gradients of such a loss are finite."""
    session = make_session(small_settings(optim__name=optimizer))
    batch = session.train.batch(torch.arange(32))
    take_step(session, *batch)
    before = [parameter.clone() for parameter in session.model.parameters()]
    state = str(session.optimizer.state_dict())
    broken = replace(session, loss=lambda logits, _target: logits.sum() + value)
    assert str(float(take_step(broken, *batch))) == str(value)
    assert all(map(torch.equal, session.model.parameters(), before))
    assert str(session.optimizer.state_dict()) == state
    take_step(session, *batch)
    assert not any(map(torch.equal, session.model.parameters(), before))


def test_losses_are_summed_over_samples() -> None:
    """The sum weighs each batch by its samples, and the last loss is the one just added."""
    losses = Losses(CPU)
    assert losses.add(torch.tensor(2.0), 3)
    assert losses.add(torch.tensor(0.5), 1)
    assert (losses.sum, losses.last) == (6.5, 0.5)


def test_a_look_finds_what_came_before_it(rarely: None) -> None:
    """Between looks losses cost nothing and none is lost: the sum stays not finite whatever comes after."""
    del rarely
    losses = Losses(CPU)
    assert all(losses.add(torch.tensor(value), 2) for value in (1.0, math.inf, 3.0))
    assert (losses.sum, losses.last) == (math.inf, 1.0)


def test_looking_rarely_changes_no_result(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether losses are looked at after every batch or once per epoch, the run is the same to the bit."""
    often = train(small_settings(optim__epochs=2), tmp_path / "often")
    monkeypatch.setitem(step.PAUSES, "cpu", 1e9)
    rarely = train(small_settings(optim__epochs=2), tmp_path / "rarely")
    assert stored_bytes(rarely) == stored_bytes(often)
    assert history(rarely) == history(often)


def test_divergence_between_looks_saves_nothing_of_it(tmp_path: Path, rarely: None) -> None:
    """A loss that is not finite is found at the end of its epoch at the latest; the checkpoint is the one before."""
    del rarely
    with pytest.raises(DivergedError, match=r"the loss is (nan|inf) in epoch 2; epochs up to 1 are kept"):
        train(small_settings(**DIVERGING), tmp_path / "run")
    run = open_run(tmp_path / "run")
    assert (run.epochs("train"), run.manifest["status"]) == ([1], "diverged")
    state = torch.load(tmp_path / "run" / "checkpoints" / "last.pt", weights_only=True)
    assert state["epoch"] == 1
    assert all(value.isfinite().all() for value in state["model"].values())
