"""Changes of single images: (images, draws, amount) -> images of the same shape and data type.

Images are (B, C, H, W) before normalisation, uint8 or float, so that what comes in from outside of them is black.
Draws go to the device without waiting for what it computes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

    from bceprobe.train.augment.draws import Draws


def crop(images: Tensor, draws: Draws, padding: int) -> Tensor:
    """Cut each image out of itself with a black border of `padding` pixels, at one of (2 padding + 1)^2 places.

    As `torchvision.transforms.RandomCrop` with the size of the images.
    """
    places = draws.integers(2 * padding + 1, 2, images)
    top, left = places.to(images.device, non_blocking=True)
    height, width = images.shape[2:]
    rows = top[:, None, None] + torch.arange(height, device=images.device)[:, None]
    columns = left[:, None, None] + torch.arange(width, device=images.device)
    padded = functional.pad(images, (padding,) * 4).permute(0, 2, 3, 1)
    which = torch.arange(len(images), device=images.device)[:, None, None]
    return padded[which, rows, columns].permute(0, 3, 1, 2)


def flip(images: Tensor, draws: Draws, probability: float) -> Tensor:
    """Swap left and right of each image with a probability, as `torchvision.transforms.RandomHorizontalFlip`."""
    chosen = (draws.uniform(images) < probability).to(images.device, non_blocking=True)
    return torch.where(chosen[:, None, None, None], images.flip(3), images)


def rotation(images: Tensor, draws: Draws, degrees: float) -> Tensor:
    """Turn each image by an angle from U(-degrees, degrees), as `torchvision.transforms.RandomRotation`, bilinear."""
    return rotate(images, (2 * draws.uniform(images) - 1) * degrees)


def rotate(images: Tensor, degrees: Tensor) -> Tensor:
    """Turn each image counter-clockwise about its centre by its own angle (B,); what lies outside is black."""
    angles = degrees.to(images.device, non_blocking=True).deg2rad()
    height, width = images.shape[2:]
    cos, sin, none = angles.cos(), angles.sin(), torch.zeros_like(angles)
    # Where each pixel comes from: the inverse rotation, in coordinates that reach from -1 to 1 along both sides.
    matrix = torch.stack([cos, -sin * height / width, none, sin * width / height, cos, none], dim=1).view(-1, 2, 3)
    grid = functional.affine_grid(matrix, list(images.shape), align_corners=False)
    turned = functional.grid_sample(images.float(), grid, align_corners=False)
    return turned if images.is_floating_point() else turned.round().to(images.dtype)


CHANGES: dict[str, Callable[[Tensor, Draws, Any], Tensor]] = {
    "crop": crop,
    "flip": flip,
    "rotation": rotation,
}
