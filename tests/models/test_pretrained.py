"""Pretrained weights: files and torchvision's cache, and refusing what does not fit."""

from __future__ import annotations

import pickle
import re
from functools import partial
from typing import TYPE_CHECKING

import pytest
import torch
import torchvision
from safetensors.torch import save_file
from torch import nn
from train_cases import small_settings

from bceprobe.datasets import load
from bceprobe.errors import DataNotFoundError, UsageError
from bceprobe.models import build, find_classifier, load_weights
from bceprobe.train.session import build_model

if TYPE_CHECKING:
    from pathlib import Path


def network(classes: int = 10, width: int = 16) -> nn.Module:
    """A small model for digits."""
    return build("convnet", classes=classes, shape=(1, 8, 8), options={"width": width})


def fill(model: nn.Module, weights: Path | str) -> nn.Module:
    """Load weights into a model."""
    load_weights(model, str(weights), name="convnet", classifier=find_classifier(model))
    return model


@pytest.mark.parametrize("suffix", [".pt", ".pth", ".safetensors"])
def test_files_fill_the_model(suffix: str, tmp_path: Path) -> None:
    """A state dict in either format makes the model that of the file."""
    model, file = network(), tmp_path / f"weights{suffix}"
    save_file(model.state_dict(), file) if suffix == ".safetensors" else torch.save(model.state_dict(), file)
    filled = fill(network(), file).state_dict()
    assert all(torch.equal(value, filled[key]) for key, value in model.state_dict().items())


@pytest.mark.parametrize("entry", ["state_dict", "model"])
def test_checkpoints_are_unpacked(entry: str, tmp_path: Path) -> None:
    """The weights may be an entry of a checkpoint, such as that of a run."""
    model, file = network(), tmp_path / "last.pt"
    torch.save({"epoch": 3, entry: model.state_dict()}, file)
    assert torch.equal(next(fill(network(), file).parameters()), next(model.parameters()))


def test_a_classifier_for_other_classes_stays_fresh(tmp_path: Path) -> None:
    """With another number of classes everything is loaded but the classifier."""
    torch.save(network(classes=1000).state_dict(), tmp_path / "w.pt")
    model = network(classes=10)
    before = find_classifier(model).weight.clone()
    fill(model, tmp_path / "w.pt")
    assert torch.equal(find_classifier(model).weight, before)
    assert torch.equal(next(model.parameters()), torch.load(tmp_path / "w.pt", weights_only=True)["block1.0.weight"])


def test_other_models_weights_are_refused(tmp_path: Path) -> None:
    """Another width or other layers are named, and nothing is loaded."""
    model = network()
    before = next(model.parameters()).clone()
    torch.save(network(width=32).state_dict(), tmp_path / "wide.pt")
    torch.save({"lone": torch.ones(2)}, tmp_path / "lone.pt")
    for name, text in (("wide", "are of another model: block1.0.weight is"), ("lone", "they lack")):
        with pytest.raises(UsageError, match=text):
            fill(model, tmp_path / f"{name}.pt")
    assert torch.equal(next(model.parameters()), before)


class Harmful:
    """What unpickling it would run."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (print, ("harm",))


def test_files_that_are_no_state_dicts_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Missing, torn and harmful files are one-line errors, and code in a pickle is never run."""
    with pytest.raises(DataNotFoundError, match="no weights"):
        fill(network(), tmp_path / "none.pt")
    (tmp_path / "torn.safetensors").write_bytes(b"\x10")
    (tmp_path / "text.pt").write_text("weights")
    (tmp_path / "harm.pt").write_bytes(pickle.dumps({"a": Harmful()}))
    torch.save({"epoch": 3}, tmp_path / "numbers.pt")
    for name in ("torn.safetensors", "text.pt", "harm.pt", "numbers.pt"):
        with pytest.raises(UsageError, match="is no state dict"):
            fill(network(), tmp_path / name)
    assert "harm" not in capsys.readouterr().out


def test_torchvisions_weights_come_from_its_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without --download only torchvision's cache is read; a file there of another checksum is not used."""
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    with torch.device("meta"):
        model = build("resnet18", classes=1000, shape=(3, 224, 224), options={})
    load_resnet = partial(load_weights, model, name="resnet18", classifier=find_classifier(model))
    with pytest.raises(DataNotFoundError, match=r"no weights .*resnet18-f37072fd\.pth"):
        load_resnet("IMAGENET1K_V1")
    with pytest.raises(UsageError, match="no weights 'IMAGENET1K_V9'"):
        load_resnet("IMAGENET1K_V9")
    with pytest.raises(UsageError, match="torchvision has no weights for model convnet"):
        fill(network(), "DEFAULT")


@pytest.mark.parametrize("name", ["resnet50", "resnet101", "densenet161"])
def test_models_of_the_imagenet_protocol_are_torchvisions(name: str) -> None:
    """With images of 224 pixels they have the names and shapes of torchvision's models, and so take its weights."""
    with torch.device("meta"):
        ours = build(name, classes=1000, shape=(3, 224, 224), options={}).state_dict()
        theirs = torchvision.models.get_model(name).state_dict()
    assert {key: value.shape for key, value in ours.items()} == {key: value.shape for key, value in theirs.items()}


def test_densenet_weights_with_names_of_old_layers_fit(tmp_path: Path) -> None:
    """Weights of torchvision's DenseNets say norm.1 where the models say norm1; both are taken."""
    source, model = (build("densenet121", classes=10, shape=(3, 32, 32), options={"growth": 2}) for _ in range(2))
    state = source.state_dict()
    old = {re.sub(r"(denselayer\d+\.(?:norm|conv))([12]\.)", r"\1.\2", key): value for key, value in state.items()}
    assert old.keys() != state.keys()
    torch.save(old, tmp_path / "old.pth")
    fill(model, tmp_path / "old.pth")
    assert all(torch.equal(value, state[key]) for key, value in model.state_dict().items())


def test_a_fresh_classifier_is_asked_for(tmp_path: Path) -> None:
    """Weights of a classifier that would fit are left out if a fresh one is wanted, and it is told which one it got."""
    source, model = network(), network()
    torch.save(source.state_dict(), tmp_path / "w.pt")
    head = find_classifier(model)
    before, load_into = head.weight.clone(), partial(load_weights, model, name="convnet", classifier=head)
    assert not load_into(str(tmp_path / "w.pt"), fresh=True)
    assert torch.equal(head.weight, before)
    assert torch.equal(next(model.parameters()), next(source.parameters()))
    assert load_into(str(tmp_path / "w.pt"))
    assert torch.equal(head.weight, find_classifier(source).weight)


def test_training_starts_from_the_weights_with_a_new_bias(tmp_path: Path) -> None:
    """A session's model has the weights of the file, and the bias that the settings ask for."""
    source = network()
    torch.save(source.state_dict(), tmp_path / "w.pt")
    settings = small_settings(model__weights=str(tmp_path / "w.pt"), model__bias_mean=5.0)
    model, classifier = build_model(settings, load("digits"))
    assert torch.equal(classifier.weight, find_classifier(source).weight)
    assert torch.equal(next(model.parameters()), next(source.parameters()))
    assert classifier.bias.mean().item() == pytest.approx(-5, abs=0.25)
