"""What of a training is stored: epochs as they are trained, and the one that counts when training has ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.store import Run
from bceprobe.store.selection import choose
from bceprobe.train.checkpoint import load_best

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from bceprobe.capture import Recorder
    from bceprobe.settings import Settings
    from bceprobe.train.history import Row
    from bceprobe.train.session import Session


def places(settings: Settings) -> list[int]:
    """List the epochs that the store has a place for: those that may be captured."""
    may_be_any = settings.captures_selected and settings.select == "best"
    return list(range(1, settings.optim.epochs + 1)) if may_be_any else settings.captured_epochs


def capture(session: Session, recorder: Recorder, epoch: int) -> bool:
    """Capture both splits."""
    return all(
        recorder.capture(session.network, loader, split=split, epoch=epoch, index=loader.index)
        for split, loader in session.captured.items()
    )


def capture_selected(session: Session, folder: Path, recorder: Recorder, history: Sequence[Row]) -> None:
    """Capture the epoch that counts from its weights, if that was asked for and it is not stored."""
    found = choose(history, session.settings.select)
    if not session.settings.captures_selected or not found:
        return
    run = Run(str(folder))
    if all(split in run.splits and found.epoch in run.epochs(split) for split in session.captured):
        return
    load_best(folder, session.model)
    capture(session, recorder, found.epoch)
    recorder.flush()
