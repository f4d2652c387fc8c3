"""`bceprobe analyze bias`: optimum and forecast beside what was measured."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from builders import make_run

from bceprobe.store.manifest import read_manifest, update_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from cli_cases import Command

TITLE = "Optimum of the layer-peeled problem"
PAPER: dict[str, Any] = {"classes": 10, "length": 12, "per_class": {"train": 4}, "epochs": (1, 3)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of either loss at the setting of the paper."""
    made = tmp_path_factory.mktemp("optima")
    for loss in ("ce", "bce"):
        make_run(made / f"{loss}-with-quite-a-long-name", loss=loss, **PAPER)
    return made


def lines(out: str) -> list[list[str]]:
    """The cells of the lines of the table of optima."""
    table = out[out.index(TITLE) :]
    return [line.split() for line in table.splitlines() if line.rstrip() and line.startswith(" ")]


@pytest.mark.parametrize("topic", ["bias", "all"])
def test_json_has_a_record_per_epoch(topic: str, folder: Path, command: Command) -> None:
    """All epochs of the train split are under `optima`, undefined values as null."""
    found = json.loads(command("analyze", topic, folder, "--json").out)["optima"]
    assert [(record["run"][:3], record["split"], record["epoch"]) for record in found] == [
        *(("bce", "train", epoch) for epoch in (1, 3)),
        *(("ce-", "train", epoch) for epoch in (1, 3)),
    ]
    assert {record["forecast_threshold"] for record in found} == {None}


def test_a_table_sets_each_run_beside_its_optimum(folder: Path, command: Command) -> None:
    """The last epoch of each run has three lines, in 80 columns, with the optima of the paper's setting."""
    done = command("analyze", "bias", folder)
    found = lines(done.out)
    assert found[0] == ["run:", "regime", "quantity", "measured", "optimum", "distance"]
    optimum = [float(cells[-2]) for cells in found if {"threshold", "score"} & {*cells}]
    assert optimum == pytest.approx([3.578, 7.81, -2.05, 0, 5.68, -0.63], abs=0.005)
    assert max(map(len, done.out.splitlines())) <= 80
    said = " ".join(done.out.split())
    assert "n = batch size / K (derived)" in said
    assert "shifted: Theorem 3.2 does not hold" in said
    assert "forecast" not in said.lower()


def test_distances_in_the_table_are_those_of_json(folder: Path, command: Command) -> None:
    """Each line shows measured, optimum and distance of the record of the last epoch."""
    record = json.loads(command("analyze", "bias", folder, "--json").out)["optima"][1]
    row = next(cells for cells in lines(command("analyze", "bias", folder).out) if "positive" in cells)
    shown = [f"{record[f'{kind}_positive_score']:.4g}" for kind in ("measured", "predicted", "distance")]
    assert row[-3:] == shown


def test_a_forecast_has_a_column(tmp_path: Path, command: Command) -> None:
    """CE that recorded its start shows what its mean threshold was going to be; without lambda_b that is the start."""
    run = make_run(tmp_path / "run", loss="ce", epochs=[1], penalty__lambda_b=0.0)
    said = {"data": {"train": {"samples": 60}}, "initial_bias_mean": -5.25}
    update_manifest(str(run), provenance={**read_manifest(str(run))["provenance"], **said})
    (run / "history.csv").write_text("epoch,lr\n1,0.1\n")
    done = command("analyze", "bias", run)
    heading, _, threshold, positive, _ = lines(done.out)
    assert heading[-1] == "forecast"
    assert threshold == ["run:", "etf", "threshold", "b", "0", "-", "-", "5.25"]
    assert len(positive) == 5
    assert "without any data (derived)" in " ".join(done.out.split())


def test_runs_without_regularisers_show_nothing(tmp_path: Path, command: Command) -> None:
    """No table and no sentence is printed where theory expects nothing."""
    run = make_run(tmp_path / "run", loss="ce", epochs=[1], penalty__lambda_h=0.0)
    assert "optimum" not in command("analyze", "bias", run).out.lower()
    assert json.loads(command("analyze", "bias", run, "--json").out)["optima"] == []


def test_what_is_not_predicted_is_told_without_a_table(tmp_path: Path, command: Command) -> None:
    """A run whose decay theory does not know has no lines, but a sentence."""
    run = make_run(tmp_path / "run", loss="bce", epochs=[1], optim__name="adamw", optim__weight_decay=0.1)
    out = command("analyze", "bias", run).out
    assert TITLE not in out
    assert out.splitlines()[-1] == "run: no optimum, as the weight decay of adamw is no regulariser of (3)."
