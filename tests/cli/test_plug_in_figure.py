"""A figure that another distribution adds is everywhere that figures are, without an edit here; a broken one warns."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from builders import make_arms

if TYPE_CHECKING:
    from pathlib import Path

MODULE = '''
"""A figure of somebody else."""

from matplotlib.figure import Figure

from bceprobe.figures import Drawing, Metrics, figure


@figure("last-nc1", Metrics(("nc1",)))
def last_nc1(arms, about):
    """NC1 in the end, a bar per arm."""
    rows = [
        {"arm": arm.label, "run": run, "nc1": float(data["nc1"][-1]), "units": data["nc1"].attrs["units"]}
        for arm in arms
        for run, data in arm.data.items()
    ]
    drawn = Figure()
    drawn.add_subplot().bar([row["run"] for row in rows], [row["nc1"] for row in rows])
    return Drawing(drawn, rows)
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two arms, and an installed distribution with a figure and a broken one."""
    made = tmp_path_factory.mktemp("plug-in")
    (made / "somebody.py").write_text(MODULE)
    (made / "broken.py").write_text("raise RuntimeError('not today')")
    installed = made / "somebody-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: somebody\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[bceprobe.figures]\nlast = somebody\nbroken = broken\n")
    make_arms(made / "runs", 2, epochs=[1, 2])
    return made


def bceprobe(folder: Path, command: str) -> subprocess.CompletedProcess[str]:
    """Run a command with the distribution installed."""
    path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
    environment = {**os.environ, "PYTHONPATH": path, "COLUMNS": "100", "NO_COLOR": "1"}
    words = [sys.executable, "-m", "bceprobe", *command.split()]
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=True)


def test_it_is_drawn_and_its_numbers_are_written(folder: Path) -> None:
    """`plot` writes its file and the CSV beside; the broken plug-in costs a line on stderr."""
    done = bceprobe(folder, "plot last-nc1 runs --out last.svg")
    assert done.stdout.splitlines() == ["Written: last.svg", "Written: last.csv"]
    assert (folder / "last.svg").read_bytes().startswith(b"<?xml")
    rows = list(csv.DictReader((folder / "last.csv").read_text().splitlines()))
    assert [row["arm"] for row in rows] == ["CE", "CE", "BCE", "BCE"]
    assert all(float(row["nc1"]) > 0 for row in rows)
    (warning,) = done.stderr.splitlines()
    assert "plug-in 'broken' (broken) of bceprobe.figures is left out: RuntimeError: not today" in warning


@pytest.mark.parametrize("command", ["plot --help", "list figures --json"])
def test_it_is_listed(folder: Path, command: str) -> None:
    """The help of `plot` and the list of figures have its name and what it shows."""
    shown = " ".join(bceprobe(folder, command).stdout.split())
    assert "last-nc1" in shown
    assert "NC1 in the end, a bar per arm." in shown
