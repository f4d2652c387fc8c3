"""Schedules, random streams and batches against independent definitions."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR, MultiStepLR
from train_cases import small_settings

from bceprobe.datasets import load
from bceprobe.settings import OptimSettings, resolve
from bceprobe.train.batches import DeviceSplit, Ordered
from bceprobe.train.determinism import choose_device, generator, seeded, stream_seed
from bceprobe.train.optim import learning_rate, make_optimizer
from bceprobe.train.session import build_model, make_session

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch.optim import Optimizer
    from torch.optim.lr_scheduler import LRScheduler

SCHEDULERS: dict[str, Callable[[Optimizer], LRScheduler]] = {
    "step": lambda optimizer: MultiStepLR(optimizer, milestones=[30, 60, 80], gamma=0.2),
    "cosine": lambda optimizer: CosineAnnealingLR(optimizer, T_max=100, eta_min=1e-5),
}


@pytest.mark.parametrize("schedule", SCHEDULERS)
def test_schedules_equal_torchs(schedule: Any) -> None:
    """Epoch by epoch the learning rate is that of torch's scheduler, stepped once per epoch."""
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=0.01)
    scheduler = SCHEDULERS[schedule](optimizer)
    for epoch in range(1, 101):
        expected = optimizer.param_groups[0]["lr"]
        assert math.isclose(learning_rate(OptimSettings(schedule=schedule), epoch), expected, rel_tol=1e-9)
        optimizer.step()
        scheduler.step()


def test_step_schedule_gives_the_published_forecast_of_the_mean_ce_bias() -> None:
    """Decay alone takes CE's mean bias from 10 to 4.204 at lambda_b = 5e-4 (FORMULAS.md, Mini-batches)."""
    bias, velocity, settings = 10.0, 0.0, OptimSettings()
    for epoch in range(1, 101):
        for _ in range(469):
            velocity = settings.momentum * velocity + 5e-4 * bias
            bias -= learning_rate(settings, epoch) * velocity
    assert round(bias, 3) == 4.204


@pytest.mark.parametrize(("name", "kind"), [("sgd", torch.optim.SGD), ("adamw", torch.optim.AdamW)])
def test_optimizers_take_their_settings(name: str, kind: type[Optimizer]) -> None:
    """Optimizer, weight decay and momentum are those of the settings, over all parameters."""
    model = nn.Linear(3, 2)
    settings, _ = resolve([("test", {"optim.name": name, "optim.weight_decay": 0.05, "optim.momentum": 0.8})])
    optimizer = make_optimizer(model, settings.optim)
    assert isinstance(optimizer, kind)
    (group,) = optimizer.param_groups
    assert (group["weight_decay"], len(group["params"])) == (0.05, 2)
    assert group.get("momentum", 0.8) == 0.8


def test_streams_are_functions_of_seed_purpose_and_epoch() -> None:
    """Equal arguments give equal draws; changing any one of them gives others."""
    keys = [(0, "order", 1), (1, "order", 1), (0, "layers", 1), (0, "order", 2)]
    assert len({stream_seed(*key) for key in keys}) == len(keys)
    first, second = (torch.rand(3, generator=generator(*keys[0])) for _ in range(2))
    assert torch.equal(first, second)


def test_seeding_leaves_the_global_stream_alone() -> None:
    """What is drawn inside `seeded` does not move the stream outside."""
    torch.manual_seed(3)
    before = torch.random.get_rng_state()
    with seeded(0, "model"):
        torch.rand(5)
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.fixture(scope="module")
def digits() -> DeviceSplit:
    """The training split of digits on the CPU."""
    data = load("digits", data_dir=None)
    return DeviceSplit.of(data.train, data.info, torch.device("cpu"))


@pytest.mark.parametrize(("batch", "last"), [(128, 1442 % 128), (131, 132), (1441, 1442), (2000, 1442), (1, 1)])
def test_an_epoch_holds_every_sample_once(digits: DeviceSplit, batch: int, last: int) -> None:
    """A shuffled epoch visits each sample once; a single left-over one joins the batch before it."""
    sizes, seen = [], []
    for images, target in digits.shuffled(batch, generator(0, "order", 1)):
        sizes.append(len(target))
        seen.append(images.sum(dim=(1, 2, 3)))
    everything = digits.batch(torch.arange(len(digits)))[0].sum(dim=(1, 2, 3))
    torch.testing.assert_close(torch.cat(seen).sort().values, everything.sort().values)
    assert sizes[-1] == last


def test_captures_walk_by_class_and_know_their_places(digits: DeviceSplit) -> None:
    """The capture order is by class, then by place in the data set, and `index` leads back to the original sample."""
    ordered = Ordered.by_class(digits)
    target = torch.cat([labels for _, labels in ordered])
    assert torch.equal(target, digits.target.sort().values)
    original = load("digits", data_dir=None).train
    place = {int(index): label for index, label in zip(original.index, original.target, strict=True)}
    assert all(place[index] == label for index, label in zip(ordered.index, target, strict=True))
    assert all(a < b for a, b in zip(ordered.index[:100], ordered.index[1:100], strict=False))


def test_capture_subset_takes_the_first_of_each_class(digits: DeviceSplit) -> None:
    """`per_class` captures the first samples of each class, the same ones every time."""
    whole, part = Ordered.by_class(digits), Ordered.by_class(digits, per_class=7)
    assert torch.bincount(digits.target[part.rows]).tolist() == [7] * 10
    assert part.index[:7] == whole.index[:7]


@pytest.mark.parametrize("mean", [0.0, 10.0, -3.0])
def test_bias_mean_is_the_papers_sign(mean: float) -> None:
    """`bias_mean` 10 starts thresholds around 10, which is a PyTorch bias around -10."""
    settings = small_settings(model__bias_mean=mean)
    _, classifier = build_model(settings, load("digits", data_dir=None))
    spread = 1 / math.sqrt(classifier.in_features)
    assert bool((classifier.bias + mean).abs().max() <= spread + 1e-6)


def test_bias_can_start_at_the_prior() -> None:
    """With `bias_init` prior thresholds start around log(K - 1), so that BCE starts at the frequency of the classes."""
    settings = small_settings(model__bias_init="prior")
    _, classifier = build_model(settings, load("digits", data_dir=None))
    spread = 1 / math.sqrt(classifier.in_features)
    assert bool((classifier.bias + math.log(9)).abs().max() <= spread + 1e-6)
    with pytest.raises(ValueError, match=r"bias_init = prior sets the mean of the thresholds"):
        small_settings(model__bias_init="prior", model__bias_mean=1.0)


def test_models_of_equal_seed_are_equal() -> None:
    """The initial model depends on the seed alone, not on what was drawn before."""
    torch.rand(100)
    first, again, other = (make_session(small_settings(seed=seed)).model.state_dict() for seed in (1, 1, 2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not all(torch.equal(first[name], other[name]) for name in first)


def test_unusable_devices_are_refused() -> None:
    """A device that is not there is an error, never replaced by another one."""
    with pytest.raises(ValueError, match="cannot be used"):
        choose_device("cuda:63")
