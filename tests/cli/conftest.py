"""Fixtures for tests of commands."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cli_cases import Done

from bceprobe.cli import main

if TYPE_CHECKING:
    from pathlib import Path

    from cli_cases import Command


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run `bceprobe` in this process, through the boundary that turns errors into exit codes."""

    def run(*arguments: str | Path) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Done(int(ended.value.code or 0), printed.out, printed.err)

    return run
