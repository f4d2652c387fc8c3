"""Which values of settings are refused, and which just pass."""

from __future__ import annotations

import pytest

from bceprobe.errors import UsageError
from bceprobe.settings import resolve


def refusal(key: str, value: object) -> UsageError:
    """Return the error that one value in one layer raises."""
    with pytest.raises(UsageError) as caught:
        resolve([("option", {key: value})])
    return caught.value


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("seed", -1),
        ("loss.class_balanced", 1.0),
        ("loss.class_balanced", float("nan")),
        ("model.bias_mean", float("nan")),
        ("data.limit_per_class", -1),
        ("data.imbalance_factor", 0.5),
        ("data.imbalance_factor", float("inf")),
        ("data.workers", -1),
        ("augment.crop", -1),
        ("augment.flip", 1.5),
        ("augment.rotation", 181.0),
        ("augment.mixup", -0.1),
        ("augment.cutmix", float("inf")),
        ("augment.mix_probability", -0.1),
        ("augment.switch_probability", float("nan")),
        ("optim.lr", 0.0),
        ("optim.lr", float("inf")),
        ("optim.momentum", 1.0),
        ("optim.momentum", -0.1),
        ("optim.weight_decay", -1e-4),
        ("optim.batch_size", 0),
        ("optim.batch_size", 1),
        ("optim.epochs", 0),
        ("optim.milestones", [60, 30]),
        ("optim.milestones", [0, 30]),
        ("optim.factor", 0.0),
        ("optim.floor", -1e-5),
        ("penalty.lambda_w", -1.0),
        ("penalty.lambda_h", float("nan")),
        ("penalty.lambda_b", float("inf")),
        ("capture.per_class", -1),
    ],
)
def test_values_out_of_range_are_refused(key: str, value: object) -> None:
    """A value outside its range is refused with the setting, the value and the range, on one line."""
    error = refusal(key, value)
    shown = tuple(value) if isinstance(value, list) else value
    assert str(error).startswith(f"setting {key} is {shown!r}; it must be ")
    assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("seed", 0),
        ("optim.momentum", 0.0),
        ("augment.flip", 1.0),
        ("augment.rotation", 180.0),
        ("augment.mix_probability", 0.0),
        ("optim.milestones", []),
        ("optim.milestones", [1]),
        ("optim.floor", 0.0),
        ("penalty.lambda_b", 0.0),
        ("data.limit_per_class", 0),
        ("data.imbalance_factor", 0.0),
        ("data.imbalance_factor", 1.0),
        ("data.workers", 0),
        ("optim.epochs", 1),
    ],
)
def test_ends_of_ranges_are_accepted(key: str, value: object) -> None:
    """A value at the very end of its range is valid."""
    assert resolve([("option", {key: value})])[1] == {key: "option"}


def test_captured_epochs_must_be_trained() -> None:
    """Epochs to capture that the training will not have are refused before it starts."""
    error = refusal("capture.epochs", "1,200")
    assert error.what == "setting capture.epochs: '200' selects no epoch of 1..100"
