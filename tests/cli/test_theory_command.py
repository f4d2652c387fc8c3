"""`bceprobe theory`: the closed forms as tables and JSON, sweeps of them, and what it refuses."""

from __future__ import annotations

import csv
import json
import math
import subprocess
import sys
from dataclasses import asdict, fields
from typing import TYPE_CHECKING, Any

import pytest

from bceprobe.theory import Optimum, Problem

if TYPE_CHECKING:
    from pathlib import Path

    from cli_cases import Command

# The paper's setting: K = 10, n = 12.8, all lambdas 5e-4. Regularisers and losses balance at q (FORMULAS.md, Theory).
K, N, DECAY = 10, 12.8, 5e-4
Q = K * math.sqrt(N) * DECAY


def records(command: Command, *arguments: str | Path) -> list[dict[str, Any]]:
    """The records of a command with `--json`."""
    found: list[dict[str, Any]] = json.loads(command("theory", *arguments, "--json").out)["records"]
    return found


def cells(command: Command, *arguments: str | Path) -> dict[str, list[str]]:
    """The rows of the first table by their name."""
    lines = command("theory", *arguments).out.splitlines()
    rows = [line.strip() for line in lines if line.startswith(" ") and line.strip() and "──" not in line]
    parts = [[part.strip() for part in row.split("  ") if part.strip()] for row in rows]
    return {part[0]: part[1:] for part in parts}


def test_without_options_it_is_the_papers_setting(command: Command) -> None:
    """Both losses, CE with the scores of Theorem 3.1, BCE beyond Theorem 3.2: the threshold is q / (K lambda_b)."""
    ce, bce = records(command)
    q1 = (K - 1) / K * Q
    delta = math.log((K - 1) * (1 - q1) / q1)
    assert (ce["loss"], ce["regime"], ce["threshold"], ce["lambda_b_star"]) == ("ce", "etf", 0, None)
    assert (ce["positive_score"], ce["negative_score"]) == pytest.approx((0.9 * delta, -0.1 * delta), rel=1e-12)
    assert ce["rho"] == pytest.approx((K - 1) * delta * math.sqrt(N), rel=1e-12)
    assert (bce["loss"], bce["regime"]) == ("bce", "shifted")
    assert bce["threshold"] == pytest.approx(Q / K / DECAY, rel=1e-12)
    assert bce["lambda_b_star"] == pytest.approx(3.85e-4, rel=1e-3)


def test_json_has_the_fields_of_an_optimum(command: Command) -> None:
    """One document with the problem and a record per loss; `separated` is a truth value."""
    document = json.loads(command("theory", "--json").out)
    problem = {name: value for name, value in asdict(Problem()).items() if name != "loss"}
    assert {name: document[name] for name in ("schema_version", "problem")} == {"schema_version": 1, "problem": problem}
    for record in document["records"]:
        assert list(record) == ["loss", *(field.name for field in fields(Optimum))]
        assert record["separated"] is True


def test_the_counterexample_of_the_readme(command: Command) -> None:
    """The numbers of FORMULAS.md: with lambda_b = 5e-3 BCE's optimum has means, and costs less than the paper's."""
    options = ("--dim", "12", "--per-class", "5", "--lambda-b", "5e-3", "--loss", "bce")
    (found,) = records(command, *options)
    assert found["objective"] == pytest.approx(0.1927653065, abs=1e-10)
    assert found["threshold"] == pytest.approx(0.2236068, abs=1e-7)
    assert (found["positive_score"], found["negative_score"]) == pytest.approx((4.9313643, -5.8771910), abs=1e-7)


@pytest.mark.parametrize(
    ("options", "per_class"),
    [
        ("--batch-size 128", 12.8),
        ("--train-size 300", 30),
        ("--train-size 300 --batch-size 64", 6.4),
        ("--train-size 50 --batch-size 64", 5),
        ("--per-class 7", 7),
    ],
)
def test_samples_may_be_given_in_three_ways(options: str, per_class: float, command: Command) -> None:
    """Batches stand for n = B/K, training as a whole for N/K, and no batch is larger than the training set."""
    document = json.loads(command("theory", *options.split(), "--json").out)
    assert document["problem"]["per_class"] == per_class
    assert document["records"] == records(command, "--per-class", str(per_class))


def test_tables_tell_what_is_known_and_what_is_not(command: Command) -> None:
    """The rows of both losses, and words where a number would be none: any threshold, never, bounds."""
    known = cells(command)
    assert known["optimum"] == ["CE", "BCE"]
    assert (known["regime"], known["separated"]) == (["etf", "shifted"], ["yes", "yes"])
    assert (known["threshold b"], known["lambda_b*"]) == (["0", "3.578"], ["-", "0.0003853"])
    assert cells(command, "--lambda-b", "0")["threshold b"][0] == "any"
    assert cells(command, "--classes", "2")["lambda_b*"] == ["-", "never"]
    low = cells(command, "--dim", "4")
    assert low["regime"] == ["unknown", "unknown"]
    assert low["positive score"] == ["-", "-"]
    for shown, record in zip(low["objective"], records(command, "--dim", "4"), strict=True):
        assert (record["objective"], record["threshold"], record["separated"]) == (None, None, None)
        assert shown == f"{record['objective_low']:.4g} to {record['objective_high']:.4g}"


def test_alpha_is_zero_where_theorem_3_2_holds(command: Command) -> None:
    """Its rounding is not shown."""
    assert cells(command, "--lambda-b", "1e-4", "--loss", "bce")["alpha"] == ["0"]
    assert cells(command, "--loss", "bce")["alpha"] != ["0"]


@pytest.mark.parametrize(
    "options",
    [
        "",
        "--dim 4",
        "--lambda-b 0",
        "--lambda-w 1.23456e-5 --lambda-h 6.54321e-5",
        "--sweep lambda-b",
        "--sweep classes",
    ],
)
def test_tables_fit_eighty_columns(options: str, command: Command) -> None:
    """Nothing is wider than the terminal, and nothing is cut off."""
    done = command("theory", *options.split())
    assert done.code == 0
    assert max(map(len, done.out.splitlines())) <= 80
    assert "…" not in done.out


def test_every_optimum_comes_with_a_sentence_and_the_sign(command: Command) -> None:
    """Below the table each loss has its statement, and b is said to be minus PyTorch's bias."""
    words = " ".join(command("theory").out.split())
    for record in records(command):
        assert f"{record['loss'].upper()}: {record['statement']}" in words
    assert "b: minus PyTorch's bias" in words


def test_a_sweep_shows_few_round_values_and_the_problems_own(command: Command) -> None:
    """A table per loss: BCE leaves the ETF between the rows around lambda_b*, and CE nowhere."""
    lines = [line.split() for line in command("theory", "--sweep", "lambda-b").out.splitlines()]
    rows = [line for line in lines if len(line) == 5 and line[-1] in {"etf", "shifted"}]
    ce, bce = rows[: len(rows) // 2], rows[len(rows) // 2 :]
    assert [row[0] for row in ce] == [row[0] for row in bce]
    assert [float(row[0]) for row in bce] == [1e-7, 1e-6, 1e-5, 1e-4, 5e-4, 1e-3, 1e-2, 0.1, 1]
    assert [row[-1] for row in ce] == ["etf"] * 9
    assert [row[-1] for row in bce] == ["etf"] * 4 + ["shifted"] * 5
    assert [float(row[1]) for row in bce[4:]] == pytest.approx([Q / K / float(row[0]) for row in bce[4:]], rel=1e-3)


@pytest.mark.parametrize("name", ["lambda-b", "classes", "per-class"])
def test_a_sweep_in_json_is_that_of_single_problems(name: str, command: Command) -> None:
    """Each record has its loss and value, and is what the command prints for that value alone."""
    document = json.loads(command("theory", "--sweep", name, "--json").out)
    over = name.replace("-", "_")
    assert (document["sweep"], document["files"], over in document["problem"]) == (over, [], False)
    half = len(document["records"]) // 2
    assert [record["loss"] for record in document["records"]] == ["ce"] * half + ["bce"] * half
    chosen = document["records"][len(document["records"]) * 3 // 4]
    value = chosen.pop(over)
    assert [chosen] == records(
        command, "--loss", chosen["loss"], f"--{name}", f"{value:g}" if over == "classes" else repr(value)
    )


def test_a_sweep_is_drawn_with_its_numbers_beside(tmp_path: Path, command: Command) -> None:
    """`--figure` writes the picture and a CSV file of the sweep, and says so after the table, or in JSON."""
    done = command("theory", "--sweep", "classes", "--figure", tmp_path / "new" / "k.svg")
    files = [str(tmp_path / "new" / name) for name in ("k.svg", "k.csv")]
    assert done.out.splitlines()[-2:] == [f"Written: {file}" for file in files]
    assert (tmp_path / "new" / "k.svg").read_text().lstrip().startswith("<?xml")
    rows = list(csv.reader((tmp_path / "new" / "k.csv").read_text().splitlines()))
    assert len(rows) > 100
    arguments = ("theory", "--sweep", "classes", "--figure", tmp_path / "new" / "k.svg", "--json")
    assert json.loads(command(*arguments).out)["files"] == files


BAD = {
    "--lambda-w 0": "lambda_w is 0",
    "--lambda-b -1": "lambda_b is -1",
    "--lambda-h nan": "lambda_h is nan",
    "--classes 1": "classes is 1",
    "--classes 0 --batch-size 12": "classes is 0",
    "--dim 0": "dim is 0",
    "--loss mse": "no loss 'mse'. Choose ce or bce",
    "--sweep dim": "no sweep over 'dim'. Choose lambda-b, classes, per-class",
    "--sweep classes --figure k.bmp": "k.bmp",
    "--figure k.svg": "--figure is for --sweep",
    "--out runs": "--out is for --solve",
    "--seeds 2": "--seeds is for --solve",
    "--solve --seeds 0": "--seeds is 0",
    "--solve --sweep classes": "--solve and --sweep exclude each other",
    "--per-class 12.8 --batch-size 128": "--batch-size and --per-class exclude each other",
    "--per-class 3 --train-size 30": "--train-size and --per-class exclude each other",
    "--batch-size 0": "--batch-size is 0",
    "--solve --per-class 5000": "too many",
    "--solve --per-class 5000 --out runs": "too many",
    "--solve --out s3://bucket/runs": "not a local path",
}


@pytest.mark.parametrize("options", BAD)
def test_what_cannot_be_meant_is_one_line(
    options: str, tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit code 2, one line on stderr that names it, nothing on stdout, and no file or folder."""
    monkeypatch.chdir(tmp_path)
    done = command("theory", *options.split())
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert BAD[options] in done.err
    assert not list(tmp_path.iterdir())


def test_it_needs_no_torch(tmp_path: Path) -> None:
    """Solving, storing, drawing and analysing the solution start and end without torch."""
    code = (
        "import sys\nfrom bceprobe.cli import main\n"
        "def run(words):\n"
        "    try: main(words.split())\n"
        "    except SystemExit as ended: assert not ended.code, words\n"
        "run('theory --solve --dim 10 --seeds 1 --out runs')\n"
        "run('theory --sweep lambda-b --figure b.svg')\n"
        "run('analyze nc runs')\n"
        "print('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.splitlines()[-1] == "False"


def test_the_package_is_a_public_name_that_loads_late() -> None:
    """`bceprobe.theory` is listed, and imported only when it is used."""
    code = (
        "import sys, bceprobe; assert 'theory' in dir(bceprobe) and 'theory' in bceprobe.__all__;"
        "assert not {'numpy', 'bceprobe.theory'} & set(sys.modules);"
        "print(bceprobe.theory.optimum(bceprobe.theory.Problem('ce')).regime)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "etf\n"
