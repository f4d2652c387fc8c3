"""A metric that another distribution adds is everywhere that metrics are, without an edit here."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from builders import make_arms, make_run

NAME = "largest_feature"
LONG_NAME = "Largest entry of all features"
MODULE = f'''
"""A metric of somebody else."""

import numpy as np

from bceprobe.metrics import ByClass, metric


@metric({NAME!r}, "geometry", long_name={LONG_NAME!r}, definition="own: for this test", units="m", by_class=True)
def largest_feature(snapshot):
    """Largest entry of the features. Also by class."""
    features, target = snapshot.features[:], snapshot.target
    by_class = [features[target == label].max() for label in range(snapshot.classes)]
    return ByClass(features.max(), np.array(by_class))
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a run, two arms, and an installed distribution that adds a metric by an entry point."""
    made = tmp_path_factory.mktemp("plug-in")
    (made / "somebody.py").write_text(MODULE)
    installed = made / "somebody-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Metadata-Version: 2.1\nName: somebody\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[bceprobe.metrics]\nlargest = somebody\n")
    make_run(made / "run", epochs=[1, 2])
    make_arms(made, 2, epochs=[1, 2])
    return made


def python(folder: Path, *arguments: str) -> str:
    """Run Python with the distribution installed; returns what it prints."""
    path = os.pathsep.join([str(folder), str(Path(__file__).parents[1]), os.environ.get("PYTHONPATH", "")])
    words = [sys.executable, *arguments]
    environment = {**os.environ, "PYTHONPATH": path}
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=True).stdout


def bceprobe(folder: Path, command: str) -> str:
    """Run a command with the distribution installed; returns what it prints."""
    return python(folder, "-m", "bceprobe", *command.split())


def test_it_is_in_the_table(folder: Path) -> None:
    """A line of the table of its topic has its name, unit, and mark."""
    assert f"{NAME} [m] *" in bceprobe(folder, "analyze geometry run")


def test_it_is_in_json_and_csv(folder: Path) -> None:
    """Records and columns have its key, and `metrics` says what it is."""
    document = json.loads(bceprobe(folder, "analyze all run --json"))
    assert document["metrics"][NAME]["long_name"] == LONG_NAME
    values = [record[NAME] for record in document["records"]]
    assert all(value > 0 for value in values)
    rows = list(csv.DictReader(io.StringIO(bceprobe(folder, "analyze geometry run --csv"))))
    assert [float(row[NAME]) for row in rows] == values


def test_it_is_a_variable_in_python(folder: Path) -> None:
    """The Dataset has it with its attributes, and its values by class."""
    code = (
        f"import bceprobe; found = bceprobe.analyze('run', 'geometry'); one = found[{NAME!r}];"
        f"print(one.attrs['units'], bool((one == found['{NAME}_by_class'].max('label')).all()))"
    )
    assert python(folder, "-c", code) == "m True\n"


def test_it_is_listed(folder: Path) -> None:
    """`list metrics` has a line with its name in words."""
    shown = " ".join(bceprobe(folder, "list metrics").split())
    assert f"{NAME} * {LONG_NAME}" in shown


def test_it_is_documented(folder: Path) -> None:
    """The page of metrics has a line with everything that its registration says."""
    page = python(folder, "-c", "import readme; print(readme.metrics_page())")
    assert (
        f"| `{NAME}` \\* | {LONG_NAME} | own: for this test | m | yes | Largest entry of the features. |"
        in page.splitlines()
    )


def test_it_is_in_the_report_of_a_comparison(folder: Path) -> None:
    """The report describes it for each arm."""
    bceprobe(folder, "compare ce bce --report markdown --out report.md")
    (line, *_) = [line for line in (folder / "report.md").read_text().splitlines() if LONG_NAME in line]
    assert line.count("±") == 2
