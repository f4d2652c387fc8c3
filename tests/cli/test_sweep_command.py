"""`bceprobe sweep` as a user calls it: it trains, and ends with the counterpart of what the recipe repeats."""

from __future__ import annotations

import csv
import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from counterpart_cases import LOSSES, plant, recipe
from readme import BLOCK, README, masked, output
from train_cases import SMALL

from bceprobe.cli.sweep import _ended
from bceprobe.sweep import Outcome, grid, read_recipe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cli_cases import Command

    from bceprobe.sweep import Point

SETTINGS = "\n".join(f"{key} = {json.dumps(value)}" for key, value in {**SMALL, "data.name": "digits"}.items())
TEXT = f"""
title = "Bias of digits"
repeats = "Figure 3 (top)"
about = "Where the thresholds end."

[settings]
{SETTINGS}
penalty.lambda_b = 0.0

[axes.mean]
key = "model.bias_mean"
values = [0, 3, 6]

[axes.loss]
ce = {{ loss.name = "ce" }}
bce = {{ loss.name = "bce"EXTRA }}

[report]
metrics = ["threshold_mean@train", "accuracy@test"]
published = "fig3.bias_mean"
figures = ["violins", "confusion"]

[scales.small]
"""


def written(folder: Path, extra: str = "") -> Path:
    """A recipe file."""
    path = folder / "tiny.toml"
    path.write_text(TEXT.replace("EXTRA", extra))
    return path


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A folder in which a sweep of six runs was made, and what it printed."""
    folder = tmp_path_factory.mktemp("sweep")
    done = subprocess.run(
        [sys.executable, "-m", "bceprobe", "sweep", written(folder).name, "--scale", "small", "--out", "out"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return folder, done.stdout


def reported(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """What `--report-only` prints, and at last whether torch was imported."""
    words = ["sweep", "tiny.toml", "--scale", "small", "--out", "out", "--report-only", *arguments]
    start = f"import sys; from bceprobe.cli.app import app; app({words!r}, standalone_mode=False)"
    code = f"{start}; print('torch' in sys.modules)"
    return subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)


def test_a_sweep_ends_with_its_counterpart(swept: tuple[Path, str]) -> None:
    """A table per metric with CE, BCE and the published numbers, what these are for, and the number of runs."""
    folder, printed = swept
    lines = printed.splitlines()
    said = "Counterpart of Figure 3 (top) (scale small, not the published design): 6 of 6 runs finished."
    assert " ".join(lines[:2]).startswith(said)
    rows = [line.split() for line in lines if line.startswith(" mean-")]
    assert [row[0] for row in rows] == ["mean-0", "mean-3", "mean-6"] * 2
    assert [(row[2], row[4]) for row in rows[:3]] == [("0*", "3.1*"), ("3*", "4.45*"), ("6*", "5.52*")]
    assert "here mlp" not in printed
    assert "resnet18 on mnist, " in printed
    with (folder / "out" / "counterpart.csv").open(newline="") as file:
        numbers = [row["mean"] for row in csv.DictReader(file)]
    assert len(numbers) == 12
    shown = [float(row[1].replace("\N{MINUS SIGN}", "-")) for row in rows[:3]]
    assert shown == pytest.approx([float(one) for one in numbers[:6:2]], abs=5e-3)
    assert max(map(len, lines)) <= 80
    assert lines[-4:] == ["Written: out/counterpart.csv", "Report: out/report.html", "6 trained.", "out"]
    page = (folder / "out" / "report.html").read_text(encoding="utf-8")
    for text in (
        "Bias of digits: Figure 3 (top)",
        "Where the thresholds end.",
        'id="counterpart-violins"',
        'id="final"',
    ):
        assert text in page
    assert "tiny.toml --scale small --out out" in page


def test_report_only_tells_the_same_and_needs_no_torch(swept: tuple[Path, str]) -> None:
    """Nothing is trained; table, CSV and page are those of the sweep, byte for byte."""
    folder, printed = swept
    files = [folder / "out" / name for name in ("counterpart.csv", "report.html")]
    before = [file.read_bytes() for file in files]
    done = reported(folder)
    assert done.stdout.splitlines() == [*printed.splitlines()[:-2], "False"]
    assert [file.read_bytes() for file in files] == before


def test_runs_of_other_settings_are_not_taken(swept: tuple[Path, str], command: Command) -> None:
    """With a setting changed nothing is finished, which is an error that says what to do."""
    folder, _ = swept
    words = ["--scale", "small", "--report-only", "--set", "optim.lr=0.125"]
    done = command("sweep", folder / "tiny.toml", "--out", folder / "out", *words)
    assert (done.code, done.out) == (2, "")
    assert "made with another optim.lr. Train them first." in done.err


def test_a_missing_run_is_a_dash(swept: tuple[Path, str], tmp_path: Path) -> None:
    """A run that was removed is counted and named, and the others are told."""
    folder, _ = swept
    shutil.copytree(folder, tmp_path / "copy")
    shutil.rmtree(tmp_path / "copy" / "out" / "mean-3" / "bce")
    lines = reported(tmp_path / "copy").stdout.splitlines()
    assert "5 of 6 runs" in " ".join(lines[:2])
    (row, _) = (line.split() for line in lines if line.startswith(" mean-3"))
    assert row[-6:] == ["3*", "-", "4.45*", "1", "of", "2"]
    assert "Missing, not begun: mean-3 bce seed-0." in lines


def test_failures_are_told_after_the_counterpart(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A loss that cannot be trained fails with exit code 1; of the other one the counterpart is made."""
    monkeypatch.chdir(tmp_path)
    path = written(tmp_path, ', model.name = "nonsense"')
    done = command("sweep", path, "--scale", "small", "--out", "out")
    assert done.code == 1
    assert "3 of 6 points are not finished" in done.err
    lines = done.out.splitlines()
    assert lines[0].startswith("Counterpart of Figure 3 (top)")
    assert lines[-2:] == ["3 trained, 3 failed.", "out"]
    assert (tmp_path / "out" / "counterpart.csv").is_file()
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "The runs are not compared: " in page
    assert "3 of 6 runs finished" in page


def test_a_sweep_that_was_stopped_or_made_nothing_has_no_counterpart(tmp_path: Path) -> None:
    """It is made of a sweep that came to its end with a finished run, be it one of before."""
    ce, bce = grid(recipe(LOSSES), tmp_path)
    assert _ended([Outcome(ce, "kept"), Outcome(bce, "failed", "why")])
    assert not _ended([Outcome(ce, "finished"), Outcome(bce, "interrupted")])
    assert not _ended([Outcome(ce, "failed", "why")])


def test_ctrl_c_stops_the_points_and_says_how_to_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: Command
) -> None:
    """What the signal reaches is the wait for the processes, which are stopped; nothing is compared."""
    closed = []

    def interrupted(points: list[Point], *_: object, **__: object) -> Iterator[Outcome | None]:
        try:
            yield Outcome(points[0], "kept")
            yield None
            raise KeyboardInterrupt
        finally:
            closed.append(True)

    monkeypatch.setattr("bceprobe.sweep.run_local", interrupted)
    done = command("sweep", str(written(tmp_path)), "--scale", "small", "--out", str(tmp_path / "out"))
    assert (done.code, closed) == (130, [True])
    assert done.err.splitlines()[-1] == "bceprobe: stopped; 1 of 6 points are finished. The same command goes on."


def test_ctrl_c_is_never_silent(monkeypatch: pytest.MonkeyPatch, command: Command) -> None:
    """A command without anything to go on with is interrupted."""

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("bceprobe.sweep.read_recipe", interrupted)
    assert command("sweep", "fig2") == (130, "", "bceprobe: interrupted\n")


def test_the_readme_shows_this_output(tmp_path: Path) -> None:
    """The counterpart of Figure 2 at the small scale in the README is what the command prints, numbers aside.

    Its runs are there before, so that it says that they are kept; tests/readme.py trains them.
    """
    (block,) = (one for one in BLOCK.finditer(README.read_text()) if one["command"].startswith("bceprobe sweep"))
    made = read_recipe("fig2", "small")
    plant(
        grid(made, tmp_path / "runs" / "fig2-small", seeds=[0]),
        epochs=(1, made.settings["optim.epochs"]),
        decays=(0.995, 0.99),
    )
    printed = output(block["command"], tmp_path).replace("4 finished before.", "4 trained.")
    assert masked(printed) == masked(block["text"])
