"""bceprobe: how a loss function shapes learned features, shown with evidence.

The public names are loaded when they are used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bceprobe import theory
    from bceprobe.analysis import analyze
    from bceprobe.capture import Recorder
    from bceprobe.comparison import compare
    from bceprobe.snapshot import Snapshot
    from bceprobe.store import open_run

__version__ = "0.1.0"
__all__ = ["Recorder", "Snapshot", "analyze", "compare", "open_run", "theory"]

_HOMES = {
    "Recorder": "bceprobe.capture",
    "Snapshot": "bceprobe.snapshot",
    "analyze": "bceprobe.analysis",
    "compare": "bceprobe.comparison",
    "open_run": "bceprobe.store",
}


def __getattr__(name: str) -> Any:
    if name == "theory":
        return importlib.import_module("bceprobe.theory")
    if name not in _HOMES:
        message = f"module 'bceprobe' has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
