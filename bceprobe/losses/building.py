"""The loss of a run: by its name, with its options, for targets that are smoothed or mixed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bceprobe.errors import UsageError
from bceprobe.keywords import checked_options
from bceprobe.losses.base import LOSSES
from bceprobe.losses.targets import smooth

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from torch import Tensor


def make_loss(
    name: str, *, smoothing: float = 0.0, options: Mapping[str, Any] | None = None, soft: bool = False
) -> Callable[[Tensor, Tensor], Tensor]:
    """Make a function of logits and targets.

    Parameters
    ----------
    name
        A name in `LOSSES`.
    smoothing
        Of the labels: t = (1 - smoothing) one-hot + smoothing/K.
    options
        Keyword options of the loss.
    soft
        Whether targets are going to be soft, as by mixup.

    Raises
    ------
    UnknownNameError
        No loss has this name.
    UsageError
        An option that it does not take, or soft targets for a loss that admits only labels.
    """
    function = LOSSES[name]
    chosen = checked_options(f"loss {name}", function, options or {})
    if (smoothing or soft) and not getattr(function, "soft_targets", False):
        raise UsageError(f"loss {name} takes labels alone", "Leave out label smoothing, mixup and cutmix")

    def loss(logits: Tensor, target: Tensor) -> Tensor:
        return function(logits, smooth(target, logits, smoothing) if smoothing else target, **chosen)

    return loss
