"""`bceprobe runs`: the table fits, JSON says all, hostile names are inert, and removal asks for --force."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from builders import make_run

if TYPE_CHECKING:
    from pathlib import Path

    from cli_cases import Command


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of twelve runs that differ in many settings, one of them broken."""
    runs = tmp_path_factory.mktemp("made") / "runs"
    for at in range(12):
        settings: dict[str, Any] = {"optim__lr": 0.01 * (at + 1), "penalty__lambda_w": 1e-4 * at}
        loss = "ce" if at % 2 else "bce"
        make_run(runs / f"{loss}-{at}", loss=loss, seed=at, epochs=[1, 2], model__bias_mean=float(at), **settings)
    (runs / "ce-3" / "store.zarr" / "zarr.json").write_text("{")
    return runs


@pytest.fixture
def folder(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with these `runs`."""
    shutil.copytree(made, tmp_path / "runs")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_dozen_runs_fit_into_eighty_columns(folder: Path, command: Command) -> None:
    """A line per run with what fits; the settings that do not are named below, and so is what is broken."""
    done = command("runs", "ls")
    assert folder.is_dir()
    assert done.code == 0
    lines = done.out.splitlines()
    assert max(map(len, lines)) <= 80
    assert [word for word in ("loss", "seed", "epochs", "test acc.", "NC1", "size") if word not in lines[1]] == []
    assert sum(line.strip().startswith(("bce-", "ce-")) for line in lines) == 13
    assert "broken" in done.out
    assert "zarr.json" in done.out
    assert "They differ in more settings" in done.out
    assert "penalty.lambda_w" in " ".join(done.out.split())


def test_json_is_one_document_with_a_record_per_run(folder: Path, command: Command) -> None:
    """Every setting is in it, and a broken run says why."""
    document = json.loads(command("runs", "ls", folder / "runs", "--json").out)
    assert document["schema_version"] == 1
    records = {record["run"].rpartition("/")[2]: record for record in document["records"]}
    assert len(records) == 12
    assert records["bce-0"]["settings"]["optim.lr"] == 0.01
    assert (records["bce-0"]["captured"], records["bce-0"]["planned"]) == (2, 2)
    assert (records["ce-3"]["status"], records["ce-3"]["settings"]) == ("broken", {})
    assert "JSON" in records["ce-3"]["problem"]


def test_runs_are_filtered_by_settings(folder: Path, command: Command) -> None:
    """Conditions add up; a wrong key is an error that names the nearest one; no match is no error."""
    assert folder.is_dir()
    done = command("runs", "ls", "--where", "loss.name=bce", "--where", "optim.lr>=0.08", "--json")
    assert [record["run"] for record in json.loads(done.out)["records"]] == ["runs/bce-10", "runs/bce-8"]
    wrong = command("runs", "ls", "--where", "optim.lrr=1")
    assert (wrong.code, "Did you mean optim.lr" in wrong.err) == (2, True)
    none = command("runs", "ls", "--where", "seed>99")
    assert (none.code, none.out, none.err) == (0, "", "no run fulfils that\n")


def test_a_place_without_runs_is_an_error(tmp_path: Path, command: Command) -> None:
    """It says where it looked."""
    done = command("runs", "ls", tmp_path)
    assert (done.code, str(tmp_path) in done.err) == (3, True)


def test_show_tells_settings_with_their_source(tmp_path: Path, command: Command) -> None:
    """State, every setting and where it came from, provenance, and what the store holds."""
    run = make_run(tmp_path / "run", loss="bce", seed=4, epochs=[1, 2, 3])
    manifest = json.loads((run / "run.json").read_text())
    (run / "run.json").write_text(json.dumps(manifest | {"sources": {"loss.name": "option", "seed": "environment"}}))
    done = command("runs", "show", run)
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert [
        line
        for line in ("loss.name bce option", "seed 4 environment", "model.name convnet default")
        if line not in lines
    ] == []
    assert "state finished, 3 of 3 epochs captured" in lines
    assert "command bceprobe train --loss bce" in lines
    assert any(line.startswith("train 60 6 3 float32") for line in lines)
    document = json.loads(command("runs", "show", run, "--json").out)
    assert (document["sources"]["seed"], document["settings"]["seed"]) == ("environment", 4)
    assert document["store"]["splits"]["train"]["epochs"] == [1, 2, 3]


def test_show_refuses_what_is_no_run(tmp_path: Path, command: Command) -> None:
    """With the exit code of stores."""
    assert command("runs", "show", tmp_path).code == 3


def test_hostile_names_and_settings_are_inert(tmp_path: Path, command: Command) -> None:
    """Control characters, markup and long text in a run's name, settings and run.json reach no terminal as such."""
    evil = "\x1b[31m\u202e[bold]"
    for at in range(2):
        run = make_run(tmp_path / f"{evil}{at}", loss=f"{evil}{'x' * 9999}{at}", epochs=[1])
        manifest = json.loads((run / "run.json").read_text())
        hostile = {"status": evil, "provenance": ["no table"], "sources": [evil]}
        (run / "run.json").write_text(json.dumps(manifest | hostile))
    for done in (command("runs", "ls", tmp_path), command("runs", "show", run)):
        assert (done.code, "\x1b" in done.out, "\u202e" in done.out) == (0, False, False)
        assert "[bold]" in done.out
    assert json.loads(command("runs", "ls", tmp_path, "--json").out)["records"][0]["status"] == evil


def test_removal_asks_for_force(folder: Path, command: Command) -> None:
    """Without --force it says what it would remove, with --force what it removed; broken runs, too."""
    asked = command("runs", "rm", "runs/ce-1", "runs/ce-3")
    assert (asked.code, "--force" in asked.err) == (2, True)
    assert [line.split(" (")[0] for line in asked.out.splitlines()] == [
        "would remove runs/ce-1",
        "would remove runs/ce-3",
    ]
    assert (folder / "runs" / "ce-1").is_dir()
    done = command("runs", "rm", "runs/ce-1", "runs/ce-3", "--force")
    assert (done.code, done.out.startswith("removed runs/ce-1 (")) == (0, True)
    assert sorted(path.name for path in (folder / "runs").iterdir() if path.name.startswith("ce-")) == [
        "ce-11",
        "ce-5",
        "ce-7",
        "ce-9",
    ]


def test_removal_is_of_all_or_none(folder: Path, command: Command) -> None:
    """If one of them may not be removed, the others stay as well."""
    done = command("runs", "rm", "runs/ce-1", "runs", "--force")
    assert (done.code, "runs is no run" in done.err) == (2, True)
    assert (folder / "runs" / "ce-1").is_dir()
