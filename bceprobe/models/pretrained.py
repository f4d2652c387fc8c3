"""Pretrained weights: from a local file, or torchvision's by name. No file is unpickled beyond tensors."""

from __future__ import annotations

import re
import warnings
from pathlib import Path
from pickle import UnpicklingError
from typing import TYPE_CHECKING, Any

import torch

from bceprobe.errors import DataNotFoundError, UsageError
from bceprobe.registry import nearest

if TYPE_CHECKING:
    from torch import Tensor, nn

SAFETENSORS = ".safetensors"
FILES = (SAFETENSORS, ".pt", ".pth")
# torchvision's DenseNet weights have names of an older version of its layers, such as norm.1 for norm1.
OLD_NAMES = re.compile(r"(denselayer\d+\.(?:norm|conv))\.([12]\.)")
State = dict[str, Any]


def load_weights(
    model: nn.Module, weights: str, *, name: str, classifier: nn.Linear, download: bool = False, fresh: bool = False
) -> bool:
    """Fill a model with pretrained weights, all but a classifier for other classes.

    Parameters
    ----------
    model
        Changed in place.
    weights
        A ``.safetensors``, ``.pt`` or ``.pth`` file with a state dict, or a name of torchvision's weights for the
        model, such as ``"IMAGENET1K_V1"`` or ``"DEFAULT"``.
    name
        Of the model, by which torchvision knows it.
    classifier
        The layer of the model that keeps its fresh weights if those of the file are of another shape.
    download
        Whether torchvision's weights may be fetched.
    fresh
        Whether the classifier keeps its fresh weights in any case.

    Returns
    -------
    bool
        Whether the classifier got pretrained weights.

    Raises
    ------
    UsageError
        The file is no such file, or is of another model: a name or shape differs, which is named.
    DataNotFoundError
        The file, or the weights in torchvision's cache, are missing.
    """
    file = Path(weights).suffix in FILES or Path(weights).name != weights
    found = _of_file(Path(weights)) if file else _of_torchvision(name, weights, download=download)
    state = {OLD_NAMES.sub(r"\1\2", key): value for key, value in found.items()}
    head = next(place for place, module in model.named_modules() if module is classifier)
    own, keys = model.state_dict(), {f"{head}.weight", f"{head}.bias"} & state.keys()
    other = fresh or any(state[key].shape != own[key].shape for key in keys)
    if other:
        state |= {key: own[key] for key in keys}
    _check(state, own, weights)
    model.load_state_dict(state)
    return not other


def _check(state: State, own: dict[str, Tensor], weights: str) -> None:
    """Refuse weights that are not exactly those of the model."""
    hint = "Choose the model, stem and options that they were trained with"
    if differing := sorted(state.keys() ^ own.keys()):
        side = "lack" if differing[0] in own else "have"
        raise UsageError(f"weights {weights} are of another model: they {side} {differing[0]}", hint)
    for key, value in own.items():
        if state[key].shape != value.shape:
            shapes = f"{tuple(state[key].shape)}, not {tuple(value.shape)}"
            raise UsageError(f"weights {weights} are of another model: {key} is {shapes}", hint)


def _of_file(path: Path) -> State:
    """Read a state dict, or the ``state_dict`` or ``model`` entry of a checkpoint."""
    if not path.is_file():
        raise DataNotFoundError(f"no weights {path}", "Give a run, or a .safetensors, .pt or .pth file")
    try:
        found: State = _read(path)
        for entry in ("state_dict", "model"):
            found = found[entry] if isinstance(found.get(entry), dict) else found
        if not all(isinstance(value, torch.Tensor) for value in found.values()):
            raise ValueError("it holds other things than tensors")  # noqa: TRY301 - a reason like those of the readers
    except (RuntimeError, UnpicklingError, EOFError, ValueError, OSError, AttributeError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UsageError(
            f"{path} is no state dict ({reason})", "Save one: torch.save(model.state_dict(), path)"
        ) from error
    return dict(found)


def _read(path: Path) -> State:
    if path.suffix != SAFETENSORS:
        with warnings.catch_warnings(action="ignore"):  # torch warns of what it then refuses
            found: State = torch.load(path, map_location="cpu", weights_only=True)
        return found
    from safetensors import SafetensorError  # noqa: PLC0415 - seldom needed
    from safetensors.torch import load_file  # noqa: PLC0415 - seldom needed

    try:
        return dict(load_file(path))
    except SafetensorError as error:
        raise ValueError(str(error)) from error


def _of_torchvision(name: str, weights: str, *, download: bool) -> State:
    """Take torchvision's weights from its cache, or fetch them if that was asked for."""
    from torchvision import models  # noqa: PLC0415 - torchvision is slow to import

    if name not in models.list_models():
        raise UsageError(f"torchvision has no weights for model {name}", f"Give a file: {', '.join(FILES)}")
    known = models.get_model_weights(name)
    if weights not in {*known.__members__, "DEFAULT"}:
        raise UsageError(f"torchvision has no weights {weights!r} for {name}", nearest(weights, known.__members__))
    chosen = known[weights]
    cached = Path(torch.hub.get_dir()) / "checkpoints" / chosen.url.rsplit("/", maxsplit=1)[-1]
    if not (download or cached.is_file()):
        raise DataNotFoundError(f"no weights {cached}", "Fetch them with --download")
    try:
        return dict(chosen.get_state_dict(check_hash=True, map_location="cpu"))
    except (OSError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise DataNotFoundError(f"weights {chosen.url} cannot be had ({reason})", "Fetch them by hand") from error
