"""Models that bceprobe does not define: torchvision's, timm's, factories; which of their layers is the classifier."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
import torch
from torch import nn

from bceprobe.errors import UnknownNameError, UsageError
from bceprobe.models import build, find_classifier

if TYPE_CHECKING:
    from pathlib import Path

COLOUR = (3, 32, 32)


def test_any_model_of_torchvision_is_known_by_its_name() -> None:
    """A name that torchvision lists builds that model, with the classes of the data set."""
    model = build("mobilenet_v3_small", classes=5, shape=COLOUR, options={"dropout": 0.5})
    assert find_classifier(model, classes=5, alone=True).in_features == 1024
    with pytest.raises(UsageError, match="takes 3 channels, and the images have 1"):
        build("mobilenet_v3_small", classes=5, shape=(1, 32, 32), options={})
    with pytest.raises(UsageError, match="resnet152 cannot be built"):
        build("resnet152", classes=5, shape=COLOUR, options={"layers": 3})


def test_nearest_names_are_of_torchvision_too() -> None:
    """A misspelt name of torchvision's is corrected."""
    with pytest.raises(UnknownNameError, match="Did you mean mobilenet_v3_small"):
        build("mobilenet_v3_smal", classes=5, shape=COLOUR, options={})


def test_a_factory_is_imported_and_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """``package.module:factory`` is called with the number of classes and the options."""
    (tmp_path / "our_models.py").write_text(
        "from torch import nn\n"
        "def small(num_classes, width=4):\n"
        "    return nn.Sequential(nn.Flatten(), nn.Linear(3072, width), nn.Linear(width, num_classes))\n"
        "def wrong(num_classes):\n"
        "    return 'no model'\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    model = build("our_models:small", classes=7, shape=COLOUR, options={"width": 9})
    assert find_classifier(model, classes=7, alone=True).in_features == 9
    for name, text in (
        ("our_models:large", "cannot be imported"),
        ("nowhere.models:small", "cannot be imported"),
        (":small", "cannot be imported"),
        ("our_models:wrong", r"is str, not a torch\.nn\.Module"),
    ):
        with pytest.raises(UsageError, match=text):
            build(name, classes=7, shape=COLOUR, options={})


def test_timms_models_are_known_where_it_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that only timm lists goes to timm, with classes and channels."""
    timm = ModuleType("timm")
    asked: list[dict[str, Any]] = []

    def create_model(name: str, **options: Any) -> nn.Module:
        asked.append({"name": name, **options})
        return nn.Linear(3, options["num_classes"])

    timm.__dict__.update(list_models=lambda: ["tiny_timm"], create_model=create_model, __spec__=object())
    monkeypatch.setitem(sys.modules, "timm", timm)
    build("tiny_timm", classes=4, shape=(1, 8, 8), options={"drop_rate": 0.1})
    assert asked == [{"name": "tiny_timm", "num_classes": 4, "in_chans": 1, "drop_rate": 0.1}]


def test_an_ambiguous_classifier_is_asked_for() -> None:
    """If two linear layers could be the classifier, neither is guessed: the error lists them, and a name chooses."""
    model = nn.ModuleDict({"head": nn.Linear(4, 10), "auxiliary": nn.Linear(4, 10), "other": nn.Linear(4, 3)})
    del model["other"]
    with pytest.raises(UsageError, match="2 linear layers have 10 outputs: head, auxiliary") as caught:
        find_classifier(model, classes=10, alone=True)
    assert "model.classifier" in caught.value.hint
    assert find_classifier(model, classes=10, name="head", alone=True) is model["head"]
    with pytest.raises(UsageError, match="no linear layer 'body'"):
        find_classifier(model, classes=10, name="body")
    assert torch.equal(find_classifier(model, classes=10).weight, model["auxiliary"].weight)  # type: ignore[arg-type]
