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
        ("stop.nc_threshold", 0.0),
        ("stop.nc_threshold", float("nan")),
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


@pytest.mark.parametrize("epochs", ["last", "100", "selected"])
def test_stopping_early_needs_a_captured_epoch_before_the_last(epochs: str) -> None:
    """Where only the last epoch is captured, nothing could end training early: that is refused."""
    with pytest.raises(
        UsageError, match=r"stop\.when = collapsed looks at captured epochs, and .* none before the last"
    ):
        resolve([("option", {"stop.when": "collapsed", "capture.epochs": epochs})])
    resolve([("option", {"stop.when": "collapsed", "capture.epochs": "every:50"})])


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"model.bias_init": "prior", "model.bias_mean": 2.0}, "prior sets the mean of the thresholds"),
        ({"model.bias_init": "keep", "model.bias_mean": 2.0, "model.weights": "x.pt"}, "keep keeps the thresholds"),
        ({"model.bias_init": "keep"}, "model.bias_init = keep needs pretrained weights"),
        ({"model.fresh_classifier": True}, "model.fresh_classifier = true needs pretrained weights"),
        (
            {"model.fresh_classifier": True, "model.bias_init": "keep", "model.weights": "x.pt"},
            "a fresh classifier has no thresholds to keep",
        ),
    ],
)
def test_thresholds_start_in_one_way(values: dict[str, object], says: str) -> None:
    """Two wishes for the first thresholds that exclude each other are refused, as is what needs weights without any."""
    with pytest.raises(UsageError, match=says):
        resolve([("option", values)])
