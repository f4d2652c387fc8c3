"""Checkpoints, replaced as a whole and never pickled code: the last epoch's, and the weights of the best one.

The last one holds model, optimizer, loss scale and epoch; it is written first, and the other one follows it. torch
writes ZIP archives with a checksum for each tensor, but does not look at them when it reads.
"""

from __future__ import annotations

import io
import zipfile
import zlib
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
BEST = "checkpoints/best.pt"
START_AGAIN = "Start again with --force"
RESTORE = "Restore it from a copy, or start again with --force; until then the stored epochs stay readable"
_DAMAGES = (RuntimeError, UnpicklingError, EOFError, ValueError, OSError, KeyError, zipfile.BadZipFile, zlib.error)
_MISFITS = (RuntimeError, KeyError, ValueError, TypeError, AttributeError, IndexError)


def collect_state(epoch: int, model: nn.Module, optimizer: Optimizer, scaler: GradScaler) -> dict[str, Any]:
    """Copy the state after an epoch to the host, so that training can go on while it is saved."""
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "scaler": scaler.state_dict()}
    return {"epoch": epoch, **_to_host(state)}


def save_checkpoint(folder: Path, state: dict[str, Any]) -> None:
    """Write the state so that after a crash the file is the old or the new one."""
    _write(folder / FILE, state)


def save_best(folder: Path, state: dict[str, Any]) -> None:
    """Write epoch and weights of a state as those of the best epoch so far."""
    _write(folder / BEST, {"epoch": state["epoch"], "model": state["model"]})


def load_best(folder: Path, model: nn.Module) -> None:
    """Give a model the weights of the best epoch.

    Raises
    ------
    StoreCorruptError
        The file is damaged, or it is no checkpoint.
    UsageError
        It belongs to another model.
    """
    state = read_state(folder / BEST)
    try:
        model.load_state_dict(state["model"])
    except _MISFITS as error:
        raise UsageError(f"checkpoint {folder / BEST} is of another model", START_AGAIN) from error


def has_checkpoint(folder: Path) -> bool:
    """Tell whether an epoch was completed."""
    return (folder / FILE).exists()


def load_checkpoint(folder: Path, model: nn.Module, optimizer: Optimizer, scaler: GradScaler) -> int:
    """Restore model, optimizer and loss scale; return the epoch they are from, 0 if nothing was saved yet.

    Raises
    ------
    StoreCorruptError
        The file is damaged, or it is no checkpoint.
    UsageError
        It belongs to another model or optimizer.
    """
    path = folder / FILE
    if not path.exists():
        return 0
    state = read_state(path)
    try:
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        scaler.load_state_dict(state["scaler"])
        _check_fits(optimizer)
        return int(state["epoch"])
    except _MISFITS as error:
        raise UsageError(f"checkpoint {path} is of another model or optimizer", START_AGAIN) from error


def saved_epoch(folder: Path, file: str = FILE) -> int:
    """Return the epoch of a checkpoint, by default the one that training can go on from; 0 if it cannot be read."""
    try:
        return int(read_state(folder / file)["epoch"])
    except (StoreCorruptError, *_MISFITS):
        return 0


def read_state(path: Path) -> Any:
    """Read a state, and only tensors, numbers and texts, from a file whose checksums are right.

    Raises
    ------
    StoreCorruptError
        They are not, or it is no such file.
    """
    try:
        content = io.BytesIO(path.read_bytes())
        with zipfile.ZipFile(content) as archive:
            damaged = archive.testzip()
        if damaged:
            raise zipfile.BadZipFile(f"the checksum of {damaged} is wrong")
        content.seek(0)
        return torch.load(content, map_location="cpu", weights_only=True)
    except _DAMAGES as error:
        reason = str(error).strip().split("\n")[0].split(". ")[0].rstrip(".")
        raise StoreCorruptError(f"checkpoint {path} cannot be read: {reason}", RESTORE) from error


def _check_fits(optimizer: Optimizer) -> None:
    """Refuse a state that the optimizer has taken up, but that it cannot go on with."""
    if not all(optimizer.defaults.keys() <= group.keys() for group in optimizer.param_groups):
        raise ValueError("settings of the optimizer are missing")
    for parameter, values in optimizer.state.items():
        sizes = {value.shape for value in values.values() if isinstance(value, torch.Tensor) and value.ndim}
        if not sizes <= {parameter.shape}:
            raise ValueError(f"state {sizes} of a parameter {parameter.shape}")


def _write(path: Path, state: dict[str, Any]) -> None:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    write_bytes(str(path), buffer.getvalue())


def _to_host(value: Any) -> Any:
    """Copy all tensors of a nested state to the host."""
    if isinstance(value, torch.Tensor):
        return value.detach().to("cpu", copy=True)
    if isinstance(value, dict):
        return {key: _to_host(item) for key, item in value.items()}
    return [_to_host(item) for item in value] if isinstance(value, list) else value
