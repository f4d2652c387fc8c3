"""`bceprobe analyze`: correlations of thresholds and scores, and trajectories."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from builders import make_run

from bceprobe.store.importing import import_npz

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cli_cases import Command

CORRELATION = {
    *("run", "split", "epoch", "across", "x", "y", "n", "note"),
    *(f"{kind}{end}" for kind in ("pearson", "spearman") for end in ("", "_low", "_high", "_p", "_p_holm")),
    *("slope", "slope_low", "slope_high"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three runs of five epochs and six classes."""
    made = tmp_path_factory.mktemp("findings")
    for seed in range(3):
        make_run(made / f"run-{seed}", seed=seed, epochs=range(1, 6), classes=6, length=8)
    return made


def collapsing(folder: Path, name: str, scales: list[float], *, tilts: Sequence[float] = (), shift: float = 0) -> Path:
    """Import a run of three classes at the corners of a simplex, whose stages are known.

    Samples lie at 3 e_y +- s e_next with a scale s per epoch: all are right if s < 3; NC2 and NC3 are 0, and
    NC1 is 2 s^2 / 27. A tilt t moves all scores of sample 0 up and those of sample 1 down by t, which leaves accuracy
    and NC as they are, but lets no threshold be right for both if t > 1.5. A shift of 1 or more makes sample 0 wrong at
    the last epoch.
    """
    corners, target = 3 * np.eye(3), np.repeat(np.arange(3), 2)
    steps = np.array([1, -1, 1, -1, 1, -1])[:, None] * np.eye(3)[(target + 1) % 3]
    features = np.stack([corners[target] + scale * steps for scale in scales])
    for epoch, tilt in enumerate(tilts):
        features[epoch, :2] += np.array([[tilt], [-tilt]])
    features[-1, 0] += shift * (corners[1] - corners[0])
    np.savez(folder / f"{name}.npz", features=features, target=target, weight=np.eye(3))
    return import_npz(folder / f"{name}.npz", folder / name)


@pytest.mark.parametrize("topic", ["bias", "all"])
def test_json_has_correlations_of_every_kind(topic: str, folder: Path, command: Command) -> None:
    """Thresholds are related with positive and negative scores across classes, epochs and runs; NaN is null."""
    found = json.loads(command("analyze", topic, folder, "--json").out)["correlations"]
    assert all(set(record) == CORRELATION for record in found)
    counts = {kind: sum(record["across"] == kind for record in found) for kind in ("label", "epoch", "run")}
    assert counts == {"label": 3 * 2 * 5 * 2, "epoch": 3 * 2 * 2, "run": 2 * 2}
    assert {record["note"] for record in found} == {"no variation"}
    assert {record["pearson"] for record in found} == {None}


def test_a_table_per_kind(folder: Path, command: Command) -> None:
    """Correlations across classes are those of the last epoch; what is undefined says why."""
    done = command("analyze", "bias", folder, "--epochs", "last")
    titles = [line for line in done.out.splitlines() if line.startswith("Threshold b against")]
    assert [title.split("across ")[1] for title in titles] == [
        "classes, at the last epoch of each run",
        "epochs",
        "runs, at the last epoch of each",
    ]
    rows = [line.split() for line in done.out.splitlines() if "no variation" in line]
    assert [row[:4] for row in rows[:4]] == [
        ["run-0", "train", "positive", "6"],
        ["run-0", "train", "negative", "6"],
        ["run-0", "test", "positive", "6"],
        ["run-0", "test", "negative", "6"],
    ]
    assert len(rows) == 3 * 2 * 2 + 2 * 2
    assert "Holm" in done.out


def test_a_correlation_is_shown_with_its_interval(tmp_path: Path, command: Command) -> None:
    """The line of a correlation holds estimate, interval and corrected p of the JSON record."""
    source = np.random.default_rng(0)
    target, corners = np.repeat(np.arange(8), 4), 4 * np.eye(8)
    arrays: dict[str, Any] = {"features": corners[target] + source.normal(size=(32, 8)), "target": target}
    np.savez(tmp_path / "a.npz", **arrays, weight=corners / 4, bias=-source.normal(size=8))
    run = import_npz(tmp_path / "a.npz", tmp_path / "a")
    (record, other) = [
        row for row in json.loads(command("analyze", "bias", run, "--json").out)["correlations"] if row["pearson"]
    ]
    assert (record["y"], other["y"]) == ("positive_mean", "negative_mean")
    line = next(line for line in command("analyze", "bias", run).out.splitlines() if "positive   8" in line)
    estimate = f"{record['pearson']:.3f} [{record['pearson_low']:.3f}, {record['pearson_high']:.3f}]"
    assert line.split() == f"a train positive 8 {estimate} {record['pearson_p_holm']:.2g}".split()
    assert record["pearson_p_holm"] == min(1, 2 * record["pearson_p"]) or record["pearson_p"] > other["pearson_p"]


def test_trajectories_of_known_runs(tmp_path: Path, command: Command) -> None:
    """A run that is fitted, uniform and collapsed in turn, one that stays fitted, and one that ends with a mistake."""
    runs = [
        collapsing(tmp_path, "collapses", [4, 2, 2, 0.01], tilts=[0, 5, 0, 0]),
        collapsing(tmp_path, "stays", [4, 2, 1.5], tilts=[0, 5, 5]),
        collapsing(tmp_path, "fails", [0.01, 1, 1], shift=1.5),
    ]
    found = json.loads(command("analyze", "trajectories", *runs, "--json").out)
    stages = {
        row["run"]: (row["fitted_epoch"], row["uniform_epoch"], row["collapsed_epoch"], row["failure"], row["ordered"])
        for row in found["records"]
    }
    assert stages == {
        "collapses": (2, 3, 4, "collapsed", True),
        "stays": (2, None, None, "fitted without collapse", True),
        "fails": (1, 1, 1, "not fitted", True),
    }
    assert (found["topic"], {row["nc_threshold"] for row in found["records"]}) == ("trajectories", {0.1})
    shown = command("analyze", "trajectories", *runs).out
    cells = {line.split()[0]: line.split()[-3:] for line in shown.splitlines() if line.startswith(" ") and line.split()}
    assert cells["collapses"] == ["2", "3", "4"]
    assert cells["stays"] == ["2", "never", "never"]


def test_the_threshold_of_collapse_is_chosen(tmp_path: Path, command: Command) -> None:
    """A larger `--nc-threshold` lets a run collapse earlier; the text under the table repeats it."""
    run = collapsing(tmp_path, "run", [4, 1, 0.01])  # NC1 1.2, 0.074, 7e-6
    strict, loose = (
        json.loads(command("analyze", "trajectories", run, "--nc-threshold", level, "--json").out)["records"][0]
        for level in ("1e-9", "10")
    )
    assert (strict["collapsed_epoch"], loose["collapsed_epoch"]) == (None, 1)
    shown = command("analyze", "trajectories", run, "--nc-threshold", "10").out
    assert "below 10 (own choice)" in " ".join(shown.split())


def test_another_order_of_stages_is_told(tmp_path: Path, command: Command) -> None:
    """A run that counts as collapsed before it is fitted breaks the paper's order, and a sentence says so."""
    run = collapsing(tmp_path, "run", [4, 1, 1])
    shown = command("analyze", "trajectories", run, "--nc-threshold", "10").out
    said = "run: not in the order fitted, uniform, collapsed, but collapsed 1, fitted 2, uniform 2."
    assert said in " ".join(shown.split())


def test_a_run_without_train_epochs_is_left_out_and_named(tmp_path: Path, command: Command) -> None:
    """Trajectories are those of the train split; a run that lacks it is named on standard error."""
    make_run(tmp_path / "full", epochs=[1, 2])
    make_run(tmp_path / "test-only", epochs=[1, 2], per_class={"test": 5})
    done = command("analyze", "trajectories", tmp_path / "full", tmp_path / "test-only", "--json")
    assert [row["run"] for row in json.loads(done.out)["records"]] == ["full"]
    assert done.err == "test-only: left out, as no epoch of its train split is captured\n"


def test_csv_of_trajectories(tmp_path: Path, command: Command) -> None:
    """Trajectories are CSV, too: nothing where a stage is never reached."""
    done = command("analyze", "trajectories", collapsing(tmp_path, "run", [4, 2], tilts=[0, 5]), "--csv")
    header, line = done.out.splitlines()
    assert header == ("run,split,fitted_epoch,uniform_epoch,collapsed_epoch,order,ordered,failure,nc_threshold")
    assert line == 'run,train,2,,,"fitted 2, never uniform, never collapsed",True,fitted without collapse,0.1'
