"""A small convolutional network for 8x8 digits, 32x32 images and CPUs."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from bceprobe.models.base import MODELS, require_at_least


@MODELS.register("convnet")
def convnet(classes: int, channels: int, *, width: int = 64) -> nn.Module:
    """Three convolutions with batch normalisation and ReLU, then global average pooling: d = width.

    Parameters
    ----------
    classes, channels
        Outputs, and channels of the images.
    width
        Feature length; the first convolution has half as many channels.
    """
    require_at_least(2, "width", width)
    layers = {
        "block1": _block(channels, width // 2, stride=1),
        "block2": _block(width // 2, width, stride=2),
        "block3": _block(width, width, stride=2),
        "pool": nn.AdaptiveAvgPool2d(1),
        "flatten": nn.Flatten(),
        "classifier": nn.Linear(width, classes),
    }
    return nn.Sequential(OrderedDict(layers))


def _block(inputs: int, outputs: int, *, stride: int) -> nn.Module:
    convolution = nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False)
    return nn.Sequential(convolution, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))
