"""The built-in models: their sizes, their stems and their options."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from bceprobe.errors import UnknownNameError, UsageError
from bceprobe.models import MODELS, FeatureTap, build, find_classifier
from bceprobe.models.convnet import MaxPool
from bceprobe.registry import Registry

FEATURE_LENGTH = [
    ("convnet", {}, 64),
    ("convnet", {"width": 16}, 16),
    ("resnet18", {}, 512),
    ("densenet121", {}, 1024),
    ("densenet121", {"growth": 16}, 512),
]


@pytest.mark.parametrize(("name", "options", "length"), FEATURE_LENGTH)
@pytest.mark.parametrize("channels", [1, 3])
def test_features_have_the_promised_length(name: str, options: dict[str, Any], length: int, channels: int) -> None:
    """Each model takes 32x32 images of any number of channels and hands features of its length to its classifier."""
    model = build(name, classes=7, shape=(channels, 32, 32), options=options).eval()
    with torch.no_grad(), FeatureTap(find_classifier(model, classes=7)) as tap:
        assert model(torch.rand(2, channels, 32, 32)).shape == (2, 7)
    assert tap.features.shape == (2, length)


@pytest.mark.parametrize(
    ("name", "count"),
    # Counts of kuangliu/pytorch-cifar's ResNet18 and DenseNet121; torchvision's DenseNet has a batch norm of 64
    # channels, 128 parameters, after its stem.
    [("resnet18", 11_173_962), ("densenet121", 6_956_298 + 128)],
)
def test_models_with_cifar_stem_have_the_known_number_of_parameters(name: str, count: int) -> None:
    """For CIFAR-10, the number of parameters is that of the networks that are used for it elsewhere."""
    model = build(name, classes=10, shape=(3, 32, 32), options={})
    assert sum(parameter.numel() for parameter in model.parameters()) == count


@pytest.mark.parametrize(("name", "pooled"), [("resnet18", "layer4"), ("densenet121", "features")])
def test_stems_keep_the_resolution_of_small_images(name: str, pooled: str) -> None:
    """A 32x32 image is halved three times only, to 4x4, because neither the stem nor a pooling layer shrinks it."""
    model = build(name, classes=10, shape=(3, 32, 32), options={}).eval()
    shapes: list[torch.Size] = []
    layer = model.get_submodule(pooled)
    layer.register_forward_hook(lambda _module, _inputs, output: shapes.append(output.shape[2:]))
    with torch.no_grad():
        model(torch.rand(1, 3, 32, 32))
    assert shapes == [(4, 4)]


@pytest.mark.parametrize("size", [(8, 8), (9, 15), (12, 28), (32, 32)])
def test_convnet_takes_images_from_8x8_on(size: tuple[int, int]) -> None:
    """The small network takes the 8x8 digits of the default data set, and images of any larger size."""
    assert build("convnet", classes=10, shape=(1, 32, 32), options={})(torch.rand(3, 1, *size)).shape == (3, 10)


@pytest.mark.parametrize("size", [(8, 8), (7, 2), (5, 13)])
def test_convnets_pooling_is_max_pooling(size: tuple[int, int]) -> None:
    """Values and gradients are those of torch's max-pooling over 2x2 pixels, also where a row or column is left."""
    maps = torch.randn(2, 3, *size, generator=torch.Generator().manual_seed(0)).requires_grad_()
    ours, theirs = MaxPool()(maps), nn.functional.max_pool2d(maps, 2)
    assert torch.equal(ours, theirs)
    weights = torch.rand_like(ours)
    gradients = [torch.autograd.grad(pooled, maps, weights)[0] for pooled in (ours, theirs)]
    assert torch.equal(*gradients)


@pytest.mark.parametrize("side", [2, 3, 4, 7])
def test_convnets_last_pooling_covers_the_map_with_2x2_cells(side: int) -> None:
    """A map of any size becomes 2x2: the maximum of each quarter, less the last row and column of an odd size."""
    maps, half = torch.randn(1, 1, side, side, generator=torch.Generator().manual_seed(0)), side // 2
    quarters = [[maps[0, 0, a : a + half, b : b + half].max() for b in (0, half)] for a in (0, half)]
    assert torch.equal(MaxPool(2)(maps)[0, 0], torch.tensor(quarters))


@pytest.mark.parametrize("name", list(MODELS))
def test_weights_come_from_torchs_generator(name: str) -> None:
    """Equal seeds give equal models, other seeds other ones."""
    states = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        states.append(nn.utils.parameters_to_vector(build(name, classes=2, shape=(1, 32, 32), options={}).parameters()))
    assert torch.equal(states[0], states[1])
    assert not torch.equal(states[0], states[2])


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("densenet121", {"grwth": 16}, r"model densenet121 has no option 'grwth'. Did you mean growth\."),
        ("convnet", {"blocks": 3}, r"model convnet has no option 'blocks'. Known: width\."),
        ("resnet18", {"width": 64}, r"model resnet18 has no option 'width'. Known: stem\."),
        ("convnet", {"classes": 3}, "model convnet has no option 'classes'"),
        ("convnet", {"width": "wide"}, "option width of model convnet is 'wide'; it must be an integer"),
        ("convnet", {"width": 64.0}, r"option width of model convnet is 64\.0; it must be an integer"),
        ("convnet", {"width": True}, "option width of model convnet is True; it must be an integer"),
        ("convnet", {"width": 1}, "model option width is 1; it must be 2 or more"),
        ("densenet121", {"growth": 0}, "model option growth is 0; it must be 1 or more"),
    ],
)
def test_wrong_options_are_refused(name: str, options: dict[str, Any], message: str) -> None:
    """An option that a model does not take, or of the wrong type or size, is a usage error that says what it takes."""
    with pytest.raises(UsageError, match=message):
        build(name, classes=10, shape=(3, 32, 32), options=options)


def test_unknown_models_name_the_nearest() -> None:
    """A misspelt model is refused with the one that was probably meant."""
    with pytest.raises(UnknownNameError, match=r"unknown model 'resnet81'. Did you mean resnet18\."):
        build("resnet81", classes=10, shape=(3, 32, 32), options={})


def test_whole_numbers_are_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A builder's option that is a float accepts an integer, as TOML users write it."""
    registry: Registry[Any] = Registry("model", "bceprobe.models.base")
    monkeypatch.setattr("bceprobe.models.building.MODELS", registry)

    @registry.register("dropped")
    def _dropped(classes: int, shape: tuple[int, int, int], *, rate: float = 0.5) -> nn.Module:
        return nn.Sequential(nn.Dropout(rate), nn.Linear(shape[0], classes))

    dropout = build("dropped", classes=2, shape=(1, 32, 32), options={"rate": 0}).get_submodule("0")
    assert isinstance(dropout, nn.Dropout)
    assert (dropout.p, type(dropout.p)) == (0.0, float)
