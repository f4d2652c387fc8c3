"""The residual network that He et al. made for CIFAR: three stages of thin blocks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor, nn
from torch.nn import functional

from bceprobe.models.base import MODELS, first_convolution, require_at_least

if TYPE_CHECKING:
    from bceprobe.models.base import Shape

WIDTHS = (16, 32, 64)


@MODELS.register("resnet32")
def resnet32(classes: int, shape: Shape, *, blocks: int = 5) -> nn.Module:
    """ResNet32 for small images (He et al. 2016, section 4.2), three stages, shortcuts without parameters: d = 64.

    Parameters
    ----------
    classes, shape
        Outputs, and (C, H, W) of the images.
    blocks
        Of each stage: 6 blocks + 2 layers, so 3 is ResNet20, 5 ResNet32, 9 ResNet56.
    """
    require_at_least(1, "blocks", blocks)
    stem = nn.Sequential(
        first_convolution(shape[0], WIDTHS[0], small=True, fan="fan_out"), nn.BatchNorm2d(WIDTHS[0]), nn.ReLU()
    )
    layers: list[nn.Module] = [stem]
    for inputs, outputs in zip((WIDTHS[0], *WIDTHS[:-1]), WIDTHS, strict=True):
        layers += [Block(inputs, outputs), *(Block(outputs, outputs) for _ in range(blocks - 1))]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(WIDTHS[-1], classes))


class Block(nn.Module):
    """Two 3x3 convolutions and a shortcut; where channels double, the resolution halves and zeros are the new ones.

    Parameters
    ----------
    inputs, outputs
        Channels.
    """

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.stride, self.new = (1, 0) if inputs == outputs else (2, outputs - inputs)
        first = nn.Conv2d(inputs, outputs, kernel_size=3, stride=self.stride, padding=1, bias=False)
        second = nn.Conv2d(outputs, outputs, kernel_size=3, padding=1, bias=False)
        for convolution in (first, second):
            nn.init.kaiming_normal_(convolution.weight, mode="fan_out", nonlinearity="relu")
        self.body = nn.Sequential(first, nn.BatchNorm2d(outputs), nn.ReLU(), second, nn.BatchNorm2d(outputs))

    def forward(self, maps: Tensor) -> Tensor:
        """Map (N, inputs, H, W) to (N, outputs, H, W), or half of H and W."""
        shortcut = maps[:, :, :: self.stride, :: self.stride]
        shortcut = functional.pad(shortcut, (0, 0, 0, 0, self.new // 2, self.new - self.new // 2))
        return functional.relu(self.body(maps) + shortcut)
