"""A Dask cluster on this machine: a real scheduler and two workers, each a process of its own, which may be killed."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from distributed import Client

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Workers = tuple[str, list[subprocess.Popen[bytes]]]


@contextmanager
def two_workers(folder: Path) -> Iterator[Workers]:
    """The address of a scheduler, and its two workers, one thread and no nanny each; all ended afterwards."""
    file = folder / "scheduler.json"
    local = ["--host", "127.0.0.1", "--no-dashboard"]
    options = [
        "--scheduler-file",
        str(file),
        "--nthreads",
        "1",
        "--no-nanny",
        "--local-directory",
        str(folder / "dask"),
    ]
    scheduler = _start("scheduler", "--scheduler-file", str(file), "--port", "0", *local)
    started = [_start("worker", *options, *local) for _ in range(2)]
    try:
        place = _address(file)
        with Client(place) as client:  # type: ignore[no-untyped-call]  # Dask leaves it untyped
            client.wait_for_workers(2, timeout=120)
        yield place, started
    finally:
        for process in [*started, scheduler]:
            process.kill()
            process.wait()


def _start(program: str, *arguments: str) -> subprocess.Popen[bytes]:
    """Start a program of Dask's in a process group of its own, as it would be on another machine."""
    command = [sys.executable, "-m", f"distributed.cli.dask_{program}", *arguments]
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)


def _address(file: Path) -> str:
    """The address that a scheduler wrote, once it has."""
    until = time.monotonic() + 120
    while not file.exists() or not file.read_text().strip():
        assert time.monotonic() < until
        time.sleep(0.05)
    found: str = json.loads(file.read_text())["address"]
    return found
