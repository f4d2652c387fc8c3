"""The checkpoint: model, optimizer, loss scale and epoch, replaced as a whole and never pickled code."""

from __future__ import annotations

import io
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

import torch

from bceprobe.errors import StoreCorruptError, UsageError
from bceprobe.store.location import write_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from torch import nn
    from torch.amp import GradScaler
    from torch.optim import Optimizer

FILE = "checkpoints/last.pt"


def collect_state(epoch: int, model: nn.Module, optimizer: Optimizer, scaler: GradScaler) -> dict[str, Any]:
    """Copy the state after an epoch to the host, so that training can go on while it is saved."""
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "scaler": scaler.state_dict()}
    return {"epoch": epoch, **_to_host(state)}


def save_checkpoint(folder: Path, state: dict[str, Any]) -> None:
    """Write the state so that after a crash the file is the old or the new one."""
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_bytes(str(folder / FILE), buffer.getvalue())


def load_checkpoint(folder: Path, model: nn.Module, optimizer: Optimizer, scaler: GradScaler) -> int:
    """Restore model, optimizer and loss scale; return the epoch they are from, 0 if nothing was saved yet.

    Raises
    ------
    StoreCorruptError
        The file cannot be read.
    UsageError
        It belongs to another model or optimizer.
    """
    path = folder / FILE
    if not path.exists():
        return 0
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except (RuntimeError, UnpicklingError, EOFError, ValueError, OSError) as error:
        hint = "Restore it from a copy, or start again with --force"
        raise StoreCorruptError(f"checkpoint {path} cannot be read", hint) from error
    try:
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        scaler.load_state_dict(state["scaler"])
        return int(state["epoch"])
    except (RuntimeError, KeyError, ValueError, TypeError) as error:
        raise UsageError(f"checkpoint {path} is of another model or optimizer", "Start again with --force") from error


def _to_host(value: Any) -> Any:
    """Copy all tensors of a nested state to the host."""
    if isinstance(value, torch.Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, dict):
        return {key: _to_host(item) for key, item in value.items()}
    return [_to_host(item) for item in value] if isinstance(value, list) else value
