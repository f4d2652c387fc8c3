"""Opening runs: by path or URL, alone or many, with bceprobe or without it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
import xarray as xr
from store_builders import example, files, same_bits, write_example

from bceprobe.errors import StoreNotFoundError, UsageError
from bceprobe.store import find_runs, open_run, schema
from bceprobe.store.description import describe
from bceprobe.store.location import child, exists, read_bytes, size, write_bytes
from bceprobe.store.manifest import read_manifest, update_manifest
from bceprobe.store.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from store_builders import Stored


@pytest.fixture(params=["path", "file URL", "memory URL"])
def location(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty place for runs."""
    if request.param == "path":
        return str(tmp_path)
    return f"file://{tmp_path}" if request.param == "file URL" else f"memory://{tmp_path.name}"


@pytest.mark.parametrize("shard", [False, True])
def test_runs_live_at_paths_and_urls(location: str, *, shard: bool) -> None:
    """A run is written, continued, found, validated, fingerprinted, described and read at any kind of location."""
    stored, place = example(shard=shard), child(location, "some", "run")
    stored.write_epoch(stored.writer(place), 0)
    stored.write(place)
    (run,) = find_runs(location)
    assert run.location == place
    assert run.name == "run"
    assert validate(place) == []
    assert run.manifest["status"] == "finished"
    assert describe(run)["bytes"] > 0
    assert run.fingerprint(5, "test") != run.fingerprint(2, "test")
    assert same_bits(open_run(place).snapshot(5, "test").features[1:4], stored.splits["test"].features[2, 1:4])
    assert run.dataset("train")["features"].values.tobytes() == stored.splits["train"].features.tobytes()


@pytest.mark.parametrize("url", ["nothing://bucket/run", "memory://nowhere/run"])
def test_urls_without_a_run_are_told(url: str) -> None:
    """A scheme that nothing serves and a place that holds no run are errors that name the URL."""
    with pytest.raises((UsageError, StoreNotFoundError), match=url):
        open_run(url)


def test_plain_xarray_reads_a_store(tmp_path: Path) -> None:
    """`xarray.open_zarr` opens every group without bceprobe imported and without any warning, with all its numbers."""
    stored = write_example(tmp_path)
    np.save(tmp_path / "expected.npy", stored.splits["train"].features)
    code = """
import sys, warnings
import numpy as np
warnings.simplefilter("error")
import xarray
path = sys.argv[1] + "/store.zarr"
train, test, classifier = (xarray.open_zarr(path, group=name) for name in ("train", "test", "classifier"))
assert train.features.dims == ("epoch", "sample", "feature")
assert np.array_equal(train.features.values, np.load(sys.argv[1] + "/expected.npy"))
assert train.features.sel(epoch=5).shape == (10, 4) and train.written.values.all()
assert classifier.weight.dims == ("epoch", "label", "feature") and classifier.bias.dims == ("epoch", "label")
assert test.target.dims == test.index.dims == ("sample",) and test.epoch.values.tolist() == [1, 2, 5]
assert not any(name.startswith("bceprobe") for name in sys.modules)
"""
    subprocess.run([sys.executable, "-c", code, str(tmp_path)], check=True)


def test_dataset_holds_only_what_counts(tmp_path: Path) -> None:
    """A group opens as a Dataset of the written epochs, labelled by their numbers."""
    stored = write_example(tmp_path)
    stored.writer(tmp_path).discard_after(2)
    run = open_run(tmp_path)
    for group in ("train", "test", "classifier"):
        assert run.dataset(group)["epoch"].values.tolist() == [1, 2]
        assert "written" not in run.dataset(group)
    expected = xr.DataArray(stored.weight[1], dims=("label", "feature"))
    xr.testing.assert_equal(run.dataset("classifier")["weight"].sel(epoch=2).drop_vars("epoch"), expected)


def test_runs_are_found_at_any_depth_and_once(tmp_path: Path) -> None:
    """All runs below a folder are found in the order of their paths; links, hidden folders and loops add none."""
    for name in ("b/seed-1", "a", "b/seed-0", ".hidden/run", "c/.partial/run"):
        write_example(tmp_path / name)
    (tmp_path / "latest").symlink_to(tmp_path / "b" / "seed-1")
    (tmp_path / "c" / "up").symlink_to(tmp_path)
    found = [run.location for run in find_runs(tmp_path)]
    assert found == [str(tmp_path / name) for name in ("a", "b/seed-0", "b/seed-1")]
    assert [run.location for run in find_runs(tmp_path / "a")] == [str(tmp_path / "a")]


def test_runs_before_their_first_capture_are_found(tmp_path: Path) -> None:
    """A run without a store is among the runs, without splits or epochs."""
    update_manifest(str(tmp_path / "new"), status="running")
    write_example(tmp_path / "old")
    new, _ = find_runs(tmp_path)
    assert new.splits == ()
    assert new.manifest["status"] == "running"
    with pytest.raises(UsageError, match="It holds: none yet"):
        new.epochs()


def test_no_run_is_told(tmp_path: Path) -> None:
    """A folder without runs, one that is not there, and one with something else named store.zarr are errors."""
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "store.zarr").write_text("a file where a folder should be")
    for place in (tmp_path, tmp_path / "missing", tmp_path / "other"):
        with pytest.raises(StoreNotFoundError, match="no run at or below"):
            find_runs(place)


def test_unknown_epochs_and_splits_are_told(tmp_path: Path) -> None:
    """An epoch or split that the store does not have is an error that says so."""
    stored = example()
    stored.write_epoch(stored.writer(tmp_path), 0)
    for epoch in (3, 5):
        with pytest.raises(UsageError, match=f"no written epoch {epoch} of split 'train'"):
            open_run(tmp_path).snapshot(epoch)
    with pytest.raises(UsageError, match=r"no split 'validation'\. It holds: train, test"):
        open_run(tmp_path).epochs("validation")


CHANGES: dict[str, Callable[[Stored], None]] = {
    "features": lambda stored: np.negative(*[stored.splits["train"].features[1, 9]] * 2),
    "target": lambda stored: stored.splits["train"].target.__setitem__(0, 2),
    "weight": lambda stored: stored.weight[1].__setitem__((2, 3), 9),
    "bias": lambda stored: stored.bias[1].__setitem__(0, 9),
}


@pytest.mark.parametrize("part", CHANGES)
@pytest.mark.parametrize("shard", [False, True])
def test_fingerprint_changes_with_content(tmp_path: Path, part: str, *, shard: bool) -> None:
    """One other number in features, target, weight or bias changes the fingerprint of its epoch."""
    stored = write_example(tmp_path / "a", shard=shard)
    CHANGES[part](stored)
    stored.write(tmp_path / "b")
    a, b = open_run(tmp_path / "a"), open_run(tmp_path / "b")
    assert a.fingerprint(2, "train") != b.fingerprint(2, "train")
    if part != "target":
        assert a.fingerprint(1, "train") == b.fingerprint(1, "train")


def test_fingerprint_stays_with_equal_content(tmp_path: Path) -> None:
    """Copies, new processes, sharding and other values of `index` do not change a fingerprint."""
    stored = write_example(tmp_path / "a")
    shutil.copytree(tmp_path / "a", tmp_path / "b")
    write_example(tmp_path / "c", shard=True)
    stored.splits["train"].index[:] = 7
    stored.write(tmp_path / "d")
    prints = {open_run(tmp_path / name).fingerprint(2, "train") for name in "abcd"}
    assert len(prints) == 1


@pytest.mark.parametrize("shard", [False, True])
def test_fingerprint_reads_only_checksums(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, shard: bool) -> None:
    """The bytes read for a fingerprint are a small part of the epoch."""
    samples, read = 4000, 0
    stored = example(shard=shard, rows=500)
    big = stored.splits["train"].features[:, :1].repeat(samples, axis=1)
    labels = np.zeros(samples, np.int64)
    whole = type(stored)(**{**vars(stored), "splits": {"train": type(stored.splits["train"])(big, labels, labels)}})
    whole.write(tmp_path)

    def counting(location: str, start: int = 0, stop: int | None = None) -> bytes:
        nonlocal read
        content = read_bytes(location, start, stop)
        read += len(content)
        return content

    monkeypatch.setattr("bceprobe.store.arrays.read_bytes", counting)
    open_run(tmp_path).fingerprint(2, "train")
    assert 0 < read < big[0].nbytes / 100


def test_manifest_keeps_what_other_threads_and_programs_wrote(tmp_path: Path) -> None:
    """Entries are merged, unknown ones stay, and the file is one JSON object that ends with a line break."""
    update_manifest(str(tmp_path), status="running", mine={"a": 1})
    update_manifest(str(tmp_path), status="finished")
    text = (tmp_path / "run.json").read_text()
    assert json.loads(text) == {"schema_version": 1, "status": "finished", "mine": {"a": 1}}
    assert text.endswith("}\n")
    with pytest.raises(ValueError, match="JSON compliant"):
        update_manifest(str(tmp_path), loss=float("nan"))
    assert read_manifest(str(tmp_path))["status"] == "finished"
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


def test_files_are_read_in_parts_like_slices(location: str) -> None:
    """A part of a file is what Python's slice of its bytes is, at a path and at a URL."""
    file, content = child(location, "folder", "file"), bytes(range(20))
    write_bytes(file, content)
    assert size(file) == 20
    for start, stop in ((0, None), (0, 4), (3, 7), (-4, None), (5, None)):
        assert read_bytes(file, start, stop) == content[start:stop]
    assert exists(child(location, "folder"))
    assert not exists(child(location, "folder", "other"))


def test_description_tells_sizes_and_origin(tmp_path: Path) -> None:
    """A description has the sizes, the written epochs, the layout, and what config.toml and run.json tell."""
    stored = write_example(tmp_path, dtype="float16", shard=True)
    stored.writer(tmp_path).discard_after(1)
    (tmp_path / "config.toml").write_text('seed = 3\n[loss]\nname = "bce"\n[model]\nname = "convnet"\n')
    described = describe(open_run(tmp_path))
    origin = {key: described[key] for key in ("store_version", "status", "loss", "model", "dataset", "seed")}
    assert origin == {
        "store_version": schema.ENCODING_VERSION,
        "status": "finished",
        "loss": "bce",
        "model": "convnet",
        "dataset": None,
        "seed": 3,
    }
    assert described["bytes"] == sum(map(len, files(tmp_path).values()))
    assert described["splits"]["train"] == {
        "samples": 10,
        "classes": 3,
        "features": 4,
        "dtype": "float16",
        "chunk": 4,
        "sharded": True,
        "epochs": [1],
        "planned": 3,
    }
