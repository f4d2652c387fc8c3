"""`bceprobe analyze` as a user calls it."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from readme import make_example

import bceprobe

if TYPE_CHECKING:
    from pathlib import Path

NC = ["nc1", "nc2", "nc3", "nc4", "nc2_uncentred", "nc3_uncentred"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working folder with a run named `example`."""
    made = tmp_path_factory.mktemp("analyze")
    make_example(made)
    return made


def analyze(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command in the working folder."""
    command = [sys.executable, "-m", "bceprobe", "analyze", *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)


def test_json_is_one_document_with_what_python_returns(folder: Path) -> None:
    """`--json` prints schema version, topic and one record per run, split and epoch, equal to the Python result."""
    document = json.loads(analyze(folder, "nc", "example", "--json").stdout)
    assert (document["schema_version"], document["topic"]) == (1, "nc")
    assert [(r["run"], r["split"], r["epoch"]) for r in document["records"]] == [
        ("example", "train", e) for e in (1, 2, 3)
    ]
    values = bceprobe.analyze(folder / "example", "nc")
    for name in NC:
        assert [record[name] for record in document["records"]] == values[name].values.ravel().tolist()


def test_csv_holds_the_same_rows(folder: Path) -> None:
    """`--csv` prints a header and the same numbers, all digits kept."""
    rows = list(csv.DictReader(io.StringIO(analyze(folder, "accuracy", "example", "--csv").stdout)))
    values = bceprobe.analyze(folder / "example", "accuracy")
    assert [float(row["uniform_accuracy"]) for row in rows] == values.uniform_accuracy.values.ravel().tolist()


def test_table_fits_80_columns(folder: Path) -> None:
    """The table names every metric in full and is no wider than 80 columns."""
    shown = analyze(folder, "nc", "example").stdout
    assert all(name in shown for name in NC)
    assert max(map(len, shown.splitlines())) <= 80


def test_epochs_and_split_select(folder: Path) -> None:
    """Options choose among what is stored."""
    document = json.loads(analyze(folder, "nc", "example", "--epochs", "last", "--split", "train", "--json").stdout)
    assert [record["epoch"] for record in document["records"]] == [3]


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["ncc", "example"], 2, "Did you mean nc"),
        (["nc", "nowhere"], 3, "no run at"),
        (["nc", "example", "--split", "test"], 2, "no split 'test'"),
        (["nc", "example", "--epochs", "9"], 2, "selects no epoch"),
        (["nc", "example", "--json", "--csv"], 2, "exclude each other"),
    ],
)
def test_errors_are_one_line(folder: Path, arguments: list[str], code: int, says: str) -> None:
    """Wrong input is told in one line on stderr with the code of its kind, and nothing on stdout."""
    done = analyze(folder, *arguments)
    assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (code, "", 1)
    assert says in done.stderr
