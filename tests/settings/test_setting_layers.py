"""Settings from layers: which one wins, what is remembered, what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from bceprobe.errors import UsageError
from bceprobe.settings import PRESETS, Settings, parse_assignment, preset, read_toml, resolve


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
        ("zzz", "Known: capture.dtype, "),
        ("optim.lrr", "Did you mean optim.lr"),
        ("optm.epochs", "Did you mean optim.epochs"),
        ("sed", "Did you mean seed"),
        ("optim", "Did you mean optim.lr"),
        ("model", "Did you mean model.name"),
        ("model.", "Did you mean model.name"),
        ("model.options", "Did you mean model.name"),
        ("model.head.width", "Known: capture.dtype, "),
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


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("seed", -1),
        ("model.bias_mean", float("nan")),
        ("data.limit_per_class", -1),
        ("optim.lr", 0.0),
        ("optim.lr", float("inf")),
        ("optim.momentum", 1.0),
        ("optim.momentum", -0.1),
        ("optim.weight_decay", -1e-4),
        ("optim.batch_size", 0),
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
        ("optim.milestones", []),
        ("optim.milestones", [1]),
        ("optim.floor", 0.0),
        ("penalty.lambda_b", 0.0),
        ("data.limit_per_class", 0),
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


def test_preset_1_is_the_default() -> None:
    """setting-1 changes no default, and still says where each of its values comes from."""
    settings, sources = resolve([("preset", preset("setting-1"))])
    assert settings == Settings()
    assert set(sources) == set(PRESETS["setting-1"])


def test_preset_1_equals_the_table() -> None:
    """setting-1 is SGD with momentum, steps and decay in the loss: FORMULAS.md, "Settings of the experiments"."""
    settings, _ = resolve([("preset", preset("setting-1"))])
    optim, penalty = settings.optim, settings.penalty
    assert (optim.name, optim.momentum, optim.lr, optim.weight_decay) == ("sgd", 0.9, 0.01, 0)
    assert (optim.schedule, optim.factor, optim.milestones) == ("step", 0.2, (30, 60, 80))
    assert (optim.epochs, optim.batch_size) == (100, 128)
    assert (penalty.lambda_w, penalty.lambda_h, penalty.lambda_b) == (5e-4, 5e-4, 5e-4)


def test_preset_2_equals_the_table() -> None:
    """setting-2 is AdamW with a cosine and the same decay in the loss: FORMULAS.md, "Settings of the experiments"."""
    settings, _ = resolve([("preset", preset("setting-2"))])
    optim, penalty = settings.optim, settings.penalty
    assert (optim.name, optim.lr, optim.weight_decay) == ("adamw", 0.001, 0)
    assert (optim.schedule, optim.floor) == ("cosine", 1e-5)
    assert (optim.epochs, optim.batch_size) == (100, 128)
    assert (penalty.lambda_w, penalty.lambda_h, penalty.lambda_b) == (5e-4, 5e-4, 5e-4)


def test_unknown_preset_names_the_nearest() -> None:
    """A preset that does not exist is refused with the nearest one."""
    with pytest.raises(UsageError, match=r"^unknown preset 'seting-2'\. Did you mean setting-2\.$"):
        preset("seting-2")


def test_changing_a_looked_up_preset_changes_no_preset() -> None:
    """What `preset` returns is the caller's own."""
    preset("setting-1")["optim.lr"] = 9.0
    assert preset("setting-1")["optim.lr"] == 0.01


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("optim.lr=1e-3", "optim.lr", 1e-3),
        ("optim.epochs = 5", "optim.epochs", 5),
        ("deterministic=true", "deterministic", True),
        ("optim.milestones=[3, 6]", "optim.milestones", [3, 6]),
        ("loss.name=bce", "loss.name", "bce"),
        ("loss.name='bce'", "loss.name", "bce"),
        ("capture.epochs=1-20,50,last", "capture.epochs", "1-20,50,last"),
        ("device=cuda:0", "device", "cuda:0"),
        ("model.stem=a=b", "model.stem", "a=b"),
    ],
)
def test_assignments_are_toml_or_text(text: str, key: str, value: object) -> None:
    """The right side of an assignment is a TOML value, or else text as it stands."""
    assert parse_assignment(text) == (key, value)


@pytest.mark.parametrize("text", ["optim.lr", "=3", " = 3", ""])
def test_assignments_need_a_key_and_a_value(text: str) -> None:
    """Text without a key or an equals sign is refused with an example."""
    with pytest.raises(UsageError, match=r"not of the form key=value\. For example: --set optim.momentum=0.85"):
        parse_assignment(text)


def test_broken_toml_is_told_with_its_file_and_line() -> None:
    """TOML that does not parse is refused on one line that names the file and the place in it."""
    with pytest.raises(UsageError, match=r"^my/run\.toml is not valid TOML: .*line 2.*$"):
        read_toml("seed = 1\nloss = = 2\n", "my/run.toml")
