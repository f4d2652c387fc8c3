"""The loss of a run: by its name, with its options, for targets that are smoothed or mixed; the mean over a batch."""

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
) -> Callable[..., Tensor]:
    """Make a function of logits, targets and, optionally, weights of the classes (K,): the mean over the batch.

    With weights it is sum_i w_i L_i / N, not divided by the sum of the weights. The weight of a sample is that of its
    class; of a soft target t, and before smoothing, it is sum_j t_j w_j (own choice).

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

    def loss(logits: Tensor, target: Tensor, weights: Tensor | None = None) -> Tensor:
        losses = function(logits, smooth(target, logits, smoothing) if smoothing else target, **chosen)
        if losses.shape != target.shape[:1]:
            shape = f"{tuple(losses.shape)} for {len(target)} samples"
            raise UsageError(f"loss {name} returns values of shape {shape}", "Return one value for each sample")
        return _weighed(losses, target, weights).sum() / len(target)

    return loss


def _weighed(losses: Tensor, target: Tensor, weights: Tensor | None) -> Tensor:
    if weights is None:
        return losses
    return losses * (weights[target] if target.ndim == 1 else target @ weights.to(target.dtype))
