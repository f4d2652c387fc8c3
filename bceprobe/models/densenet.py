"""torchvision's densely connected networks with a stem for small images, as the paper trains them."""

from __future__ import annotations

from torch import nn

from bceprobe.models.base import MODELS, cifar_stem, require_at_least

LAYERS = (6, 12, 24, 16)


@MODELS.register("densenet121")
def densenet121(classes: int, channels: int, *, growth: int = 32) -> nn.Module:
    """DenseNet121 (Huang et al. 2017) with a 3x3 stem of stride 1 and no pooling: d = 32 growth.

    Parameters
    ----------
    classes, channels
        Outputs, and channels of the images.
    growth
        Channels that each layer adds; the stem has twice as many. 32 is torchvision's (d = 1024), 16 the narrow
        network of the paper's authors (d = 512).
    """
    from torchvision.models import DenseNet  # noqa: PLC0415 - torchvision is slow to import

    require_at_least(1, "growth", growth)
    model: nn.Module = DenseNet(growth, LAYERS, 2 * growth, num_classes=classes)
    stem = model.get_submodule("features")
    stem.conv0 = cifar_stem(channels, 2 * growth, fan="fan_in")
    stem.pool0 = nn.Identity()
    return model
