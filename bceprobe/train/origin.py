"""Where pretrained weights come from: the checkpoint of a run, a file, or torchvision."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bceprobe.errors import StoreCorruptError, UsageError
from bceprobe.store import Run
from bceprobe.store.run import is_run
from bceprobe.train.checkpoint import BEST, FILE, read_state

if TYPE_CHECKING:
    from bceprobe.store.selection import Selection


def weights_file(weights: str) -> str:
    """Return the file of the weights that a run selected, where these are a run; else the text as it is.

    Raises
    ------
    UsageError
        The run is not finished, or was not trained by bceprobe.
    StoreError
        It cannot be read, or its checkpoint is missing or damaged.
    """
    return str(_checkpoint(Path(weights), _selection(weights))) if _names_run(weights) else weights


def describe(weights: str) -> dict[str, Any]:
    """Describe weights for run.json: as they were given, checksum of their file, and run and epoch they are from.

    Of a run also its settings and where it started itself, so that runs which start from runs can be compared.
    """
    if not weights:
        return {}
    file = Path(weights_file(weights))
    found: dict[str, Any] = {"given": weights}
    if file.is_file():
        with file.open("rb") as stream:
            found["sha256"] = hashlib.file_digest(stream, "sha256").hexdigest()
    if _names_run(weights):
        selection, run = _selection(weights), Run(weights)
        place = file.relative_to(weights).as_posix()
        found |= {"file": place, "epoch": selection.epoch, "criterion": selection.criterion}
        found |= {"settings": run.settings, **_start(run)}
    return {"weights": found}


def _start(run: Run) -> dict[str, Any]:
    """Return where a run started, if that was from weights."""
    known = run.manifest.get("provenance", {})
    return {name: known[name] for name in ("weights",) if name in known}


def _names_run(weights: str) -> bool:
    return Path(weights).is_dir() and is_run(weights)


def _selection(weights: str) -> Selection:
    run = Run(weights)
    if (status := run.manifest.get("status")) != "finished":
        hint = f"Finish it: bceprobe train --resume --out {weights}; or give the file of a checkpoint"
        raise UsageError(f"{weights} is no finished run (it is {status})", hint)
    if not run.settings or (found := run.selection) is None:
        raise UsageError(f"{weights} was not trained by bceprobe: it has no weights", "Give a file of weights")
    return found


def _checkpoint(run: Path, selection: Selection) -> Path:
    """Find the checkpoint of the selected epoch, and read it once to see that its checksums are right."""
    path = run / (FILE if selection.value is None else BEST)
    if not path.is_file():
        raise StoreCorruptError(f"{path} is missing", "Restore it from a copy, or train that run again")
    read_state(path)
    return path
