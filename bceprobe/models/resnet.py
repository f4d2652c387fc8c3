"""torchvision's residual networks, with a stem for small images as the paper trains them, or their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from bceprobe.models.base import MODELS, first_convolution, has_small_stem

if TYPE_CHECKING:
    from bceprobe.models.base import Builder, Shape

# Depth -> feature length.
DEPTHS = {18: 512, 34: 512, 50: 2048, 101: 2048}


def _builder(depth: int, length: int) -> Builder:
    """Make the builder of one depth."""

    def resnet(classes: int, shape: Shape, *, stem: str = "auto") -> nn.Module:
        import torchvision.models  # noqa: PLC0415 - torchvision is slow to import

        model: nn.Module = torchvision.models.get_model(f"resnet{depth}", weights=None, num_classes=classes)
        small = has_small_stem(stem, shape)
        model.conv1 = first_convolution(shape[0], 64, small=small, fan="fan_out")
        if small:
            model.maxpool = nn.Identity()
        return model

    resnet.__doc__ = f"""ResNet{depth} (He et al. 2016): d = {length}.

    Parameters
    ----------
    classes, shape
        Outputs, and (C, H, W) of the images.
    stem
        cifar: 3x3 with stride 1 and no max-pooling; imagenet: 7x7 with stride 2, pooled; auto: cifar up to 64 pixels.
    """
    return resnet


for number, features in DEPTHS.items():
    MODELS.add(f"resnet{number}", _builder(number, features))
