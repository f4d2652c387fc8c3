"""torchvision's densely connected networks, with a stem for small images as the paper trains them, or their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from bceprobe.models.base import MODELS, first_convolution, has_small_stem, require_at_least

if TYPE_CHECKING:
    from bceprobe.models.base import Builder, Shape

# Depth -> layers of each block, growth of torchvision's own, and by what the feature length exceeds the growth.
DEPTHS = {121: ((6, 12, 24, 16), 32, 32), 161: ((6, 12, 36, 24), 48, 46)}


def _builder(depth: int, layers: tuple[int, ...], usual: int, factor: int) -> Builder:
    """Make the builder of one depth."""

    def densenet(classes: int, shape: Shape, *, growth: int = usual, stem: str = "auto") -> nn.Module:
        from torchvision.models import DenseNet  # noqa: PLC0415 - torchvision is slow to import

        require_at_least(1, "growth", growth)
        model: nn.Module = DenseNet(growth, layers, 2 * growth, num_classes=classes)
        small, features = has_small_stem(stem, shape), model.get_submodule("features")
        features.conv0 = first_convolution(shape[0], 2 * growth, small=small, fan="fan_in")
        if small:
            features.pool0 = nn.Identity()
        return model

    densenet.__doc__ = f"""DenseNet{depth} (Huang et al. 2017): d = {factor} growth.

    Parameters
    ----------
    classes, shape
        Outputs, and (C, H, W) of the images.
    growth
        Channels that each layer adds; the stem has twice as many. {usual} is torchvision's (d = {factor * usual}); the
        paper's authors train the 121 layers with 16 (d = 512).
    stem
        cifar: 3x3 with stride 1 and no max-pooling; imagenet: 7x7 with stride 2, pooled; auto: cifar up to 64 pixels.
    """
    return densenet


for number, (counts, own, multiple) in DEPTHS.items():
    MODELS.add(f"densenet{number}", _builder(number, counts, own, multiple))
