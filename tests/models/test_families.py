"""Families of models: sizes that are published, stems, and images that they take."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from bceprobe.errors import UsageError
from bceprobe.models import FeatureTap, build, find_classifier


def count(model: nn.Module) -> int:
    """The number of parameters."""
    return sum(parameter.numel() for parameter in model.parameters())


# As torchvision's documentation gives them for its own weights.
IMAGENET = {
    "resnet18": 11_689_512,
    "resnet34": 21_797_672,
    "resnet50": 25_557_032,
    "resnet101": 44_549_160,
    "densenet121": 7_978_856,
    "densenet161": 28_681_000,
}


@pytest.mark.parametrize(("name", "parameters"), IMAGENET.items())
def test_imagenet_stems_are_those_of_torchvision(name: str, parameters: int) -> None:
    """For ImageNet each network has the published number of parameters; large images get that stem by themselves."""
    with torch.device("meta"):
        assert count(build(name, classes=1000, shape=(3, 224, 224), options={})) == parameters
        assert count(build(name, classes=1000, shape=(3, 32, 32), options={"stem": "imagenet"})) == parameters
        assert count(build(name, classes=1000, shape=(3, 224, 224), options={"stem": "cifar"})) < parameters


@pytest.mark.parametrize(("blocks", "parameters"), [(3, 269_722), (5, 464_154), (9, 853_018)])
def test_resnets_for_cifar_have_the_known_number_of_parameters(blocks: int, parameters: int) -> None:
    """ResNet20, 32 and 56 have the counts of akamaster/pytorch_resnet_cifar10, which reproduces He et al.'s table 6."""
    assert count(build("resnet32", classes=10, shape=(3, 32, 32), options={"blocks": blocks})) == parameters


def test_resnet32_halves_the_maps_twice() -> None:
    """Three stages at full, half and quarter resolution; the shortcut of a wider block pads channels with zeros."""
    model = build("resnet32", classes=10, shape=(3, 32, 32), options={"blocks": 1})
    shapes: list[torch.Size] = []
    for block in list(model.children())[1:4]:
        block.register_forward_hook(lambda _module, _inputs, output: shapes.append(output.shape[1:]))
    model(torch.rand(2, 3, 32, 32))
    assert shapes == [(16, 32, 32), (32, 16, 16), (64, 8, 8)]


@pytest.mark.parametrize(
    ("name", "options", "length", "side"),
    [
        ("resnet34", {}, 512, 32),
        ("resnet50", {}, 2048, 32),
        ("resnet32", {}, 64, 28),
        ("mlp", {"width": 48, "depth": 1}, 48, 9),
        ("mlp", {}, 512, 8),
        ("vit", {"depth": 2}, 192, 32),
        ("vit", {"patch": 2, "width": 64, "heads": 4, "depth": 1}, 64, 8),
        ("swin", {}, 192, 32),
        ("swin", {"width": 24, "window": 2}, 96, 16),
    ],
)
@pytest.mark.parametrize("channels", [1, 3])
def test_features_are_the_input_of_the_classifier(
    name: str, options: dict[str, Any], length: int, side: int, channels: int
) -> None:
    """Every family takes images of any number of channels, and its features are vectors of the promised length."""
    model = build(name, classes=7, shape=(channels, side, side), options=options).eval()
    classifier = find_classifier(model, classes=7, alone=True)
    with torch.no_grad(), FeatureTap(classifier) as tap:
        logits = model(torch.rand(2, channels, side, side))
    assert tap.features.shape == (2, length)
    torch.testing.assert_close(classifier(tap.features), logits)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("resnet50", {"stem": "large"}, "model option stem is 'large'; it must be auto, cifar or imagenet"),
        ("vit", {"patch": 5}, "images of 32x32 cannot be cut into patches of 5x5"),
        ("vit", {"width": 100}, "width is 100; it must be a multiple of the 3 heads"),
        ("swin", {"width": 50}, "width is 50; it must be a multiple of 12"),
        ("mlp", {"depth": 0}, "depth is 0; it must be 1 or more"),
        ("resnet32", {"blocks": 0}, "blocks is 0; it must be 1 or more"),
    ],
)
def test_impossible_sizes_are_refused(name: str, options: dict[str, Any], message: str) -> None:
    """What cannot be built is a usage error that names the option and its range."""
    with pytest.raises(UsageError, match=message):
        build(name, classes=10, shape=(3, 32, 32), options=options)
