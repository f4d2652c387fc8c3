"""Training one run, from settings to a finished run folder."""

from __future__ import annotations

from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from bceprobe.capture import Recorder
from bceprobe.errors import TrainingInterruptedError, UsageError
from bceprobe.store import Run
from bceprobe.store.lock import writing
from bceprobe.store.manifest import CONFIG, update_manifest
from bceprobe.train.capturing import capture_selected, places
from bceprobe.train.checkpoint import BEST, collect_state, has_checkpoint, load_checkpoint, save_best, saved_epoch
from bceprobe.train.distributed import again, naming_the_lost
from bceprobe.train.distributed import team as form_team
from bceprobe.train.ending import ending, is_best
from bceprobe.train.folder import check_same, check_stored, claim, remove_partials
from bceprobe.train.frozen import with_constant_features
from bceprobe.train.history import read_history
from bceprobe.train.interrupt import stop_request
from bceprobe.train.log import logged
from bceprobe.train.loop import Loop, Watch
from bceprobe.train.saving import saving
from bceprobe.train.session import Session, make_session

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bceprobe.settings import Settings
    from bceprobe.train.history import Row


def train(
    settings: Settings,
    folder: str | Path,
    *,
    data_dir: Path | None = None,
    download: bool = False,
    resume: bool = False,
    force: bool = False,
    sources: Mapping[str, str] | None = None,
    watch: Watch | None = None,
) -> Path:
    """Train a model and store the features of its epochs.

    Parameters
    ----------
    settings
        Everything that decides the result.
    folder
        The run folder: new or empty, unless `resume` or `force`.
    data_dir, download
        Where data sets are, and whether a missing one may be downloaded.
    resume
        Go on after the last epoch that is completely on disk. On the CPU the result is, to the bit, that of an
        uninterrupted run. A finished run is left as it is.
    force
        Replace an existing run.
    sources
        Which setting came from where, for run.json.
    watch
        A display.

    Returns
    -------
    Path
        The run folder.

    Raises
    ------
    UsageError
        Settings, data, device or folder cannot be used.
    DivergedError
        A loss or weights are not finite; what was captured before is readable.
    WritingError
        The disk is full, or the folder may not be written; the run can go on from its last completed epoch.
    TrainingInterruptedError
        The user asked to stop; the last completed epoch is saved.
    """
    folder = Path(folder)
    with form_team() as team, naming_the_lost(team, folder):
        if resume:
            check_same(folder, settings)
        pretrained = not (resume and has_checkpoint(folder))
        session = make_session(settings, data_dir, download=download, pretrained=pretrained, team=team)
        watch = watch if watch and team.rank == 0 else Watch()
        with saving(folder), writing(folder) if team.rank == 0 else nullcontext():
            return _trained(session, folder, sources, watch, resume=resume, force=force)
    return folder


def _trained(
    session: Session, folder: Path, sources: Mapping[str, str] | None, watch: Watch, *, resume: bool, force: bool
) -> Path:
    """Train in a folder that no other run writes."""
    settings, team = session.settings, session.team
    if team.rank == 0:
        remove_partials(folder) if resume else claim(folder, settings, force=force)
    team.wait()
    if not (folder / CONFIG).exists():
        raise UsageError(f"rank {team.rank} does not see {folder}", "All machines of a run need the same file system")
    done = load_checkpoint(folder, session.model, session.optimizer, session.scaler)
    if _is_finished(folder, done, settings.optim.epochs):
        watch.start(done + 1, done, 0)
        return folder
    check_stored(folder, [epoch for epoch in settings.captured_epochs if epoch <= done])
    session = with_constant_features(session)
    history = read_history(folder, done)
    if team.rank == 0:
        _catch_up(session, folder, history)
    with (
        logged(folder, team.rank),
        naming_the_lost(team, folder),
        _recorder(session, folder, done if resume else None) as recorder,
        stop_request() as stopped,
    ):
        if team.rank == 0:
            update_manifest(str(folder), sources=dict(sources or {}))
        loop = Loop(session, folder, recorder, watch, stopped, history)
        last = loop.run(done + 1)
        recorder.flush()
        if last < settings.optim.epochs and not team.any(loop.ended):
            raise TrainingInterruptedError(f"stopped after epoch {last}", f"Go on: {again(folder)}")
        team.wait()
        history = history if team.rank == 0 else read_history(folder, last)
        capture_selected(session, folder, recorder, history)
        if team.rank == 0:
            update_manifest(str(folder), **ending(history, settings))
    return folder


def _is_finished(folder: Path, done: int, epochs: int) -> bool:
    """Tell whether a run has all of its epochs, or those up to an early stop."""
    if not done:
        return False
    run = Run(str(folder))
    return run.manifest.get("status") == "finished" and done >= run.said("stopped").get("epoch", epochs)


def _catch_up(session: Session, folder: Path, history: Sequence[Row]) -> None:
    """Write the weights of the best epoch where a killed process had come only to the checkpoint that precedes them."""
    if session.settings.select == "best" and history and is_best(history):
        epoch = int(history[-1]["epoch"])
        if saved_epoch(folder, BEST) != epoch:
            save_best(folder, collect_state(epoch, session.model, session.optimizer, session.scaler))


def _recorder(session: Session, folder: Path, resume_after: int | None) -> Recorder:
    make = partial(Recorder, folder, classifier=session.classifier, epochs=places(session.settings))
    capture = session.settings.capture
    provenance = session.provenance() if session.team.rank == 0 else None
    make = partial(make, dtype=capture.dtype, shard=capture.shard, precision=capture.precision, team=session.team)
    return make(resume_after=resume_after, provenance=provenance)
