"""The forward pass of training: logits and features in float32, whatever the layers below compute in."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import torch
from torch.nn import functional

from bceprobe.capture.precision import AUTOCAST, autocast
from bceprobe.errors import UsageError
from bceprobe.models import FeatureTap

if TYPE_CHECKING:
    from torch import Tensor, nn

    from bceprobe.train.distributed import Team


class Forward:
    """Runs a model on a batch and returns logits (N, K) and features (N, d) with their gradient history.

    In bfloat16 and float16 the classifier still computes in float32: rounded logits would put a floor under the loss.
    The hooks stay on the classifier for good, as a compiled model keeps those that it was compiled with.

    Parameters
    ----------
    model, classifier
        The model and its last layer.
    precision
        ``"fp32"``, ``"tf32"``, ``"bf16"`` or ``"fp16"``.
    compiled
        Whether torch.compile makes the kernels.
    team
        The processes whose gradients are averaged.
    """

    def __init__(
        self, model: nn.Module, classifier: nn.Linear, *, precision: str, compiled: bool, team: Team | None = None
    ) -> None:
        device = classifier.weight.device
        self._autocast = partial(autocast, precision, device)
        self._tap = ExitStack().enter_context(FeatureTap(classifier))
        if precision in AUTOCAST:
            classifier.register_forward_hook(_in_float32)
        if compiled:
            check_compiler(device)
        self._network, self._compiled, self._team = model, compiled, team

    @cached_property
    def _model(self) -> Any:
        """The model as it is called; made when it first is, since not every forward pass that is prepared is used."""
        # Each size of a batch gets its own kernels; there are two, as the last batch of an epoch is smaller.
        model: Any = torch.compile(self._network, dynamic=False) if self._compiled else self._network
        return self._team.parallel(model) if self._team else model

    def __call__(self, images: Tensor) -> tuple[Tensor, Tensor]:
        """Return logits (N, K) and features (N, d) of images (N, C, H, W)."""
        with self._autocast():
            logits = self._model(images)
        return logits, self._tap.features.float()


def check_compiler(device: torch.device) -> None:
    """Compile something small.

    Raises
    ------
    UsageError
        It cannot be compiled.
    """
    try:
        torch.compile(torch.nn.SiLU())(torch.ones(8, device=device))
    except Exception as error:
        reason = str(error).strip().splitlines()[0].rstrip(".")
        raise UsageError(f"torch.compile fails: {reason}", "Leave out --compile, or install a compiler") from error


def _in_float32(classifier: nn.Linear, arguments: tuple[Tensor], _logits: Tensor) -> Tensor:
    (features,) = arguments
    with torch.autocast(features.device.type, enabled=False):
        return functional.linear(features.float(), classifier.weight, classifier.bias)
