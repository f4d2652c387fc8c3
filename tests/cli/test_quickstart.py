"""The main job, as a new user runs it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from readme import BLOCK, README, masked

from bceprobe import analyze
from bceprobe.store import find_runs

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty folder in which quickstart was run once, its output kept in `output.txt`."""
    made = tmp_path_factory.mktemp("quickstart")
    done = quickstart(made)
    assert done.returncode == 0, done.stderr
    (made / "output.txt").write_text(done.stdout)
    return made


def quickstart(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder."""
    command = [sys.executable, "-m", "bceprobe", "quickstart"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_six_runs_and_a_report(folder: Path) -> None:
    """CE and BCE are trained with three seeds each, and the report is where the last line says."""
    runs = find_runs(folder / "runs" / "quickstart")
    assert [run.manifest["status"] for run in runs] == ["finished"] * 6
    last = (folder / "output.txt").read_text().splitlines()[-1]
    assert last == "Report: reports/quickstart.html"
    assert (folder / "reports" / "quickstart.html").stat().st_size > 10_000


def test_collapse_and_the_gap_are_visible(folder: Path) -> None:
    """Features collapse under both losses, and BCE ends nearer to the simplex than CE for every seed."""
    measured = {loss: analyze(folder / "runs" / "quickstart" / loss, "nc", splits=["train"]) for loss in ("ce", "bce")}
    for result in measured.values():
        nc1 = result.nc1.squeeze("split")
        assert bool((nc1.isel(epoch=-1) < 0.1 * nc1.isel(epoch=0)).all())
    for name in ("nc2", "nc3"):
        final = {loss: result[name].squeeze("split").isel(epoch=-1).values for loss, result in measured.items()}
        assert (final["bce"] < 0.7 * final["ce"]).all()


def test_readme_shows_this_output(folder: Path) -> None:
    """The output in the README has the table that quickstart prints, numbers aside."""
    (shown,) = (
        match["text"] for match in BLOCK.finditer(README.read_text()) if match["command"] == "bceprobe quickstart"
    )
    printed = (folder / "output.txt").read_text()
    assert _rows(shown) == _rows(printed)


def test_running_it_again_trains_nothing_and_reports_the_same(folder: Path) -> None:
    """A second quickstart finds its runs finished and writes the same report, byte for byte."""
    report = folder / "reports" / "quickstart.html"
    before, stamps = report.read_bytes(), _stamps(folder)
    assert quickstart(folder).stdout == (folder / "output.txt").read_text()
    assert report.read_bytes() == before
    assert _stamps(folder) == stamps


def _rows(text: str) -> list[str]:
    """Return the rows of the table, which start with a metric's label, with numbers masked."""
    return [masked(line) for line in text.splitlines() if line.startswith(("NC", "Accuracy", "Uniform"))]


def _stamps(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("last.pt")}
