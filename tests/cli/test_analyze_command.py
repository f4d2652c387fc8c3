"""`bceprobe analyze` as a program or a spreadsheet reads it, and what it refuses."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from builders import make_run
from readme import make_example
from topic_keys import KEYS

import bceprobe
from bceprobe.analysis import records

if TYPE_CHECKING:
    from pathlib import Path

    from cli_cases import Command

ABOUT = {"long_name", "definition", "units", "references"}


@pytest.fixture(scope="module")
def example(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The run `example` of the README."""
    made = tmp_path_factory.mktemp("analyze")
    make_example(made)
    return made / "example"


@pytest.mark.parametrize("topic", list(KEYS))
def test_json_has_the_keys_of_the_topic(topic: str, example: Path, command: Command) -> None:
    """`--json` prints one document; records and `metrics` have the keys of the topic, and each says what it is."""
    document = json.loads(command("analyze", topic, example, "--json").out)
    assert (document["schema_version"], document["topic"], document["global_mean"]) == (1, topic, "sample")
    assert {tuple(record) for record in document["records"]} == {tuple(document["records"][0])}
    assert list(document["records"][0])[:3] == ["run", "split", "epoch"]
    assert set(document["records"][0]) == {"run", "split", "epoch", *KEYS[topic]}
    assert set(document["metrics"]) == set(KEYS[topic])
    assert all(set(about) == ABOUT and all(about.values()) for about in document["metrics"].values())
    assert ("correlations" in document) == (topic in {"bias", "all"})


@pytest.mark.parametrize("topic", ["nc", "all"])
def test_json_holds_what_python_returns(topic: str, example: Path, command: Command) -> None:
    """The records are those of the Python result, all digits kept."""
    document = json.loads(command("analyze", topic, example, "--json").out)
    assert document["records"] == records(bceprobe.analyze(example, topic))
    assert [record["epoch"] for record in document["records"]] == [1, 2, 3, 4]


def test_undefined_values_are_null(example: Path, command: Command) -> None:
    """With five classes in eight dimensions there is neither a top-5 accuracy nor a generalised-NC margin."""
    (record,) = json.loads(command("analyze", "all", example, "--epochs", "last", "--json").out)["records"]
    assert (record["top5"], record["gnc_margin"]) == (None, None)
    assert record["nc1"] > 0


@pytest.mark.parametrize("topic", ["accuracy", "all"])
def test_csv_holds_the_same_rows(topic: str, example: Path, command: Command) -> None:
    """`--csv` prints a header and the same numbers, all digits kept; nothing where a value is undefined."""
    rows = list(csv.DictReader(io.StringIO(command("analyze", topic, example, "--csv").out)))
    expected = records(bceprobe.analyze(example, topic))
    assert rows == [{name: "" if value is None else str(value) for name, value in row.items()} for row in expected]


def test_csv_says_that_correlations_are_left_out(example: Path, command: Command) -> None:
    """Correlations have other columns, so that CSV is without them; standard error says where they are."""
    done = command("analyze", "bias", example, "--csv")
    assert "threshold_mean" in done.out.splitlines()[0]
    assert "--json" in done.err


def test_epochs_and_split_select(tmp_path: Path, command: Command) -> None:
    """Options choose among what is stored; `last` is another epoch in each run."""
    make_run(tmp_path / "a", epochs=[1, 2, 3])
    make_run(tmp_path / "b", epochs=[1, 2, 3, 8])
    done = command("analyze", "nc", tmp_path / "a", tmp_path / "b", "--epochs", "1,last", "--split", "test", "--json")
    places = [(record["run"], record["split"], record["epoch"]) for record in json.loads(done.out)["records"]]
    assert places == [("a", "test", 1), ("a", "test", 3), ("b", "test", 1), ("b", "test", 8)]


def test_the_global_mean_is_chosen(tmp_path: Path, command: Command) -> None:
    """`--global-mean class` centres by the mean of the class means, and the document says so."""
    run = make_run(tmp_path / "run", epochs=[1])
    document = json.loads(command("analyze", "nc", run, "--global-mean", "class", "--json").out)
    assert document["global_mean"] == "class"
    assert document["records"] == records(bceprobe.analyze(run, "nc", global_mean="class"))


@pytest.mark.parametrize("memory", ["50MB", "1kB", "3.5 GiB"])
def test_a_bound_on_memory_changes_no_number(memory: str, tmp_path: Path, command: Command) -> None:
    """Whatever `--memory` allows, the values are those without it."""
    runs = [make_run(tmp_path / name / "run", epochs=[1, 2]) for name in ("free", "bounded")]
    free, bounded = (
        json.loads(command("analyze", "scores", run, *options, "--json").out)["records"]
        for run, options in zip(runs, [(), ("--memory", memory)], strict=True)
    )
    for one, other in zip(free, bounded, strict=True):
        assert {name: one[name] for name in KEYS["scores"]} == pytest.approx(
            {name: other[name] for name in KEYS["scores"]}, rel=1e-12
        )


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        ("ncc example", 2, "unknown topic 'ncc'. Did you mean nc."),
        ("trajectory example", 2, "unknown topic 'trajectory'. Did you mean trajectories."),
        ("al example", 2, "unknown topic 'al'. Did you mean all."),
        ("x example", 2, "Known: accuracy, all, bias, geometry, nc, scores, trajectories, updates."),
        ("nc nowhere", 3, "no run at"),
        ("nc example --split test", 2, "no split 'test'"),
        ("nc example --epochs 9", 2, "selects no epoch"),
        ("nc example --json --csv", 2, "exclude each other"),
        ("nc example --memory nonsense", 2, "'nonsense' is no size of memory. Write it like 500MB"),
        ("nc example --memory=-1GB", 2, "is no size of memory"),
        ("nc example --memory 0", 2, "is no size of memory"),
        (f"nc example --memory {'9' * 400}", 2, "is no size of memory"),
        ("nc example --memory=", 2, "is no size of memory"),
        ("trajectories example --nc-threshold 0", 2, "--nc-threshold 0 is no positive number"),
        ("trajectories example --nc-threshold -0.1", 2, "is no positive number"),
        ("trajectories example --nc-threshold nan", 2, "--nc-threshold nan is no positive number"),
        ("trajectories example --nc-threshold inf", 2, "is no positive number"),
        ("trajectories example --split test", 2, "trajectories are those of the train split"),
    ],
)
def test_errors_are_one_line(words: str, code: int, says: str, example: Path, command: Command) -> None:
    """Wrong input is told in one line on stderr with the code of its kind, and nothing on stdout."""
    done = command("analyze", *words.replace("example", str(example)).split())
    assert (done.code, done.out, len(done.err.splitlines())) == (code, "", 1)
    assert says in done.err


def test_the_program_itself_keeps_results_and_notes_apart(example: Path) -> None:
    """As a process, too: results on standard output, nothing on standard error where there is nothing to say."""
    words = [sys.executable, "-m", "bceprobe", "analyze", "nc", str(example), "--epochs", "last"]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert "nc1" in done.stdout
    assert done.stderr == ""
