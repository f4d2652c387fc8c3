"""The augmentation of one epoch, as the settings want it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.train.augment.changes import CHANGES
from bceprobe.train.augment.draws import Draws
from bceprobe.train.augment.mixing import mix
from bceprobe.train.determinism import generator

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch import Tensor

    from bceprobe.settings import Settings
    from bceprobe.train.parts import Part


class Augmentation:
    """Changes images before they are normalised, and mixes batches after; each has its own random stream.

    Parameters
    ----------
    settings
        Of the run.
    classes
        K.
    epoch
        The epoch whose random streams are used, from their start.
    parts
        What this process has of each batch of the epoch, in order; the whole of each if left out.
    """

    def __init__(self, settings: Settings, classes: int, epoch: int, parts: Iterable[Part] = ()) -> None:
        self._parts = iter(parts)
        self._settings, self._classes = settings.augment, classes
        self._change_draws, self._mix_draws = (generator(settings.seed, name, epoch) for name in ("augment", "mix"))

    def change(self, images: Tensor) -> Tensor:
        """Crop, flip and rotate the images (B, C, H, W) of the next batch, which are not yet normalised."""
        draws = Draws(self._change_draws, next(self._parts, None))
        for name, function in CHANGES.items():
            if amount := getattr(self._settings, name):
                images = function(images, draws, amount)
        return images

    def mix(self, images: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Mix a batch of normalised images; its targets become soft, (B, K), if it is mixed.

        Processes that share a batch mix their parts with themselves, all by the same share.
        """
        if not self._settings.mixes:
            return images, target
        return mix(images, target, self._classes, self._settings, self._mix_draws)
