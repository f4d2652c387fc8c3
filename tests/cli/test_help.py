"""Every command explains itself, at once, and is documented."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.main import get_command

from bceprobe.cli.app import app

README = Path(__file__).parents[2] / "README.md"
HEAVY = {"torch", "torchvision", "numpy", "xarray", "zarr", "scipy", "sklearn", "matplotlib", "statsmodels"}


def _leaves() -> dict[str, str]:
    """The help text of every command by its words."""
    found: dict[str, str] = {}
    pending = [("", get_command(app))]
    while pending:
        words, command = pending.pop()
        children = getattr(command, "commands", {})
        pending += [(f"{words} {name}".strip(), child) for name, child in children.items()]
        if not children:
            found[words] = command.help or ""
    return found


LEAVES = _leaves()


@pytest.mark.parametrize("words", sorted(LEAVES))
def test_every_command_has_help_with_an_example(words: str) -> None:
    """The help of each command ends with an example that starts like the command."""
    assert f"Example: bceprobe {words} " in LEAVES[words] or LEAVES[words].endswith(f"Example: bceprobe {words}")


@pytest.mark.parametrize("words", sorted(LEAVES))
def test_every_command_is_in_the_readme(words: str) -> None:
    """The README shows each command."""
    assert f"bceprobe {words}" in README.read_text()


@pytest.mark.parametrize(
    "arguments",
    [["--help"], ["--version"], ["train", "--help"], ["theory", "--help"], ["store", "validate", "--help"]],
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    """Help is printed without importing torch, numpy or anything else that takes long."""
    start = f"import sys; from bceprobe.cli.app import app; app({arguments!r}, standalone_mode=False)"
    code = f"{start}; print('heavy:', sorted(set(sys.modules) & {HEAVY!r}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "heavy: []"


@pytest.mark.parametrize("topic", ["nc", "accuracy"])
def test_analyze_needs_no_torch(topic: str, tmp_path: Path) -> None:
    """Analyses start and end without torch."""
    code = (
        "import sys, numpy as np; from bceprobe.store.importing import import_npz; from bceprobe import analyze;"
        "np.savez('x.npz', features=np.eye(6), target=np.arange(6) % 3, weight=np.eye(3, 6));"
        f"import_npz('x.npz', 'x'); analyze('x', {topic!r}); print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout == "False\n"


def test_unexpected_failures_are_one_line_and_debug_shows_the_traceback(tmp_path: Path) -> None:
    """An error that nobody foresaw is still one line with exit code 1; --debug shows where it came from."""
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "store.zarr").write_text("a file where a folder should be")
    short = subprocess.run(
        [sys.executable, "-m", "bceprobe", "analyze", "nc", "run"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert short.returncode in {1, 3}
    assert len(short.stderr.splitlines()) == 1
    long = subprocess.run(
        [sys.executable, "-m", "bceprobe", "analyze", "nc", "run", "--debug"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )
    assert "Traceback" in long.stderr
