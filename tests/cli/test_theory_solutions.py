"""`bceprobe theory --solve`: theory and analysis test each other, and solutions are runs like any other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bceprobe import analyze, open_run
from bceprobe.metrics import topics
from bceprobe.store.validate import validate
from bceprobe.theory import Problem, optimum, solve

if TYPE_CHECKING:
    from pathlib import Path

    from cli_cases import Command

KEYS = "seed objective difference gradient iterations threshold_mean positive_score_mean negative_score_mean"
SIZES = ("--classes", "4", "--dim", "6", "--per-class", "3")
ETF, SHIFTED = ("--lambda-b", "1e-5"), ("--lambda-b", "5e-3")


def solved(command: Command, *arguments: str | Path) -> list[dict[str, Any]]:
    """The records of a small problem that was solved from two seeds."""
    done = command("theory", *SIZES, "--solve", "--seeds", "2", "--json", *arguments)
    found: list[dict[str, Any]] = json.loads(done.out)["records"]
    return found


@pytest.mark.parametrize("decay", [ETF, SHIFTED])
def test_what_is_found_is_the_closed_form(decay: tuple[str, str], command: Command) -> None:
    """From every start: the same objective, threshold and scores as the optimum, and NC1 to NC3 vanish."""
    for record in solved(command, *decay):
        assert [solution["seed"] for solution in record["solutions"]] == [0, 1]
        for solution in record["solutions"]:
            assert list(solution) == [*KEYS.split(), "nc1", "nc2", "nc3", "nc2_uncentred"]
            assert solution["objective"] == pytest.approx(record["objective"], abs=1e-10)
            assert solution["difference"] == solution["objective"] - record["objective"]
            for name in ("threshold", "positive_score", "negative_score"):
                assert solution[f"{name}_mean"] == pytest.approx(record[name], abs=1e-5)
            assert max(solution[name] for name in ("nc1", "nc2", "nc3")) < 1e-6
            shifted = record["regime"] == "shifted"
            assert solution["nc2_uncentred"] > 0.1 if shifted else solution["nc2_uncentred"] < 1e-6
    assert record["regime"] == ("shifted" if decay == SHIFTED else "etf")


def test_without_a_closed_form_there_is_no_difference(command: Command) -> None:
    """Where only bounds are known, what is found lies between them, and the table has the objective instead."""
    options = ("--dim", "2", "--solve", "--seeds", "1", "--classes", "4", "--per-class", "3")
    for record in json.loads(command("theory", *options, "--json").out)["records"]:
        (solution,) = record["solutions"]
        assert (record["regime"], solution["difference"]) == ("unknown", None)
        assert record["objective_low"] < solution["objective"] < record["objective_high"]
    shown = command("theory", *options).out
    assert "closed form\n" not in shown
    assert f"{solution['objective']:.4g}" in shown


def test_the_table_has_a_line_per_start(command: Command) -> None:
    """Within 80 columns, a table per loss; standard error has nothing where it is no terminal."""
    done = command("theory", *SIZES, "--solve", "--seeds", "2")
    assert (done.code, done.err) == (0, "")
    assert max(map(len, done.out.splitlines())) <= 80
    starts = [line.split()[0] for line in done.out.splitlines() if len(line.split()) == 7 and line.split()[0].isdigit()]
    assert starts == ["0", "1", "0", "1"]
    assert "nc2_uncentred" in done.out


@pytest.fixture
def stored(tmp_path: Path, command: Command) -> Path:
    """Solutions of both losses from two seeds, as runs, in the ETF regime."""
    solved(command, *ETF, "--out", tmp_path / "runs")
    return tmp_path / "runs"


def test_solutions_are_valid_runs(stored: Path, command: Command) -> None:
    """Each is in its folder, rounded to float32, with PyTorch's bias: minus the threshold."""
    names = sorted(path.relative_to(stored).as_posix() for path in stored.glob("*/*"))
    assert names == ["bce/seed-0", "bce/seed-1", "ce/seed-0", "ce/seed-1"]
    for name in names:
        assert validate(stored / name) == []
        loss, seed = name.split("/seed-")
        found = solve(Problem(loss, classes=4, dim=6, per_class=3, lambda_b=1e-5), int(seed))
        snapshot = open_run(stored / name).snapshot(1, "train")
        for array, expected in ((snapshot.features[:], found.features), (snapshot.weight, found.weight)):
            np.testing.assert_array_equal(array, expected.astype(np.float32))
        np.testing.assert_array_equal(snapshot.bias, -found.threshold.astype(np.float32))
        np.testing.assert_array_equal(snapshot.target, np.repeat(np.arange(4), 3))
    done = command("analyze", "nc", *(stored / name for name in names))
    assert done.code == 0
    assert all(name in done.out for name in names)


@pytest.mark.parametrize("topic", topics())
def test_every_topic_reads_them(topic: str, stored: Path, command: Command) -> None:
    """Each topic of `analyze` ends well, with numbers."""
    done = command("analyze", topic, stored / "bce" / "seed-0", "--json")
    assert done.code == 0
    (record,) = json.loads(done.out)["records"]
    assert sum(isinstance(value, float) for value in record.values()) > 3


def test_analysis_finds_an_optimum(stored: Path) -> None:
    """Gradients of the thresholds vanish, (12) holds for BCE, and scores and thresholds are those of theory."""
    result = analyze(stored, ["bias", "scores", "nc"])
    for loss in ("ce", "bce"):
        expected = optimum(Problem(loss, classes=4, dim=6, per_class=3, lambda_b=1e-5))
        found = result.sel(run=[f"{loss}/seed-0", f"{loss}/seed-1"])
        assert float(found.bias_gradient_norm.max()) < 1e-7
        np.testing.assert_allclose(found.positive_mean, expected.positive_score, rtol=1e-5)
        np.testing.assert_allclose(found.negative_mean, expected.negative_score, rtol=1e-5)
        np.testing.assert_allclose(found.alpha, expected.alpha, atol=1e-6)
        assert float(found.nc1.max()) < 1e-6
    assert abs(expected.alpha) < 1e-12
    np.testing.assert_allclose(found.threshold_mean, expected.threshold, rtol=1e-5)


def test_a_run_says_how_it_was_made(stored: Path) -> None:
    """run.json has the problem, the solver's end, and the training that n = B/K stands for."""
    manifest = open_run(stored / "ce" / "seed-1").manifest
    said = manifest["provenance"]
    assert manifest["status"] == "finished"
    lambdas = {"lambda_w": 5e-4, "lambda_h": 5e-4, "lambda_b": 1e-5}
    assert said["training"] == {"loss": "ce", **lambdas, "batch_size": 12, "samples": 12}
    assert said["solution"]["problem"] == {"loss": "ce", "classes": 4, "dim": 6, "per_class": 3.0, **lambdas}
    assert said["solution"]["seed"] == 1
    assert {"solver", "objective", "gradient", "iterations"} < set(said["solution"])
    assert {"command", "started", "packages", "git"} < set(said)


@pytest.mark.parametrize(("per_class", "batch"), [("2.5", 10), ("2.6", None), ("0.5", 2)])
def test_a_batch_size_is_said_only_where_it_is_whole(
    per_class: str, batch: int | None, tmp_path: Path, command: Command
) -> None:
    """Samples n K are a batch if that is a number of samples; else analysis knows no batch size."""
    command(
        "theory", "--classes", "4", "--dim", "4", "--per-class", per_class, "--solve", "--seeds", "1", "--out", tmp_path
    )
    training = open_run(tmp_path / "bce" / "seed-0").manifest["provenance"]["training"]
    assert training.get("batch_size") == batch
    assert training["samples"] == {"2.5": 12, "2.6": 12, "0.5": 4}[per_class]


def test_what_is_in_the_way_is_found_before_solving(
    tmp_path: Path, command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder with content is left as it is, nothing is solved, and the other runs are not begun."""
    (tmp_path / "bce" / "seed-1").mkdir(parents=True)
    (tmp_path / "bce" / "seed-1" / "notes").write_text("mine")
    monkeypatch.setattr("bceprobe.theory.solve", lambda *_, **__: pytest.fail("solved"))
    done = command("theory", *SIZES, "--solve", "--out", tmp_path)
    assert (done.code, done.out, len(done.err.splitlines())) == (2, "", 1)
    assert "bce/seed-1 exists and is not an empty folder" in done.err
    assert [path.name for path in tmp_path.rglob("*")] == ["bce", "seed-1", "notes"]
