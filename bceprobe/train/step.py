"""One optimizer step, and the losses of an epoch, without waiting for the device after every batch.

A loss that is not finite takes no step: the device itself decides, as it does for a GradScaler. The host looks at the
losses after every batch on the CPU, where that is free, and now and then elsewhere, so that kernels queue up meanwhile.
"""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import torch

from bceprobe.losses import penalty
from bceprobe.train.parts import Part
from bceprobe.train.parts import part as cut

if TYPE_CHECKING:
    from torch import Tensor

    from bceprobe.train.session import Session

# Seconds between two looks at the losses, by type of device: most compute on their own, and a look waits for them.
PAUSES = {"cpu": 0.0}
PAUSE = 0.25


class Losses:
    """The losses of an epoch: their sum stays on the device, in float64.

    Parameters
    ----------
    device
        Where the losses are computed.
    """

    def __init__(self, device: torch.device) -> None:
        self._pause = PAUSES.get(device.type, PAUSE)
        self._sum = torch.zeros((), dtype=torch.float64, device=device)
        self._looked = -math.inf
        self.last = math.nan

    def add(self, loss: Tensor, samples: int) -> bool:
        """Add the mean loss of a batch; return False if a look shows that the losses are not finite."""
        self._sum.add_(loss, alpha=samples)
        now = time.monotonic()
        if now - self._looked < self._pause:
            return True
        self._looked = now
        self.last = float(loss)
        return math.isfinite(self.last) and math.isfinite(self.sum)

    @property
    def sum(self) -> float:
        """The sum over samples; once a loss was not finite, it never is again."""
        return float(self._sum)


def take_step(session: Session, images: Tensor, target: Tensor, part: Part | None = None) -> Tensor:
    """Take one optimizer step on a batch, unless its loss is not finite; return the loss, a scalar on the device.

    Processes that share a batch each bring their part; the step and the loss are those of the whole.
    """
    part = cut(len(target)) if part is None else part
    own = batch_loss(session, images, target, part)
    loss = session.team.mean(own, part.share)
    optimizer, scaler = session.optimizer, session.scaler
    optimizer.zero_grad(set_to_none=True)
    scaler.scale(session.team.weighed(own, part.share)).backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
    # Where this is 1, a fused optimizer changes nothing. A scaler that is enabled puts its own finding in this place.
    optimizer.found_inf = (~loss.isfinite()).float()  # type: ignore[attr-defined]
    scaler.step(optimizer)
    scaler.update()
    return loss


def batch_loss(session: Session, images: Tensor, target: Tensor, part: Part) -> Tensor:
    """Compute the loss of a batch with its penalties, as a part of it has them: the mean over all parts is exact."""
    logits, features = session.forward(images)
    weights, classifier = session.settings.penalty, session.classifier
    return session.loss(logits, target) + penalty(
        features,
        classifier.weight,
        classifier.bias,
        lambda_w=weights.lambda_w,
        lambda_h=weights.lambda_h * part.scale,
        lambda_b=weights.lambda_b,
    )
