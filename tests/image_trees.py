"""Small trees of JPEG files that tests train on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = ("ant", "bee", "cat")
COUNTS = {"train": 10, "test": 4}


def write_image(path: Path, seed: int, *, shape: tuple[int, ...] = (40, 56, 3)) -> None:
    """Write noise around a colour of its own as a JPEG, or as what the suffix says."""
    random = np.random.default_rng(seed)
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.clip(random.uniform(40, 215) + random.normal(0, 30, shape), 0, 255)
    Image.fromarray(pixels.astype(np.uint8)).save(path)


def write_tree(folder: Path, *, test: str = "test") -> Path:
    """Write three classes with 10 images to train and 4 to test, each of another size."""
    for split, name in (("train", "train"), ("test", test)):
        for label, kind in enumerate(CLASSES):
            for number in range(COUNTS[split]):
                seed = 1000 * (split == "test") + 100 * label + number
                shape = (36 + number, 50 - number, 3)
                write_image(folder / name / kind / f"{number:02}.jpg", seed, shape=shape)
    return folder
