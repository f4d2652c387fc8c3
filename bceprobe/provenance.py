"""Provenance: what made a run, so that a number in a paper can be traced to code, versions, machine and command."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

PACKAGES = ("bceprobe", "numpy", "scikit-learn", "scipy", "torch", "torchvision", "xarray", "zarr")


def collect(arguments: list[str] | None = None) -> dict[str, Any]:
    """Describe this process: command, versions, machine, git state and time (UTC, ISO 8601).

    Parameters
    ----------
    arguments
        The command line; that of this process if left out. The program's own path is cut to its name.
    """
    program, *options = sys.argv if arguments is None else ["bceprobe", *arguments]
    return {
        "command": [Path(program).name, *options],
        "started": now(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "machine": {"system": platform.platform(), "processor": platform.machine(), "cores": os.cpu_count()},
        "git": _git_state(),
    }


def now() -> str:
    """Return the time in UTC to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _git_state() -> dict[str, Any] | None:
    """Return commit and cleanliness of the working folder's repository; None outside of one or without git."""
    commit = _git("rev-parse", "HEAD")
    return {"commit": commit, "dirty": bool(_git("status", "--porcelain"))} if commit else None


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments, no shell
            ["git", *arguments],  # noqa: S607 - the user's own git
            capture_output=True,
            check=False,
            text=True,
            timeout=10,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
