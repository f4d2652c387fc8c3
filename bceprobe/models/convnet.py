"""A small convolutional network for 8x8 digits, 32x32 images and CPUs."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING

from torch import Tensor, nn

from bceprobe.models.base import MODELS, require_at_least

if TYPE_CHECKING:
    from bceprobe.models.base import Shape

GRID = 2


@MODELS.register("convnet")
def convnet(classes: int, shape: Shape, *, width: int = 64) -> nn.Module:
    """Three convolutions, max-pooled to 2x2, and a hidden layer, all with batch normalisation and ReLU: d = width.

    Parameters
    ----------
    classes, shape
        Outputs, and (C, H, W) of the images, which have at least 8x8 pixels.
    width
        Feature length; the first convolution has half as many channels.
    """
    require_at_least(2, "width", width)
    layers = {
        "block1": _block(shape[0], width // 2, MaxPool()),
        "block2": _block(width // 2, width, MaxPool()),
        "block3": _block(width, width, MaxPool(GRID)),
        "flatten": nn.Flatten(),
        "hidden": nn.Sequential(nn.Linear(GRID**2 * width, width, bias=False), nn.BatchNorm1d(width), nn.ReLU()),
        "classifier": nn.Linear(width, classes),
    }
    return nn.Sequential(OrderedDict(layers))


class MaxPool(nn.Module):
    """Max-pooling over cells that do not overlap, with a deterministic gradient on every device.

    torch's adaptive pooling has none on CUDA devices and refuses to run there under ``--deterministic``.

    Parameters
    ----------
    cells
        Cells in each direction; if left out, as many as have a side of two pixels.
    """

    def __init__(self, cells: int | None = None) -> None:
        super().__init__()
        self.cells = cells

    def forward(self, maps: Tensor) -> Tensor:
        """Pool maps (N, C, H, W); pixels beyond the last whole cell are left out."""
        return self._along(self._along(maps, 3), 2)

    def _along(self, maps: Tensor, axis: int) -> Tensor:
        before, length, after = maps.shape[:axis], maps.shape[axis], maps.shape[axis + 1 :]
        cells = self.cells or length // 2
        side = length // cells
        return maps.narrow(axis, 0, cells * side).reshape(*before, cells, side, *after).amax(axis + 1)


def _block(inputs: int, outputs: int, pool: nn.Module) -> nn.Module:
    convolution = nn.Conv2d(inputs, outputs, kernel_size=3, padding=1, bias=False)
    return nn.Sequential(convolution, pool, nn.BatchNorm2d(outputs), nn.ReLU(inplace=True))
