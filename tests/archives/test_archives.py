"""Stores of every released version stay readable. `make.py` beside this file made them."""

from __future__ import annotations

import runpy
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from store_builders import files, same_bits

from bceprobe import analyze
from bceprobe.store import open_run, schema
from bceprobe.store.validate import validate

HERE = Path(__file__).parent
ARCHIVES = sorted(path.stem for path in HERE.glob("*.zip"))


@pytest.fixture
def unpacked(version: str, tmp_path: Path) -> Path:
    """The archive of a version: `run`, and `expected` with what its own version read."""
    with zipfile.ZipFile(HERE / f"{version}.zip") as archive:
        archive.extractall(tmp_path)
    return tmp_path


def test_this_version_has_an_archive() -> None:
    """The format that is written today is archived, and archives are small."""
    assert schema.ENCODING_VERSION in ARCHIVES
    assert all((HERE / f"{version}.zip").stat().st_size < 100_000 for version in ARCHIVES)


@pytest.mark.parametrize("version", ARCHIVES)
def test_archived_stores_are_read_without_being_changed(unpacked: Path) -> None:
    """An archived run is valid, gives every number that its own version read, and no file of it changes."""
    before = files(unpacked / "run")
    run = open_run(unpacked / "run")
    assert validate(unpacked / "run") == []
    assert (run.splits, run.epochs("train"), run.epochs("test")) == (("train", "test"), [1, 4], [1, 4])
    assert (run.manifest["status"], run.settings["loss"]["name"]) == ("finished", "bce")
    for epoch in (1, 4):
        with np.load(unpacked / "expected" / f"{epoch}.npz") as expected:
            for split, prefix in (("train", ""), ("test", "test_")):
                snapshot = run.snapshot(epoch, split)
                assert same_bits(snapshot.features[:], expected[f"{prefix}features"][0])
                assert same_bits(snapshot.target, expected[f"{prefix}target"])
                assert same_bits(run.array(split, "index")[:], expected[f"{prefix}index"])
                assert same_bits(snapshot.weight, expected["weight"][0])
                assert same_bits(snapshot.bias, expected["bias"][0])
    assert files(unpacked / "run") == before


@pytest.mark.parametrize("version", ARCHIVES)
def test_archived_stores_are_analysed_and_read_by_plain_xarray(unpacked: Path) -> None:
    """Metrics of an archived run are computed, and xarray opens its groups without a warning."""
    assert np.isfinite(analyze(unpacked / "run", "nc")["nc1"].values).all()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train = xr.open_zarr(unpacked / "run" / "store.zarr", group="train")
    assert train["written"].values.tolist() == [True, True, False]
    assert train["features"].dims == ("epoch", "sample", "feature")


def test_todays_writer_makes_the_archived_store(tmp_path: Path) -> None:
    """The script makes today the same store, byte for byte: a change of the format needs a new version."""
    runpy.run_path(str(HERE / "make.py"))["write_run"](tmp_path / "today")
    with zipfile.ZipFile(HERE / f"{schema.ENCODING_VERSION}.zip") as archive:
        archive.extractall(tmp_path)
    assert files(tmp_path / "today") == files(tmp_path / "run")
