"""The outputs in the README and the table of metrics are real: run what makes them, compare or write them.

    python tests/readme.py --write [WORDS]

writes `bceprobe/metrics/METRICS.md`, and the blocks of the README whose command contains WORDS; all if left out
(`bceprobe quickstart` takes minutes). A block that follows `<!-- output: COMMAND -->` is what the command prints. With
`numbers free`, only the numbers may differ. `example` in a command is a run that this file makes from fixed features.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

README = Path(__file__).parents[1] / "README.md"
METRICS = README.parent / "bceprobe" / "metrics" / "METRICS.md"
BLOCK = re.compile(r"<!-- output(?P<free>, numbers free)?: (?P<command>.+?) -->\n```text\n(?P<text>.*?)```", re.DOTALL)
NUMBER = re.compile(r"[-+]?\d[\d.,]*(?:e[-+]?\d+)?")
NOISE = (1.0, 0.35, 0.2, 0.01)
TRAINING = {"loss": "bce", "lambda_w": 5e-4, "lambda_h": 5e-4, "batch_size": 100, "learning_rate": 0.1}
HEAD = """# Every measure

What `bceprobe analyze` computes, by topic; written by `just docs`, and like `bceprobe list metrics --topic TOPIC`. A
star marks a definition, or a choice within it, that is this project's own. Where *by class* says yes, the result in
Python has the same name with `_by_class` beside, a value per class. Which of these are which keys of other programs:
[PEERS.md](PEERS.md).

h features, W weight, b threshold (minus PyTorch's bias), s = W h scores, s - b logits; N samples, K classes, feature
length d. W~ is W minus its row mean, M the class means minus the global mean.
"""

COLUMNS = "| key | what | definition | units | by class | in a sentence |"


def make_example(folder: Path) -> None:
    """Import a run named `example`: five classes whose features collapse over four epochs, trained with BCE."""
    from bceprobe.store.importing import import_npz

    source = np.random.default_rng(0)
    lengths = 4 + 0.1 * np.arange(5)
    means, target = np.diag(lengths) @ np.eye(5, 8), np.repeat(np.arange(5), 40)
    samples, rows = source.normal(size=(200, 8)), source.normal(size=means.shape)
    np.savez(
        folder / "example.npz",
        features=np.stack([means[target] + 2 * scale * samples for scale in NOISE]),
        target=target,
        weight=np.stack([means / 4 + 0.5 * scale * rows for scale in NOISE]),
        bias=np.stack([-lengths / 2 + scale * rows[:, 0] for scale in NOISE]),
    )
    import_npz(folder / "example.npz", folder / "example", {"training": TRAINING})


def output(command: str, folder: Path) -> str:
    """Run a command of the README in a folder and return its standard output, without trailing blanks."""
    environment = {**os.environ, "COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"}
    words = [sys.executable, "-m", *command.split()]
    done = subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return "\n".join(line.rstrip() for line in done.stdout.strip("\n").splitlines()) + "\n"


def masked(text: str) -> str:
    """Replace numbers and the blanks around them, so that only words are compared."""
    return re.sub(r"[\s─-]+", " ", NUMBER.sub("0", text))


def metrics_page() -> str:
    """Tell of every registered metric what it is, in a table per topic."""
    from bceprobe.cli.listing import metric_rows
    from bceprobe.metrics import topics

    parts = [HEAD.strip()]
    for topic in topics():
        parts += [f"\n## {topic}\n", COLUMNS, "|---" * COLUMNS.count(" | ") + "|---|"]
        parts += [_line(row) for row in metric_rows(topic)]
    return "\n".join(parts) + "\n"


def _line(row: dict[str, str]) -> str:
    """Write a line of a table; what Markdown would take for its own is escaped."""
    cells = [
        f"`{row['name']}`" + (" *" if row["own"] else ""),
        *(row[name] for name in ("what", "definition", "units")),
        "yes" if row["by_class"] else "no",
        row["description"],
    ]
    return " | ".join(["", *(re.sub(r"([|*<])", r"\\\1", cell) for cell in cells), ""]).strip()


def main(words: str) -> None:
    """Write the page of metrics, and the outputs of the commands that contain some words into the README."""
    METRICS.write_text(metrics_page(), encoding="utf-8")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_example(folder)

        def renewed(block: re.Match[str]) -> str:
            if words not in block["command"]:
                return block[0]
            head = block[0].split("```text\n")[0]
            return f"{head}```text\n{output(block['command'], folder)}```"

        README.write_text(BLOCK.sub(renewed, README.read_text()))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", nargs="?", const="", metavar="WORDS", required=True)
    main(parser.parse_args().write)
