"""The main job, as a new user runs it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
from readme import BLOCK, README, masked

from bceprobe import analyze
from bceprobe.store import find_runs


class Quickstart(NamedTuple):
    """The folder in which quickstart was run once, and what it printed."""

    folder: Path
    output: str


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Quickstart:
    """An empty folder in which quickstart was run; or this checkout, where .ci/run has, which kept what it printed."""
    if kept := os.environ.get("BCEPROBE_QUICKSTART_OUTPUT"):
        return Quickstart(Path(__file__).parents[2], Path(kept).read_text(encoding="utf-8"))
    folder = tmp_path_factory.mktemp("quickstart")
    return Quickstart(folder, quickstart(folder))


def quickstart(folder: Path) -> str:
    """Run the command in a folder."""
    command = [sys.executable, "-m", "bceprobe", "quickstart"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_six_runs_and_a_report(done: Quickstart) -> None:
    """CE and BCE are trained with three seeds each, and the report is where the last line says."""
    folder = done.folder
    runs = find_runs(folder / "runs" / "quickstart")
    assert [run.manifest["status"] for run in runs] == ["finished"] * 6
    last = done.output.splitlines()[-1]
    assert last == "Report: reports/quickstart.html"
    assert (folder / "reports" / "quickstart.html").stat().st_size > 10_000


def test_collapse_and_the_gap_are_visible(done: Quickstart) -> None:
    """Features collapse under both losses, and BCE ends nearer to the simplex than CE for every seed."""
    folder = done.folder
    measured = {loss: analyze(folder / "runs" / "quickstart" / loss, "nc", splits=["train"]) for loss in ("ce", "bce")}
    for result in measured.values():
        nc1 = result.nc1.squeeze("split")
        assert bool((nc1.isel(epoch=-1) < 0.1 * nc1.isel(epoch=0)).all())
    for name in ("nc2", "nc3"):
        final = {loss: result[name].squeeze("split").isel(epoch=-1).values for loss, result in measured.items()}
        assert (final["bce"] < 0.7 * final["ce"]).all()


def test_readme_shows_this_output(done: Quickstart) -> None:
    """The output in the README has the table that quickstart prints, numbers aside."""
    (shown,) = (
        match["text"] for match in BLOCK.finditer(README.read_text()) if match["command"] == "bceprobe quickstart"
    )
    assert _rows(shown) == _rows(done.output)


def test_running_it_again_trains_nothing_and_reports_the_same(done: Quickstart) -> None:
    """A second quickstart finds its runs finished and writes the same report, byte for byte."""
    folder = done.folder
    report = folder / "reports" / "quickstart.html"
    before, stamps = report.read_bytes(), _stamps(folder)
    assert quickstart(folder) == done.output
    assert report.read_bytes() == before
    assert _stamps(folder) == stamps


def _rows(text: str) -> list[str]:
    """Return the rows of the table, which start with a metric's label, with numbers masked."""
    return [masked(line) for line in text.splitlines() if line.startswith(("NC", "Accuracy", "Uniform"))]


def _stamps(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in (folder / "runs" / "quickstart").rglob("last.pt")}
