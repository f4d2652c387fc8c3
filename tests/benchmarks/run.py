"""Measure speed and memory, each thing beside what it is compared with.

    python tests/benchmarks/run.py [--only NAME | --write]

`--write` keeps the tables of all benchmarks in reports/benchmarks.md. About 5 GB of temporary files; TMPDIR says where.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.tables import Result

ROOT = Path(__file__).parents[2]
REPORT = ROOT / "reports" / "benchmarks.md"


def benchmarks() -> dict[str, Callable[[Path], Result]]:
    """Name the benchmarks, in the order in which they run."""
    from benchmarks import analyze_all, beyond_memory, capturing, nc_in_memory, resampling, scaling, training

    return {
        "nc": nc_in_memory.run,
        "scaling": scaling.run,
        "analyze-all": analyze_all.run,
        "beyond-memory": beyond_memory.run,
        "resampling": resampling.run,
        "training": training.run,
        "storing": capturing.run,
        "capture-memory": capturing.memory,
    }


def results(names: list[str]) -> Iterator[str]:
    """Run benchmarks, each in an empty folder, and yield their tables."""
    for name in names:
        with tempfile.TemporaryDirectory(prefix="bceprobe-bench-") as folder:
            yield str(benchmarks()[name](Path(folder)))


def main() -> None:
    """Print the tables as they come, and write them if asked to."""
    parser = argparse.ArgumentParser(description="Measure speed and memory side by side.")
    choice = parser.add_mutually_exclusive_group()
    choice.add_argument("--only", choices=benchmarks(), help="run one benchmark")
    choice.add_argument("--write", action="store_true", help=f"write {REPORT.relative_to(ROOT)}")
    options = parser.parse_args()
    texts = [_head()]
    sys.stdout.write(texts[0])
    for text in results([options.only] if options.only else list(benchmarks())):
        sys.stdout.write(f"\n{text}")
        sys.stdout.flush()
        texts.append(text)
    if options.write:
        REPORT.write_text("\n".join(texts), encoding="utf-8")


def _head() -> str:
    from benchmarks import machine

    command = "- Made by: `just bench --write`; times are of this machine, ratios are what counts"
    return "\n".join(["# Benchmarks", "", command, *(f"- {fact}" for fact in machine.facts())]) + "\n"


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT / "tests"))
    main()
