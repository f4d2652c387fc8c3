"""The README's outputs are real: run its commands, compare or write what they print.

    python tests/readme.py --write

A block that follows `<!-- output: COMMAND -->` is what the command prints. With `numbers free`, only the numbers may
differ. `example` in a command is a run that this file makes from fixed features.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

README = Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"<!-- output(?P<free>, numbers free)?: (?P<command>.+?) -->\n```text\n(?P<text>.*?)```", re.DOTALL)
NUMBER = re.compile(r"[-+]?\d[\d.,]*(?:e[-+]?\d+)?")


def make_example(folder: Path) -> None:
    """Import a run named `example`: three classes whose features collapse over three epochs."""
    from bceprobe.store.importing import import_npz

    source = np.random.default_rng(0)
    means, target = 4 * np.eye(3, 5), np.repeat(np.arange(3), 40)
    noise = source.normal(size=(120, 5))
    features = np.stack([means[target] + noise * scale for scale in (1.0, 0.3, 0.1)])
    np.savez(folder / "example.npz", features=features, target=target, weight=means + 0.1, bias=np.zeros(3))
    import_npz(folder / "example.npz", folder / "example")


def output(command: str, folder: Path) -> str:
    """Run a command of the README in a folder and return its standard output, without trailing blanks."""
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"}
    words = [sys.executable, "-m", *command.split()]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines()) + "\n"


def masked(text: str) -> str:
    """Replace numbers and the blanks around them, so that only words are compared."""
    return re.sub(r"[\s─-]+", " ", NUMBER.sub("0", text))


def main() -> None:
    """Write the outputs into the README."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_example(folder)

        def renewed(block: re.Match[str]) -> str:
            head = block.group(0).split("```text\n")[0]
            return f"{head}```text\n{output(block['command'], folder)}```"

        README.write_text(BLOCK.sub(renewed, README.read_text()))


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(__doc__)
    main()
