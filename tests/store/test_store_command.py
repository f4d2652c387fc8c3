"""`bceprobe store`: what its commands print, write and return."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from store_builders import example, flip, write_example
from typer.testing import CliRunner

from bceprobe.cli.store import app
from bceprobe.errors import DataNotFoundError, FolderInUseError, StoreNotFoundError, UsageError
from bceprobe.store import open_run

if TYPE_CHECKING:
    from pathlib import Path


def call(*arguments: Any) -> Any:
    """Run a command; its result has exit_code, stdout, stderr and the error that it raised."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments], env={"COLUMNS": "80", "NO_COLOR": "1"})


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run as `bceprobe train` leaves it, with two of three epochs written."""
    write_example(tmp_path / "run").writer(tmp_path / "run").discard_after(2)
    (tmp_path / "run" / "config.toml").write_text(
        'seed = 3\n[loss]\nname = "bce"\n[model]\nname = "convnet"\n[data]\nname = "digits"\n'
    )
    return tmp_path / "run"


def test_info_shows_the_essentials_in_80_columns(run: Path) -> None:
    """The tables name version, status, loss, model, data set, seed, sizes, data type, layout and written epochs."""
    done = call("info", run)
    assert done.exit_code == 0
    words = done.stdout.split()
    for fact in ("1.0", "finished", "bce", "convnet", "digits", "3", "MB", "float32", "train", "test"):
        assert fact in words
    assert "1,2 (2 of 3)" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def test_info_as_json_is_one_document(run: Path) -> None:
    """`--json` prints one document with a schema version and the same facts."""
    document = json.loads(call("info", run, "--json").stdout)
    assert document["schema_version"] == 1
    assert (document["loss"], document["seed"], document["imported"]) == ("bce", 3, None)
    assert document["splits"]["test"]["epochs"] == [1, 2]
    assert document["splits"]["test"]["samples"] == 5


def test_validate_says_what_was_checked(run: Path) -> None:
    """A valid run is said to be so, with the epochs and samples of each split, and exit code 0."""
    train, test = "train, 2 of 3 epochs, 10 samples", "test, 2 of 3 epochs, 5 samples"
    done = call("validate", run)
    assert (done.exit_code, done.stdout) == (0, f"valid: {train}; {test}\n")


def test_validate_before_the_first_capture(tmp_path: Path) -> None:
    """A store without splits is valid."""
    example().writer(tmp_path)
    assert call("validate", tmp_path).stdout == "valid: nothing captured yet\n"


def test_validate_prints_a_line_per_problem_and_exits_3(run: Path) -> None:
    """Each damaged chunk is one line on stdout that names it."""
    for name in ("train/features/c/0/1/0", "classifier/bias/c/1/0"):
        flip(run / "store.zarr" / name)
    done = call("validate", run)
    assert done.exit_code == 3
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert "classifier/bias/c/1/0 is damaged" in lines[0]
    assert "train/features/c/0/1/0 is damaged" in lines[1]


def test_import_and_export_print_what_they_wrote(run: Path, tmp_path: Path) -> None:
    """`export` and `import` print the path they made; what was exported is what is imported, with its provenance."""
    file, again = tmp_path / "out.npz", tmp_path / "again"
    assert call("export", run, "--out", file).stdout == f"{file}\n"
    assert call("import", file, "--out", again).stdout == f"{again}\n"
    snapshot, expected = open_run(again).snapshot(2, "test"), open_run(run).snapshot(2, "test")
    np.testing.assert_array_equal(snapshot.features[:], expected.features[:])
    assert open_run(again).manifest["provenance"]["python"] == sys.version.split()[0]
    assert "out.npz" in call("info", again).stdout


def test_export_takes_an_epoch_by_number(run: Path, tmp_path: Path) -> None:
    """`--epoch 1` exports epoch 1, and `--force` replaces the file with it."""
    file = tmp_path / "out.npz"
    call("export", run, "--epoch", "last", "--out", file)
    assert np.load(file)["epoch"].tolist() == [2]
    assert call("export", run, "--epoch", "1", "--out", file, "--force").exit_code == 0
    assert np.load(file)["epoch"].tolist() == [1]


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (("info", "{folder}/none"), StoreNotFoundError, "no run at"),
        (("validate", "{folder}/none"), StoreNotFoundError, "no run at"),
        (("import", "{folder}/none.npz", "--out", "{folder}/new"), DataNotFoundError, "no file"),
        (("import", "{folder}/run/run.json", "--out", "{folder}/new"), UsageError, "plain arrays"),
        (("export", "{folder}/run", "--epoch", "first", "--out", "{folder}/x.npz"), UsageError, "'first' is no epoch"),
        (("export", "{folder}/run", "--epoch", "5", "--out", "{folder}/x.npz"), UsageError, "no written epoch 5"),
        (("export", "{folder}/run", "--out", "{folder}/run/run.json"), FolderInUseError, "--force"),
    ],
)
def test_errors_are_raised_for_the_boundary(run: Path, arguments: tuple[str, ...], error: type, says: str) -> None:
    """Wrong input raises an error of ours, which the command line turns into one line; nothing is printed before."""
    done = call(*(argument.format(folder=run.parent) for argument in arguments))
    assert type(done.exception) is error
    assert says in str(done.exception)
    assert not done.stdout
    assert not (run.parent / "new").exists()


def test_help_imports_no_numbers() -> None:
    """The commands are described without importing numpy."""
    code = "import sys; from bceprobe.cli.store import app; app(['--help'], standalone_mode=False); "
    done = subprocess.run(
        [sys.executable, "-c", f"{code} assert 'numpy' not in sys.modules"], capture_output=True, text=True, check=True
    )
    assert all(name in done.stdout for name in ("info", "validate", "import", "export"))
