"""A disk that is full at any moment of training: what is safe stays, and after making room the run goes on."""

from __future__ import annotations

import errno
import itertools
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from train_cases import history, small_settings, stored_bytes

from bceprobe import open_run
from bceprobe.errors import WritingError
from bceprobe.store.validate import validate
from bceprobe.train import train
from bceprobe.train.checkpoint import saved_epoch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

MOMENTS = 12
DISK, PAGE = 4_000_000, 4096
SETTINGS = {"optim__epochs": 4, "data__limit_per_class": 20}
REAL_SYNC = os.fsync


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run as it is where there is room."""
    return train(small_settings(**SETTINGS), tmp_path_factory.mktemp("whole") / "run")


@pytest.fixture(scope="module")
def small_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A file system of 4 MB."""
    folder = tmp_path_factory.mktemp("disk")
    mount = shutil.which("mount")
    if not mount or os.geteuid():
        pytest.skip("only root can mount a small file system; the injected errors above are tested everywhere")
    command = [mount, "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder)]
    if subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("this system lets nobody mount a tmpfs; the injected errors above are tested everywhere")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)  # noqa: S607 - the system's own


class FullDisk:
    """Stands in for fsync: from the given call on, in any thread, the disk has no room for what is to be on it."""

    def __init__(self, last: int) -> None:
        self.last, self._calls = last, itertools.count(1)

    def __call__(self, descriptor: int) -> None:
        """Fail as the system does."""
        _ = descriptor
        self.calls = next(self._calls)
        if self.calls > self.last:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def check_stopped(folder: Path, error: WritingError) -> None:
    """What the error says is safe is so, and the store holds no half-written epoch."""
    last = saved_epoch(folder)
    assert f"{folder} cannot be written: No space left on device; " in error.what
    assert (f"epochs up to {last} are safe" if last else "no epoch was completed") in error.what
    assert "Free some space, then " in error.hint
    if (folder / "store.zarr" / "zarr.json").exists():
        assert validate(folder) == []
    if last:
        assert open_run(folder).epochs("train")[:last] == list(range(1, last + 1))


def check_goes_on(folder: Path, whole: Path) -> None:
    """With room the run ends with the bytes of one that was never stopped."""
    train(small_settings(**SETTINGS), folder, resume=(folder / "config.toml").exists())
    assert validate(folder) == []
    assert stored_bytes(folder) == stored_bytes(whole)
    assert history(folder) == history(whole)


def test_a_full_disk_at_any_moment(tmp_path: Path, whole: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At 12 moments, from the first file to the last one: one error, what is safe is safe, and the run goes on."""
    counting = FullDisk(sys.maxsize)
    monkeypatch.setattr(os, "fsync", counting)
    train(small_settings(**SETTINGS), tmp_path / "counted")
    reached = set()
    for moment in range(MOMENTS):
        folder = tmp_path / f"run-{moment}"
        monkeypatch.setattr(os, "fsync", FullDisk(moment * counting.calls // MOMENTS))
        with pytest.raises(WritingError) as caught:
            train(small_settings(**SETTINGS), folder)
        check_stopped(folder, caught.value)
        reached.add(saved_epoch(folder))
        monkeypatch.setattr(os, "fsync", lambda _: None)
        check_goes_on(folder, whole)
    assert reached == {0, 1, 2, 3}


@pytest.mark.parametrize("number", [errno.EIO, errno.EACCES])
def test_a_disk_that_fails_otherwise_is_named(number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broken or protected disk is told as the system tells it; there is no room to be made."""

    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(WritingError, match=f"{os.strerror(number)}; no epoch was completed. Mend that, then start"):
        train(small_settings(**SETTINGS), tmp_path / "run")


def test_other_errors_of_the_system_are_not_renamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error that has nothing to do with writing keeps its own words."""

    def fail(_: int) -> None:
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(OSError, match="Too many open files") as caught:
        train(small_settings(**SETTINGS), tmp_path / "run")
    assert not isinstance(caught.value, WritingError)


@pytest.mark.parametrize("share", [0.05, 0.4, 0.6, 0.85])
def test_a_real_disk_that_is_full(share: float, small_disk: Path, whole: Path) -> None:
    """On a real file system with room for a share of the run training stops likewise, and goes on with more."""
    folder, ballast = small_disk / "run", small_disk / "ballast"
    room = int(share * sum(-(-path.stat().st_size // PAGE) * PAGE for path in whole.rglob("*") if path.is_file()))
    ballast.write_bytes(bytes(shutil.disk_usage(small_disk).free - room))
    try:
        with pytest.raises(WritingError) as caught:
            train(small_settings(**SETTINGS), folder)
        check_stopped(folder, caught.value)
        ballast.unlink()
        check_goes_on(folder, whole)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        ballast.unlink(missing_ok=True)


def test_the_command_line_says_it_in_one_line(small_disk: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """On a full disk `bceprobe train` ends with exit code 1 and one line that names the command that goes on."""
    from bceprobe.cli import main

    options: list[Any] = ["--set", "model.width=16", "--device", "cpu", "--epochs", "12", "--set", "threads=1"]
    ballast = small_disk / "ballast"
    ballast.write_bytes(bytes(shutil.disk_usage(small_disk).free - 1_200_000))
    with pytest.raises(SystemExit) as caught:
        main(["train", *options, "--out", str(small_disk / "run")])
    assert caught.value.code == 1
    lines = capsys.readouterr().err.splitlines()
    assert [line for line in lines if not line.startswith("epoch ")] == lines[-1:]
    assert f"epochs up to {len(lines) - 1} are safe. Free some space, then go on: bceprobe train --resume" in lines[-1]
    ballast.unlink()
    shutil.rmtree(small_disk / "run")
