"""`bceprobe plot`: files, their bytes, and errors that help."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from builders import make_arms, make_run

from bceprobe.figures.base import FIGURES, STILL

if TYPE_CHECKING:
    from pathlib import Path

    from cli_cases import Command


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two arms with two seeds each."""
    folder = tmp_path_factory.mktemp("runs")
    make_arms(folder, 2, epochs=[1, 2, 3], optim__batch_size=16)
    return folder


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to work in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("suffix", STILL)
def test_same_runs_make_same_bytes(runs: Path, command: Command, tmp_path: Path, suffix: str) -> None:
    """A figure and its numbers are the same bytes whenever they are written."""
    written = []
    for attempt in ("one", "two"):
        file = tmp_path / attempt / f"nc{suffix}"
        assert command("plot", "nc", runs, "--out", file).code == 0
        written.append([file.read_bytes(), file.with_suffix(".csv").read_bytes()])
    assert written[0] == written[1]


@pytest.mark.parametrize("name", list(FIGURES))
def test_every_figure_is_written(name: str, runs: Path, command: Command, tmp_path: Path) -> None:
    """Each registered figure of these runs is an SVG below 300 kB with a table that has units."""
    file = tmp_path / "figure.svg"
    done = command("plot", name, runs, "--out", file)
    assert done.code == 0, done.err
    assert done.out.splitlines() == [f"Written: {file}", f"Written: {file.with_suffix('.csv')}"]
    assert b"<svg" in file.read_bytes()
    assert file.stat().st_size < 300_000
    rows = list(csv.DictReader(file.with_suffix(".csv").read_text().splitlines()))
    assert "units" in rows[0] or "samples" in rows[0]


def test_numbers_go_where_they_are_sent(runs: Path, command: Command, tmp_path: Path) -> None:
    """--csv names the file of the numbers."""
    file, numbers = tmp_path / "a.pdf", tmp_path / "elsewhere" / "b.csv"
    assert command("plot", "nc", runs, "--out", file, "--csv", numbers, "--epochs", "2-3").code == 0
    assert {row["epoch"] for row in csv.DictReader(numbers.read_text().splitlines())} == {"2", "3"}
    assert not file.with_suffix(".csv").exists()


@pytest.mark.usefixtures("elsewhere")
def test_the_default_place_is_reports(runs: Path, command: Command) -> None:
    """Without --out the figure is an SVG in reports/, named after it."""
    assert command("plot", "nc", runs).out.splitlines()[0] == "Written: reports/nc.svg"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["n", "RUNS"], "unknown figure 'n'"),
        (["violin", "RUNS"], "Did you mean violins"),
        (["nc", "RUNS", "--out", "x.jpg"], "Name a file that ends in .svg, .pdf, .png"),
        (["nc", "RUNS", "--out", "x.gif"], "nc cannot be written as x.gif"),
        (["nc", "RUNS", "--factor", "loss"], "nc has no option factor"),
        (["nc", "RUNS", "--method", "tsne"], "nc has no option method"),
        (["nc", "RUNS", "--epochs", "7"], "7"),
        (["histograms", "RUNS", "--epochs", "1,2"], "histograms shows one epoch, not 2"),
        (["violins", "RUNS", "--factor", "momentum"], "the runs do not vary in 'momentum'"),
        (["nc", "RUNS", "--classes", "a"], "--classes 'a' are no labels"),
    ],
)
def test_what_cannot_be_drawn_is_refused(
    arguments: list[str], message: str, *, runs: Path, command: Command, elsewhere: Path
) -> None:
    """Names, suffixes, options and epochs that do not fit end with exit code 2 and a line that says what would."""
    done = command("plot", *(str(runs) if word == "RUNS" else word for word in arguments))
    assert done.code == 2
    assert message in done.err
    assert len(done.err.splitlines()) == 1
    assert not list(elsewhere.iterdir())


def test_a_run_without_the_split_is_named(command: Command, tmp_path: Path) -> None:
    """The split must be in every run; the first run that lacks it is named."""
    make_run(tmp_path / "whole", epochs=[1])
    make_run(tmp_path / "part", epochs=[1], per_class={"train": 5})
    done = command("plot", "nc", tmp_path, "--split", "test", "--out", tmp_path / "x.svg")
    assert done.code == 2
    assert f"{tmp_path / 'part'} has no test split. It holds: train" in done.err


def test_runs_without_common_epoch_are_refused(command: Command, tmp_path: Path) -> None:
    """A figure takes the epochs that all runs have."""
    make_run(tmp_path / "a", epochs=[1, 2])
    make_run(tmp_path / "b", epochs=[3], seed=1)
    done = command("plot", "nc", tmp_path, "--out", tmp_path / "x.svg")
    assert (done.code, "no epoch in common" in done.err) == (2, True)


def test_nothing_is_no_run(command: Command, tmp_path: Path) -> None:
    """A folder without runs is an unreadable store: exit code 3."""
    assert command("plot", "nc", tmp_path, "--out", tmp_path / "x.svg").code == 3
