"""One process at a time writes a run; a process that dies leaves no lock behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from torch import nn
from train_cases import small_settings

from bceprobe import Recorder
from bceprobe.errors import FolderInUseError
from bceprobe.store.lock import FILE, writing
from bceprobe.train import train

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOLD = """
import sys, time
from bceprobe.store.lock import writing
with writing(sys.argv[1]):
    print("held", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def other(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that writes the folder ``run``."""
    with subprocess.Popen([sys.executable, "-c", HOLD, tmp_path / "run"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_process_is_refused(tmp_path: Path, other: subprocess.Popen[str]) -> None:
    """Training, forced or resumed, and recording in a folder that another process writes is refused, naming it."""
    folder, message = tmp_path / "run", f"is being written by process {other.pid}"
    (folder / "config.toml").write_text(small_settings().to_toml())
    for resume in (True, False):
        with pytest.raises(FolderInUseError, match=message):
            train(small_settings(), folder, resume=resume, force=not resume)
    with pytest.raises(FolderInUseError, match=message):
        Recorder(folder, classifier=nn.Linear(3, 2), epochs=1)
    assert {path.name for path in folder.iterdir()} == {"config.toml", FILE}


def test_a_killed_process_leaves_the_folder_free(tmp_path: Path, other: subprocess.Popen[str]) -> None:
    """After kill -9 the file is still there, and nothing is locked: the next one goes on and removes it."""
    other.send_signal(signal.SIGKILL)
    other.wait()
    assert (tmp_path / "run" / FILE).exists()
    with writing(tmp_path / "run"):
        pass
    assert not (tmp_path / "run").exists()


def test_a_process_may_enter_again(tmp_path: Path) -> None:
    """Training holds the folder while its Recorder does; the lock ends with the outer one, the content stays."""
    with writing(tmp_path):
        with writing(tmp_path / "."):
            (tmp_path / "kept").write_text("")
        assert (tmp_path / FILE).exists()
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_nothing_else_is_locked(tmp_path: Path) -> None:
    """A URL has no lock, and a file where the folder should be is an error of one line."""
    with writing("memory://run"):
        pass
    (tmp_path / "file").write_text("")
    with pytest.raises(FolderInUseError, match="is not a folder"), writing(tmp_path / "file"):
        pass


def test_a_recorder_that_fails_to_open_gives_the_folder_back(tmp_path: Path) -> None:
    """An error in making the store releases the lock, so that the next attempt is not refused."""
    with pytest.raises(ValueError, match="at least two classes"):
        Recorder(tmp_path / "run", classifier=nn.Linear(3, 1), epochs=1)
    done = subprocess.run([sys.executable, "-c", HOLD.replace("600", "0"), tmp_path / "run"], check=False)
    assert done.returncode == 0
