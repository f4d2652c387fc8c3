"""Removing runs: nothing else is ever touched."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from builders import make_run

from bceprobe.errors import UsageError
from bceprobe.store.lock import held, writing
from bceprobe.store.removal import removable, remove

if TYPE_CHECKING:
    from collections.abc import Iterator

HOLD = (
    "import sys; from bceprobe.store.lock import writing\nwith writing(sys.argv[1]): print('held', flush=True); input()"
)


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run, beside another one."""
    make_run(tmp_path / "other", epochs=[1])
    return make_run(tmp_path / "run", epochs=[1])


@pytest.fixture
def written(run: Path) -> Iterator[Path]:
    """A run that another process is writing."""
    command = [sys.executable, "-c", HOLD, str(run)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield run
        process.communicate("\n")


def test_a_run_goes_as_a_whole_and_nothing_else(run: Path) -> None:
    """The folder is gone, without a trace; its neighbour stays."""
    (run / ".run.json.123.partial").write_text("left by a killed process")
    found = removable([run, str(run) + "/"])
    assert [one.folder for one in found] == [run]
    assert found[0].bytes == sum(path.stat().st_size for path in run.rglob("*") if path.is_file())
    remove(found)
    assert [path.name for path in run.parent.iterdir()] == ["other"]


def test_a_broken_run_is_a_run(run: Path) -> None:
    """What cannot be read can be removed."""
    (run / "run.json").write_text("{")
    (run / "store.zarr" / "zarr.json").unlink()
    remove(removable([run]))
    assert not run.exists()


def test_checking_touches_nothing(run: Path) -> None:
    """To ask what would be removed changes no file, not even a lock."""
    before = sorted(path.relative_to(run) for path in run.rglob("*"))
    removable([run])
    assert sorted(path.relative_to(run) for path in run.rglob("*")) == before


def test_a_folder_that_holds_other_things_is_refused(run: Path) -> None:
    """Notes beside the data, or a run inside a run, keep all of it."""
    (run / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match=r"not of a run: notes\.txt"):
        removable([run])


@pytest.mark.parametrize("where", [".", "empty", "missing", "run/store.zarr", "file"])
def test_what_is_no_run_is_refused(run: Path, where: str) -> None:
    """A folder of runs, an empty folder, nothing, a store inside a run, a file."""
    (run.parent / "empty").mkdir()
    (run.parent / "file").write_text("")
    with pytest.raises(UsageError, match="is no run"):
        removable([run.parent / where])


def test_a_url_is_refused() -> None:
    """What is not local is removed by other tools."""
    with pytest.raises(UsageError, match="not local"):
        removable(["s3://bucket/run"])


def test_a_link_to_a_run_is_refused(run: Path) -> None:
    """Neither the link nor what it leads to is touched."""
    link = run.parent / "link"
    link.symlink_to(run)
    with pytest.raises(UsageError, match="is a link"):
        removable([link])


def test_links_inside_go_and_what_they_lead_to_stays(run: Path, tmp_path: Path) -> None:
    """A store that was moved to another disk and linked keeps its data; its size is not counted."""
    away = tmp_path / "away"
    (run / "store.zarr").rename(away)
    (run / "store.zarr").symlink_to(away)
    found = removable([run])
    assert found[0].bytes == sum((run / name).stat().st_size for name in ("run.json", "config.toml"))
    remove(found)
    assert (run.exists(), (away / "zarr.json").exists()) == (False, True)


def test_a_relative_path_is_that_of_the_working_folder(run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also a dot, for the folder that one is in."""
    monkeypatch.chdir(run)
    remove(removable([".", Path("../run")]))
    monkeypatch.chdir(run.parent)
    assert not run.exists()


def test_a_run_that_is_being_written_is_refused(written: Path) -> None:
    """Another process's run stays whole, also if it began after the check."""
    with pytest.raises(UsageError, match="being written"):
        removable([written])
    assert held(written)


def test_one_that_changes_meanwhile_stays(run: Path) -> None:
    """A file that appears between the check and the removal keeps the run."""
    found = removable([run])
    (run / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="meanwhile"):
        remove(found)
    assert (run / "store.zarr" / "zarr.json").exists()


def test_a_lock_is_held_only_while_a_process_has_it(run: Path) -> None:
    """By this process, too; the file alone, as a killed process leaves it, holds nothing."""
    (run / ".lock").write_text(str(os.getpid()))
    assert not held(run)
    with writing(run):
        assert held(run)
    assert not held(run)
    assert not held("s3://bucket/run")
