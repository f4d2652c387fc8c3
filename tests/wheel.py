"""Prove that the built wheel stands alone: install it elsewhere and run the main job away from the checkout.

python tests/wheel.py DIST
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path


def main(dist: Path) -> None:
    """Install the only wheel in a folder into a new environment and run a short quickstart with it."""
    (wheel,) = dist.resolve().glob("*.whl")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _run("uv", "venv", "--quiet", "--python", sys.executable, "env", folder=folder)
        _run("uv", "pip", "install", "--quiet", "--python", "env/bin/python", str(wheel), folder=folder)
        _run("env/bin/bceprobe", "quickstart", "--seeds", "2", "--epochs", "3", folder=folder)
        if not (folder / "reports" / "quickstart.html").stat().st_size:
            sys.exit("the installed wheel wrote no report")


def _run(*command: str, folder: Path) -> None:
    subprocess.run(command, cwd=folder, check=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
