"""Finding the classifier of a model, tapping its input, and starting its bias."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from bceprobe.errors import UsageError
from bceprobe.models import FeatureTap, build, find_classifier, init_bias


def test_classifier_is_the_last_linear_layer() -> None:
    """Of several linear layers, the last one is the classifier."""
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    assert find_classifier(model) is model[2]
    assert find_classifier(model, classes=2) is model[2]


def test_models_without_a_fitting_classifier_are_refused() -> None:
    """No linear layer, or one with another number of outputs than there are classes, is a usage error."""
    with pytest.raises(UsageError, match="no linear layer"):
        find_classifier(nn.Conv2d(1, 2, 3))
    with pytest.raises(UsageError, match="has 2 outputs for 10 classes"):
        find_classifier(nn.Linear(4, 2), classes=10)


@pytest.mark.parametrize("name", ["convnet", "resnet18", "densenet121"])
def test_tap_keeps_what_the_classifier_receives(name: str) -> None:
    """Features times weight plus bias are the logits, to the bit, and the features carry gradients to the model."""
    model = build(name, classes=5, shape=(1, 32, 32), options={})
    classifier = find_classifier(model)
    with FeatureTap(classifier) as tap:
        logits = model(torch.rand(4, 1, 16, 16))
    assert torch.equal(nn.functional.linear(tap.features, classifier.weight, classifier.bias), logits)
    tap.features.square().sum().backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    first = next(model.parameters())
    assert first.grad is not None
    assert bool(first.grad.abs().max() > 0)
    assert classifier.weight.grad is None


def test_tap_ends_with_its_block() -> None:
    """After the block, the classifier runs without the tap, and the features of the last pass in it remain."""
    classifier = nn.Linear(3, 2)
    with FeatureTap(classifier) as tap:
        classifier(torch.zeros(1, 3))
        classifier(torch.ones(2, 3))
    classifier(torch.zeros(5, 3))
    assert torch.equal(tap.features, torch.ones(2, 3))


def test_tap_reports_a_classifier_that_was_not_called() -> None:
    """Asking for features before any forward pass is a usage error that says what to do."""
    with FeatureTap(nn.Linear(3, 2)) as tap, pytest.raises(UsageError, match="was not called"):
        _ = tap.features


def test_tap_refuses_features_that_are_not_vectors() -> None:
    """A classifier that is applied to tokens or pixels has no penultimate feature per sample."""
    classifier = nn.Linear(3, 2)
    with FeatureTap(classifier), pytest.raises(UsageError, match=r"shape \(4, 7, 3\), not \(N, d\)"):
        classifier(torch.ones(4, 7, 3))


@pytest.mark.parametrize("mean", [0.0, 10.0, -2.5])
def test_bias_starts_uniformly_around_the_mean_in_the_papers_sign(mean: float) -> None:
    """Thresholds (-bias) fill mean +- 1/sqrt(d) evenly: mean, standard deviation and both ends fit."""
    torch.manual_seed(0)
    classifier = nn.Linear(16, 100_000)
    init_bias(classifier, mean)
    threshold = -classifier.bias.detach().double()
    assert threshold.mean().item() == pytest.approx(mean, abs=4 * 0.25 / 3**0.5 / 100_000**0.5)
    assert threshold.std().item() == pytest.approx(0.25 / 3**0.5, rel=0.01)
    assert threshold.min().item() == pytest.approx(mean - 0.25, abs=1e-4)
    assert threshold.max().item() == pytest.approx(mean + 0.25, abs=1e-4)


def test_bias_around_zero_is_pytorchs_own() -> None:
    """With mean 0 and the same random numbers, the bias is the one that nn.Linear would have drawn."""
    classifier = nn.Linear(9, 5)
    torch.manual_seed(3)
    nn.init.uniform_(classifier.weight, -1 / 3, 1 / 3)
    init_bias(classifier, 0.0)
    torch.manual_seed(3)
    assert torch.equal(nn.Linear(9, 5).bias, classifier.bias)


def test_a_classifier_without_bias_cannot_start_one() -> None:
    """A linear layer without bias is a usage error, not a crash."""
    with pytest.raises(UsageError, match="has no bias"):
        init_bias(nn.Linear(3, 2, bias=False), 0.0)
