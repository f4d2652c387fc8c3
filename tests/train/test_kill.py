"""A training process may be killed at any moment."""

from __future__ import annotations

import multiprocessing
import random
import shutil
from typing import TYPE_CHECKING

import pytest
from train_cases import history, small_settings, stored_bytes, train_small

from bceprobe.store.validate import validate
from bceprobe.train import train

if TYPE_CHECKING:
    from pathlib import Path

KILLS = 24
LONGEST = 2.0


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was never disturbed, made in a process like those that are killed."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    _start(folder).join()
    return folder


def _start(folder: Path) -> multiprocessing.process.BaseProcess:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["bceprobe.train", "bceprobe.models.convnet", "bceprobe.datasets.digits"])
    process = context.Process(target=train_small, args=(str(folder),))
    process.start()
    return process


def test_killed_runs_leave_valid_stores_and_resume_to_identical_bytes(tmp_path: Path, uninterrupted: Path) -> None:
    """SIGKILL at 24 random moments: after each the store is valid, and every run ends byte for byte the same."""
    moments, kills, folders = random.Random(0), 0, [tmp_path / "run-0"]  # noqa: S311 - not for secrets
    while kills < KILLS:
        process = _start(folders[-1])
        process.join(timeout=moments.uniform(0.05, LONGEST))
        process.kill()
        process.join()
        if process.exitcode == 0:
            folders.append(tmp_path / f"run-{len(folders)}")
            continue
        assert process.exitcode == -9
        kills += 1
        if (folders[-1] / "store.zarr" / "zarr.json").exists():
            assert validate(folders[-1]) == []
    for folder in folders:
        train_process = _start(folder)
        train_process.join()
        assert train_process.exitcode == 0
        assert validate(folder) == []
        assert stored_bytes(folder) == stored_bytes(uninterrupted)
        assert history(folder) == history(uninterrupted)


def test_resuming_a_finished_run_changes_nothing(uninterrupted: Path) -> None:
    """A finished run is left as it is."""
    before = stored_bytes(uninterrupted)
    train(small_settings(select="best"), uninterrupted, resume=True)
    assert stored_bytes(uninterrupted) == before


def test_what_a_killed_process_left_half_written_goes(tmp_path: Path, uninterrupted: Path) -> None:
    """Half-written files, of a checkpoint or a chunk, are removed by the process that goes on, and nothing else is."""
    folder = tmp_path / "run"
    shutil.copytree(uninterrupted, folder)
    for place in (folder, folder / "checkpoints", folder / "store.zarr" / "train"):
        (place / ".last.pt.123.partial").write_bytes(b"half")
    train(small_settings(select="best"), folder, resume=True)
    assert list(folder.rglob("*.partial")) == []
    assert stored_bytes(folder) == stored_bytes(uninterrupted)
