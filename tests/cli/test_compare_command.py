"""`bceprobe compare` as a user calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import chdir
from typing import TYPE_CHECKING, TypeAlias

import pytest
from builders import make_arms, make_run

import bceprobe
from bceprobe.report import to_html

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cli_cases import Command, Done

Run: TypeAlias = "Callable[..., Done]"
LONG = "a-folder-with-quite-a-long-name-[bold]-and-<b>markup"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with `ce` and `bce`, two seeds each, and a run with a name that could do harm."""
    made = tmp_path_factory.mktemp("compare-command")
    make_arms(made, 2, epochs=(1, 4))
    make_run(made / LONG, epochs=(1, 4), loss="bce", seed=9)
    return made


@pytest.fixture
def run(command: Command) -> Run:
    """Run the command in a working folder."""

    def run(folder: Path, *arguments: str) -> Done:
        with chdir(folder):
            return command("compare", *arguments)

    return run


def test_verdict_table_and_path_of_the_report_are_printed(run: Run, folder: Path) -> None:
    """The output starts with the verdict, shows every quantity within 80 columns, and ends with the report's path."""
    done = run(folder, "ce", "bce")
    lines = done.out.splitlines()
    headline = bceprobe.compare(folder / "ce", folder / "bce").verdict().headline
    assert " ".join(lines).startswith(headline)
    assert [line.split("  ")[0].strip() for line in lines if line.startswith((" NC", " Acc", " Uni"))][:7] == [
        "NC1 train",
        "NC2 train",
        "NC3 train",
        "Accuracy train",
        "Accuracy test",
        "Uniform accuracy train",
        "Uniform accuracy test",
    ]
    assert max(map(len, lines)) <= 80
    assert lines[-1] == "Report: reports/ce-vs-bce.html"
    assert done.err.startswith("x: ratio")


def test_the_report_is_that_of_python(run: Run, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file holds exactly what `bceprobe.compare(...).report()` renders to."""
    monkeypatch.chdir(folder)
    run(folder, "ce", "bce", "--out", "new/mine.html")
    page = (folder / "new" / "mine.html").read_text(encoding="utf-8")
    assert page == to_html(bceprobe.compare("ce", "bce").report())


def test_json_on_stdout_is_one_document(run: Run, folder: Path) -> None:
    """`--report json` prints the document of the Python result and nothing else."""
    document = json.loads(run(folder, "ce", "bce", "--report", "json").out)
    assert document["records"] == bceprobe.compare(folder / "ce", folder / "bce").to_dict()["records"]


@pytest.mark.parametrize(("name", "start"), [("json", "{"), ("markdown", "# CE vs. BCE")])
def test_out_takes_every_format(run: Run, folder: Path, name: str, start: str) -> None:
    """With --out the report goes to the file, and stdout has the verdict and the path."""
    done = run(folder, "ce", "bce", "--report", name, "--out", f"out.{name}")
    assert (folder / f"out.{name}").read_text(encoding="utf-8").startswith(start)
    assert done.out.splitlines()[-1] == f"Report: out.{name}"


def test_a_long_name_with_markup_does_no_harm(run: Run, folder: Path) -> None:
    """Brackets, markup and length in a folder's name leave the table within 80 columns and the file name plain."""
    done = run(folder, "bce", LONG)
    assert done.code == 0, done.err
    assert all(len(line) <= 80 for line in done.out.splitlines() if line.startswith(" "))
    assert "[bold]" in " ".join(done.out.split())
    file = done.out.splitlines()[-1].removeprefix("Report: reports/")
    assert set(file) <= set("abcdefghijklmnopqrstuvwxyz0123456789._-")


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["ce"], 2, "at least two arms"),
        (["ce", "nowhere"], 3, "no run at"),
        (["ce", "ce"], 2, "Give it once"),
        (["ce", "bce", "--out", "ce"], 2, "cannot write ce"),
    ],
)
def test_errors_are_one_line_of_what_to_do(run: Run, folder: Path, arguments: list[str], code: int, says: str) -> None:
    """What cannot be compared or written is told in one line on stderr, and stdout stays empty."""
    done = run(folder, *arguments)
    assert (done.code, done.out, len(done.err.splitlines())) == (code, "", 1)
    assert says in done.err


def test_compare_needs_no_torch(folder: Path) -> None:
    """A comparison starts and ends without torch."""
    code = "import sys, bceprobe; bceprobe.compare('ce', 'bce').report(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
