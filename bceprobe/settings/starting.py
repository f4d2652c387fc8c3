"""Starting from another run: which of its settings a run takes over that goes on from its weights."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

INHERITED = ("model.", "data.", "loss.", "seed")
# Where a run starts: never taken over, since it starts from the other one.
START = ("model.weights", "model.fresh_classifier", "model.bias_init", "model.bias_mean")


def inherited(run: Path, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a run that starts from the weights of another: its model, data, loss and seed.

    Examples
    --------
    >>> from pathlib import Path
    >>> inherited(Path("runs/first"), {"loss.name": "bce", "optim.lr": 0.1, "model.bias_mean": 6.0})
    {'loss.name': 'bce', 'model.weights': 'runs/first', 'model.bias_init': 'keep'}
    """
    return {**without_start(_own(settings)), "model.weights": str(run), "model.bias_init": "keep"}


def without_start(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out the settings that say where a run starts."""
    return {key: value for key, value in settings.items() if key not in START}


def _own(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in settings.items() if key.startswith(INHERITED)}
