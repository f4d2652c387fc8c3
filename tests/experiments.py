"""Every recipe at its small scale, then the claims on all runs, with what is kept of them in reports/.

    python tests/experiments.py [FOLDER]

trains into FOLDER (runs/small if left out), where finished points are kept, and writes reports/experiments-small.md:
command, machine and date, how long each recipe took, the scorecard, and a line for each run. The page of the claims is
FOLDER/claims.html, that of each recipe FOLDER/RECIPE/report.html.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.machine import facts
from benchmarks.tables import Result

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

RECIPES = (
    "fig2",
    "bias-mean",
    "bias-decay",
    "batch-size",
    "nc-grid",
    "table1",
    "transformers",
    "imagenet",
    "long-tail",
    "theory",
)
COMMAND = [sys.executable, "-m", "bceprobe"]
REPORTS = Path(__file__).parents[1] / "reports"
METRICS = ("test_accuracy", "test_uniform_accuracy", "train_nc1", "train_nc2", "train_nc3")


def main(folder: Path) -> None:
    """Run everything; the first command that fails ends it."""
    seconds = {recipe: _timed(["sweep", recipe, *_options(folder / recipe)]) for recipe in RECIPES}
    claims = folder / "claims.md"
    seconds["claims"] = _timed(["claims", str(folder), "--out", str(claims)])
    _timed(["claims", str(folder), "--out", str(claims.with_suffix(".html"))])
    listed = subprocess.run([*COMMAND, "runs", "ls", str(folder), "--json"], check=True, stdout=subprocess.PIPE)
    runs = json.loads(listed.stdout)["records"]
    parts = [_head(folder), _times(seconds, runs, folder), claims.read_text(encoding="utf-8"), _runs(runs, folder)]
    (REPORTS / "experiments-small.md").write_text("\n".join(map(str, parts)), encoding="utf-8")


def _options(out: Path) -> list[str]:
    return ["--scale", "small", "--jobs", "2", "--out", str(out)]


def _timed(arguments: Sequence[str]) -> float:
    start = time.perf_counter()
    subprocess.run([*COMMAND, *arguments], check=True)
    return time.perf_counter() - start


def _head(folder: Path) -> str:
    made = f"- Made by: `just experiments-small {folder}`; each run also says where it came from (`bceprobe runs show`)"
    return "\n".join(["# Experiments at the small scale", "", made, *(f"- {fact}" for fact in facts())]) + "\n"


def _times(seconds: dict[str, float], runs: Iterable[dict[str, Any]], folder: Path) -> Result:
    """Tell how long each command took; what was finished before took none."""
    names = [_place(run, folder).split("/")[0] for run in runs]
    rows = [(name, str(names.count(name)) if name in names else "-", f"{took:.0f} s") for name, took in seconds.items()]
    total = ("all", str(len(names)), f"{sum(seconds.values()) / 60:.0f} min")
    return Result("Time", ("recipe", "runs", "took"), [*rows, total], ())


def _runs(runs: Iterable[dict[str, Any]], folder: Path) -> Result:
    """List the last values of every run."""
    columns = ("run", "status", "epoch", *(name.replace("_", " ") for name in METRICS))
    rows = [
        (_place(run, folder), run["status"], str(run["epoch"]), *(_shown(run["metrics"].get(name)) for name in METRICS))
        for run in runs
    ]
    return Result("Runs", columns, rows, ())


def _place(run: dict[str, Any], folder: Path) -> str:
    return Path(run["run"]).resolve().relative_to(folder.resolve()).as_posix()


def _shown(value: float | None) -> str:
    return "-" if value is None else f"{value:.3g}"


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/small"))
