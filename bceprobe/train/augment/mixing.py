"""Mixing a batch with itself in reverse order: (images, generator, share) -> images and the share that is the own.

As timm's `Mixup` in batch mode: one share for the whole batch, and targets mixed by it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from scipy.special import betaincinv
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Generator, Tensor

    from bceprobe.settings import AugmentSettings


def mix(
    images: Tensor, target: Tensor, classes: int, settings: AugmentSettings, generator: Generator
) -> tuple[Tensor, Tensor]:
    """Mix a batch, or leave it as it is.

    Parameters
    ----------
    images
        Normalised, (B, C, H, W).
    target
        Labels, (B,).
    classes
        K.
    settings
        Which mixes there are, with their alphas and probabilities.
    generator
        Of the CPU.

    Returns
    -------
    Tensor, Tensor
        Images, and soft targets (B, K) whose rows add up to 1, or the labels if nothing was mixed.
    """
    name = choose(settings, generator)
    if not name:
        return images, target
    images, share = MIXES[name](images, generator, draw_share(getattr(settings, name), generator))
    rows = functional.one_hot(target, classes).float()
    return images, torch.lerp(rows.flip(0), rows, share)


def choose(settings: AugmentSettings, generator: Generator) -> str:
    """Draw the mix of a batch, by name; none with probability 1 - `mix_probability`."""
    known = [name for name in MIXES if getattr(settings, name)]
    applied, switched = torch.rand(2, generator=generator).tolist()
    if not known or applied >= settings.mix_probability:
        return ""
    return known[-1] if switched < settings.switch_probability else known[0]


def draw_share(alpha: float, generator: Generator) -> float:
    """Draw from Beta(alpha, alpha) by its quantile function."""
    return float(betaincinv(alpha, alpha, torch.rand(1, generator=generator, dtype=torch.float64).item()))


def mixup(images: Tensor, _generator: Generator, share: float) -> tuple[Tensor, float]:
    """Average each image with its partner (Zhang et al. 2018, doi:10.48550/arXiv.1710.09412)."""
    return torch.lerp(images.flip(0), images, share), share


def cutmix(images: Tensor, generator: Generator, share: float) -> tuple[Tensor, float]:
    """Paste a box of each image's partner over it (Yun et al. 2019, doi:10.1109/ICCV.2019.00612).

    The box has the shape of the image and 1 - `share` of its area, around a pixel drawn uniformly; what it loses at
    the border is added to the share.
    """
    sizes = images.shape[2:]
    rows, columns = (_span(size, math.sqrt(1 - share), float(torch.rand(1, generator=generator))) for size in sizes)
    mixed = images.clone()
    mixed[..., rows, columns] = images.flip(0)[..., rows, columns]
    area = (rows.stop - rows.start) * (columns.stop - columns.start)
    return mixed, 1 - area / math.prod(sizes)


def _span(size: int, share: float, place: float) -> slice:
    """Return the interval that has a share of a size, around a place in 0..1, clipped."""
    centre, half = int(size * place), int(size * share) // 2
    return slice(max(centre - half, 0), min(centre + half, size))


MIXES: dict[str, Callable[[Tensor, Generator, float], tuple[Tensor, float]]] = {"mixup": mixup, "cutmix": cutmix}
