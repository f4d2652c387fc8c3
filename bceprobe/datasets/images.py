"""Images in files: listed at once, decoded when they are used.

A worker process that decodes imports this and torch alone, so that it starts soon.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch
from torch.utils.data import Dataset

from bceprobe.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from PIL.Image import Image
    from torch import Tensor

# The shorter side is resized to this share of the image's size before the centre is cut out.
RESIZE, CROP = 256, 224


@dataclass(frozen=True, eq=False)
class ImageFiles:
    """Files of a split.

    Parameters
    ----------
    folder
        That of the split.
    names
        Paths below it, (N,), with ``/`` on every system.
    size
        Side of the decoded images in pixels.
    """

    folder: Path
    names: tuple[str, ...]
    size: int

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, rows: Tensor) -> ImageFiles:
        """Choose files by a boolean mask (N,) or an index tensor; nothing is decoded."""
        places = torch.arange(len(self))[rows].tolist()
        return ImageFiles(self.folder, tuple(self.names[place] for place in places), self.size)

    def paths(self, rows: Tensor) -> list[str]:
        """Full paths of some rows."""
        return [str(self.folder / self.names[row]) for row in rows.tolist()]

    def fingerprint(self) -> Iterator[bytes]:
        """Yield name and size in bytes of each file: what a checksum covers without reading the pixels."""
        for name in self.names:
            yield f"{name}\0{(self.folder / name).stat().st_size}\n".encode()


class Decoder(Dataset["Tensor"]):
    """Decodes files for a `DataLoader`, whose indices are paths and whose batches are lists of them."""

    def __init__(self, size: int) -> None:
        self.size = size

    def __getitems__(self, paths: Sequence[str]) -> Tensor | str:
        """Decode a batch, uint8 (B, 3, size, size); of a file that cannot be, return what is wrong.

        An error raised in a worker process would reach the user as several tracebacks.
        """
        try:
            return torch.stack([decode(path, self.size) for path in paths])
        except UsageError as error:
            return error.what


def decode(path: str, size: int) -> Tensor:
    """Read an image: RGB, shorter side resized to 256/224 of `size`, centre cropped; uint8 (3, size, size).

    Raises
    ------
    UsageError
        The file is no image or a damaged one.
    """
    from PIL.Image import open as open_image  # noqa: PLC0415 - only needed where files are decoded

    try:
        with open_image(path) as file:
            image = file.convert("RGB")
    except Exception as error:  # whatever Pillow's decoders raise on damaged files
        raise UsageError(f"{path} cannot be read as an image: {' '.join(str(error).split())}") from error
    return torch.from_numpy(np.array(_centre(image, size))).permute(2, 0, 1).contiguous()


def _centre(image: Image, size: int) -> Image:
    """Do what torchvision's Resize and CenterCrop do; importing torchvision would delay every worker by seconds."""
    from PIL.Image import Resampling  # noqa: PLC0415 - only needed where files are decoded

    short, shorter = round(size * RESIZE / CROP), min(image.size)
    resized = image.resize([int(short * side / shorter) for side in image.size], Resampling.BILINEAR)
    left, top = (round((side - size) / 2) for side in resized.size)
    return resized.crop((left, top, left + size, top + size))
