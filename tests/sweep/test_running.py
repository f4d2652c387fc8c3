"""Points are trained in processes of their own: finished ones are kept, broken ones go on, failures harm no other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

from sweep_cases import LONG, ended, wait_for_an_epoch
from train_cases import small_settings, stored_bytes

from bceprobe.store import Run
from bceprobe.store.lock import writing
from bceprobe.sweep import run_local
from bceprobe.sweep.orders import order_of
from bceprobe.sweep.progress import progress_of
from bceprobe.sweep.workers import CHILD

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pytest

    from bceprobe.sweep import Point

    Make = Callable[..., list[Point]]


def test_points_are_trained_kept_and_fail_alone(points: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of two good points and a bad one the good ones end as `train` ends, to the bit; a second sweep keeps them."""
    from bceprobe.train import train

    monkeypatch.setattr(sys, "argv", ["bceprobe", "sweep", "mine"])
    bad = {"loss.name": "ce", "model.name": "nonsense"}
    grid = points({"bad": bad, "bce": {"loss.name": "bce"}, "ce": {"loss.name": "ce"}})
    first = ended(run_local(grid, 1))
    assert [first[f"{name} seed-0"] for name in ("bce", "ce")] == [("finished", "")] * 2
    assert first["bad seed-0"][0] == "failed"
    assert "unknown model 'nonsense'" in first["bad seed-0"][1]
    kept = stored_bytes(grid[1].folder)
    train(small_settings(data__name="digits"), tmp_path / "alone")
    assert stored_bytes(tmp_path / "alone") == kept
    assert ended(run_local(grid[1:], 1)) == dict.fromkeys(("bce seed-0", "ce seed-0"), ("kept", ""))
    assert stored_bytes(grid[1].folder) == kept
    manifest = Run(str(grid[1].folder)).manifest
    assert manifest["provenance"]["command"] == ["bceprobe", "sweep", "mine"]
    assert manifest["sources"]["loss.name"] == "recipe test"


def test_a_stopped_and_a_killed_point_go_on_to_the_same_result(points: Make) -> None:
    """A sweep that is closed stops at the next batch; a killed process fails with its signal; the end is the same."""
    (broken,) = points({"ce": {}}, **LONG)
    (whole,) = points({"ce": {}}, folder="whole", **LONG)
    running = run_local([broken], 1)
    next(running)
    wait_for_an_epoch(broken)
    running.close()
    assert Run(str(broken.folder)).manifest["status"] == "interrupted"
    done = progress_of(broken).done
    running = run_local([broken, whole], 1)
    next(running)
    wait_for_an_epoch(broken, after=done)
    os.kill(int((broken.folder / ".lock").read_text()), signal.SIGKILL)
    outcomes = [found for found in running if found]
    assert [found.status for found in outcomes] == ["failed", "finished"]
    assert outcomes[0].reason.startswith("its process ended with signal 9")
    assert ended(run_local([broken], 1)) == {"ce seed-0": ("finished", "")}
    assert stored_bytes(broken.folder) == stored_bytes(whole.folder)


def test_a_process_ends_with_whoever_started_it(points: Make) -> None:
    """A child whose stdin closes stops with its state saved, so that a killed sweep leaves no process behind."""
    (point,) = points({"ce": {}}, **LONG)
    with subprocess.Popen(CHILD, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        assert child.stdin is not None
        child.stdin.write(order_of(point, None, download=False).encoded())
        child.stdin.flush()
        wait_for_an_epoch(point)
        child.stdin.close()
        assert child.wait(60) == 0
    assert Run(str(point.folder)).manifest["status"] == "interrupted"


def test_a_folder_in_use_is_left_to_its_writer(points: Make) -> None:
    """A point that another process writes is told as such, neither failed nor trained twice."""
    (point,) = points({"ce": {}})
    with writing(point.folder):
        assert ended(run_local([point], 1))["ce seed-0"][0] == "in use"


def test_a_folder_with_other_settings_is_left_alone(points: Make) -> None:
    """A folder that was made with other settings fails, with the setting named, and keeps what it holds."""
    from bceprobe.train.folder import claim

    (point,), (other,) = points({"ce": {}}), points({"ce": {}}, optim__lr=0.125)
    claim(point.folder, point.settings, force=False)
    status, reason = ended(run_local([other], 1))["ce seed-0"]
    assert (status, "optim.lr" in reason) == ("failed", True)
    assert [path.name for path in point.folder.iterdir()] == ["config.toml"]
