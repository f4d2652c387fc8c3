"""What the README shows is what happens."""

from __future__ import annotations

import doctest
import re
import subprocess
import sys
from functools import cache
from typing import TYPE_CHECKING

import pytest
from readme import BLOCK, METRICS, README, make_example, metrics_page, output

if TYPE_CHECKING:
    from pathlib import Path

BLOCKS = [match for match in BLOCK.finditer(README.read_text()) if not match["free"]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with the example run."""
    made = tmp_path_factory.mktemp("readme")
    make_example(made)
    return made


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: block["command"])
def test_outputs_are_real(block: re.Match[str], folder: Path) -> None:
    """Each shown output is what its command prints; write them again with `just docs`."""
    printed = output(block["command"], folder)
    assert printed == block["text"]


def test_the_table_of_metrics_is_that_of_the_registry() -> None:
    """METRICS.md has a line for every metric, as it is registered; write it again with `just docs`."""
    assert METRICS.read_text(encoding="utf-8") == metrics_page()


def test_python_examples_run(tmp_path: Path) -> None:
    """The Recorder example runs in a plain loop, its run is analysed, and bare xarray reads it without warning."""
    analyse, read, record = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    recorded = subprocess.run([sys.executable, "-c", record], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert recorded.returncode == 0, recorded.stderr
    analysed = subprocess.run([sys.executable, "-c", analyse], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert analysed.stdout == "(3,)\n"
    alone = [sys.executable, "-W", "error", "-c", read + "import sys; assert 'bceprobe' not in sys.modules"]
    shown = subprocess.run(alone, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (shown.stdout, shown.stderr) == ("(200, 16)\n", "")


def test_sessions_are_real() -> None:
    """Each line of a Python session answers as it is shown."""
    sessions = re.findall(r"```pycon\n(.*?)```", README.read_text(), re.DOTALL)
    assert sessions
    for number, session in enumerate(sessions):
        test = doctest.DocTestParser().get_doctest(session, {}, f"session {number}", str(README), 0)
        assert doctest.DocTestRunner().run(test).failed == 0


@cache
def helped(*command: str) -> str:
    """The help of a command."""
    arguments = [sys.executable, "-m", "bceprobe", *command, "--help"]
    return subprocess.run(arguments, capture_output=True, text=True, check=True).stdout


def test_shell_examples_name_real_commands() -> None:
    """Every bceprobe command in a shell block exists, with the options it is shown with."""
    for line in re.findall(r"^bceprobe (.+)$", README.read_text(), re.MULTILINE):
        words = [word for word in line.split() if not word.startswith("runs/")]
        command = words[:2] if words[0] in {"store", "runs"} else words[:1]
        shown = helped(*command)
        for option in (word for word in words if word.startswith("--")):
            assert option in shown, f"{' '.join(command)} has no {option}"
