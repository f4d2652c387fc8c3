"""Settings from layers: which one wins, what is remembered, which keys and types are refused."""

from __future__ import annotations

from typing import Any

import pytest

from bceprobe.errors import UsageError
from bceprobe.settings import Settings, resolve


def refusal(key: str, value: Any, source: str = "option") -> UsageError:
    """Return the error that one value in one layer raises."""
    with pytest.raises(UsageError) as caught:
        resolve([(source, {key: value})])
    return caught.value


def test_no_layers_give_the_defaults() -> None:
    """Without layers the settings are the defaults, and nothing has a source."""
    assert resolve([]) == (Settings(), {})


def test_later_layers_win_and_are_remembered() -> None:
    """Each value is the last layer's that sets it, and its source is that layer's name."""
    layers: list[tuple[str, dict[str, Any]]] = [
        ("preset", {"optim.lr": 0.5, "loss.name": "ce"}),
        ("run.toml", {"optim.lr": 0.2, "seed": 4}),
        ("option", {"optim.lr": 0.1}),
    ]
    settings, sources = resolve(layers)
    assert (settings.optim.lr, settings.loss.name, settings.seed) == (0.1, "ce", 4)
    assert sources == {"optim.lr": "option", "loss.name": "preset", "seed": "run.toml"}


def test_values_of_one_table_may_come_from_several_layers() -> None:
    """A layer that sets one key of a table leaves the other keys of the table as they were."""
    settings, _ = resolve([("a", {"optim.lr": 0.2, "optim.epochs": 7}), ("b", {"optim.epochs": 9})])
    assert (settings.optim.lr, settings.optim.epochs, settings.optim.momentum) == (0.2, 9, 0.9)


def test_model_options_pass_through() -> None:
    """Keys of [model] that are no settings reach the model's builder, whatever their type."""
    options = {"model.growth": 16, "model.stem": "cifar", "model.widths": [8, 16], "model.name": "densenet121"}
    model = resolve([("option", options)])[0].model
    assert (model.name, model.options) == ("densenet121", {"growth": 16, "stem": "cifar", "widths": [8, 16]})


def test_integers_serve_as_numbers_and_as_epochs() -> None:
    """An integer becomes a float where a number is wanted, and text where text is, such as one epoch to capture."""
    settings, _ = resolve([("option", {"optim.lr": 1, "capture.epochs": 5})])
    assert (repr(settings.optim.lr), settings.capture.epochs) == ("1.0", "5")


@pytest.mark.parametrize(
    ("key", "meant"),
    [
        ("zzz", "Known: augment.crop, "),
        ("optim.lrr", "Did you mean optim.lr"),
        ("optm.epochs", "Did you mean optim.epochs"),
        ("sed", "Did you mean seed"),
        ("optim", "Did you mean optim.lr"),
        ("model", "Did you mean model.name"),
        ("model.", "Did you mean model.name"),
        ("model.options", "Did you mean model.weights"),
        ("nothing.like.it", "Known: augment.crop, "),
    ],
)
def test_unknown_keys_name_the_nearest(key: str, meant: str) -> None:
    """A key that is no setting is refused with the layer it is in and the nearest valid name, or all names."""
    error = refusal(key, 1, source="run.toml")
    assert error.what == f"unknown setting {key!r} (run.toml)"
    assert error.hint.startswith(meant)


@pytest.mark.parametrize(
    ("key", "value", "wanted"),
    [
        ("seed", 1.5, "an integer"),
        ("seed", True, "an integer"),
        ("seed", "1", "an integer"),
        ("optim.lr", "fast", "a number"),
        ("optim.lr", True, "a number"),
        ("optim.lr", 10**400, "a number"),
        ("deterministic", 1, "true or false"),
        ("loss.name", 0.5, "a string"),
        ("optim.name", "adam", "sgd or adamw"),
        ("optim.name", ["sgd"], "sgd or adamw"),
        ("capture.dtype", "float64", "float32 or float16"),
        ("optim.milestones", 30, "a list of integers"),
        ("optim.milestones", [30, 60.0], "a list of integers"),
    ],
)
def test_wrong_types_are_refused(key: str, value: object, wanted: str) -> None:
    """A value of the wrong type is refused with the setting, the value, the layer, and what it must be."""
    assert str(refusal(key, value)) == f"setting {key} is {value!r} (option); it must be {wanted}"
