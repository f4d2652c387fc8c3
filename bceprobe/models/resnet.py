"""torchvision's residual networks with a stem for small images, as the paper trains them."""

from __future__ import annotations

from torch import nn

from bceprobe.models.base import MODELS, cifar_stem


@MODELS.register("resnet18")
def resnet18(classes: int, channels: int) -> nn.Module:
    """ResNet18 (He et al. 2016) with a 3x3 stem of stride 1 and no max-pooling: d = 512."""
    from torchvision.models import resnet18 as with_imagenet_stem  # noqa: PLC0415 - torchvision is slow to import

    model: nn.Module = with_imagenet_stem(num_classes=classes)
    model.conv1 = cifar_stem(channels, 64, fan="fan_out")
    model.maxpool = nn.Identity()
    return model
