"""What all tests share: no deadline for hypothesis on busy machines, the command, and the real data of ../shared/data.

MNIST and CIFAR-10 are laid out once per test session as torchvision wants them.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from cli_cases import Done
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cli_cases import Command
    from dask_cases import Workers

settings.register_profile("shared", deadline=None)
settings.load_profile("shared")
UNPACK = Path(__file__).resolve().parents[2] / "shared" / "data" / "unpack.py"


@pytest.fixture(scope="session")
def real_data_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder with MNIST."""
    return _unpacked("mnist", tmp_path_factory)


@pytest.fixture(scope="session")
def real_cifar_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder with CIFAR-10; laying it out takes about 5 seconds and 180 MB."""
    return _unpacked("cifar10", tmp_path_factory)


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Command:
    """Run `bceprobe` in this process, through the boundary that turns errors into exit codes."""
    from bceprobe.cli import main

    def run(*arguments: str | Path) -> Done:
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Done(int(ended.value.code or 0), printed.out, printed.err)

    return run


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Workers]:
    """A Dask scheduler's address and its two workers."""
    from dask_cases import two_workers

    with two_workers(tmp_path) as started:
        yield started


def _unpacked(name: str, factory: pytest.TempPathFactory) -> Path:
    """Lay a data set out in a folder that all workers of this test session share; the first one does it."""
    if not UNPACK.is_file():
        _do_without(f"the real {name} is not here: {UNPACK} is missing")
    base = factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / f"real-{name}"
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.exists():
            partial = folder.with_suffix(".partial")
            subprocess.run([sys.executable, UNPACK, partial, name], check=True, capture_output=True)
            partial.rename(folder)
    return folder


def _do_without(reason: str) -> None:
    if os.environ.get("BCEPROBE_REQUIRE_DATA") == "1":
        pytest.fail(f"{reason}, and BCEPROBE_REQUIRE_DATA=1")
    pytest.skip(reason)
