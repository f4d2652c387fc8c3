"""Random numbers for the images of a batch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from torch import Generator, Tensor

    from bceprobe.train.parts import Part


@dataclass(frozen=True)
class Draws:
    """Draws from a generator of the CPU, for each image of a batch.

    Of a batch that several processes share, `part` is what is here; numbers are drawn for the whole of it, so that each
    image gets those that it gets from one process.
    """

    generator: Generator
    part: Part | None = None

    def integers(self, stop: int, rows: int, images: Tensor) -> Tensor:
        """Draw from 0..stop-1, (rows, B)."""
        return self._own(torch.randint(0, stop, (rows, self._total(images)), generator=self.generator))

    def uniform(self, images: Tensor) -> Tensor:
        """Draw from U(0, 1), (B,)."""
        return self._own(torch.rand(self._total(images), generator=self.generator))

    def _total(self, images: Tensor) -> int:
        return self.part.total if self.part else len(images)

    def _own(self, drawn: Tensor) -> Tensor:
        return drawn[..., self.part.start : self.part.stop] if self.part else drawn
