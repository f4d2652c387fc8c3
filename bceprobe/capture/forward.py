"""Forward passes for captures: eval mode, one precision, no gradients, and features on their way to the host."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from bceprobe.capture.precision import NAMES, computing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from torch import Tensor, nn


@contextmanager
def evaluation(model: nn.Module, precision: str = "fp32") -> Iterator[None]:
    """Switch to eval mode, a precision and no gradients; restore each module's own mode and the random stream."""
    modes = [(module, module.training) for module in model.modules()]
    device = next(model.parameters()).device
    model.eval()
    try:
        with torch.no_grad(), computing(precision, device), torch.random.fork_rng(devices=[]):
            yield
    finally:
        for module, training in modes:
            module.training = training


def to_device(inputs: Any, device: torch.device) -> Any:
    """Move a batch's input to a device; inputs that are no tensors are the model's business."""
    return inputs.to(device, non_blocking=True) if isinstance(inputs, torch.Tensor) else inputs


def to_host(tensor: Tensor) -> Callable[[], NDArray[Any]]:
    """Start copying a tensor to the host; the result waits for the copy. From a GPU it goes to pinned memory."""
    tensor = tensor.detach()
    if not tensor.is_cuda:
        array = tensor.cpu().numpy()
        return lambda: array
    pinned = torch.empty(tensor.shape, dtype=tensor.dtype, pin_memory=True).copy_(tensor, non_blocking=True)
    copied = torch.Event(tensor.device)
    copied.record()

    def wait() -> NDArray[Any]:
        copied.synchronize()
        return pinned.numpy()

    return wait


def numerics(dtype: str, precision: str) -> dict[str, Any]:
    """Describe how features are computed and stored; all of it moves small NC1."""
    return {
        "dtype": dtype,
        "mode": "eval",
        "computed_in": NAMES[precision],
        "tf32": precision == "tf32",
    }
