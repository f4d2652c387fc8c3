"""Damaged and incomplete stores: each damage has its message, and nothing damaged is ever used."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from store_builders import change, example, flip, write_example

from bceprobe import analyze
from bceprobe.errors import StoreCorruptError, StoreNotFoundError, StoreVersionError
from bceprobe.store import open_run
from bceprobe.store.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable

FEATURES = "train/features/c/1/2/0"
EPOCH_2 = r"\(epoch 2, split train\)"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A valid run: epochs 1, 2 and 5, 10 training samples in chunks of 4."""
    write_example(tmp_path / "run")
    return tmp_path / "run"


def edit_json(path: Path, **changes: Any) -> None:
    """Change top-level entries of a JSON file."""
    path.write_text(json.dumps(json.loads(path.read_text()) | changes))


def edit_array(run: Path, name: str, **changes: Any) -> None:
    """Change an array's metadata where it is and in the root's copy of it."""
    root = run / "store.zarr" / "zarr.json"
    edit_json(root.parent / name / "zarr.json", **changes)
    document = json.loads(root.read_text())
    document["consolidated_metadata"]["metadata"][name] |= changes
    root.write_text(json.dumps(document))


def store_numbers(run: Path, name: str, edit: Callable[[Any], object]) -> None:
    """Change numbers of an array, with right checksums."""
    array: Any = zarr.open_array(run / "store.zarr" / name, mode="r+")
    values = array[...]
    edit(values)
    array.with_config({"write_empty_chunks": True})[...] = values


def set_at(*index: Any, to: Any) -> Callable[[Any], None]:
    """Assign to an index of an array."""

    def assign(values: Any) -> None:
        values[index] = to

    return assign


DAMAGE: dict[str, tuple[str, Callable[[Path], object], str]] = {
    "flipped byte": (FEATURES, flip, rf"^chunk \S+/{FEATURES} is damaged: its checksum is wrong {EPOCH_2}$"),
    "missing chunk": (FEATURES, Path.unlink, rf"^chunk \S+/{FEATURES} is missing {EPOCH_2}$"),
    "truncated chunk": (
        FEATURES,
        lambda path: change(path, lambda content: content.pop()),
        rf"^chunk \S+/{FEATURES} has 67 bytes instead of 68 {EPOCH_2}$",
    ),
    "empty chunk": (
        FEATURES,
        lambda path: path.write_bytes(b""),
        rf"^chunk \S+/{FEATURES} has 0 bytes instead of 68 {EPOCH_2}$",
    ),
    "flipped weight": (
        "classifier/weight/c/1/0/0",
        flip,
        r"^chunk \S+/weight/c/1/0/0 is damaged: its checksum is wrong \(epoch 2, classifier\)$",
    ),
    "missing bias": (
        "classifier/bias/c/1/0",
        Path.unlink,
        r"^chunk \S+/bias/c/1/0 is missing \(epoch 2, classifier\)$",
    ),
    "missing target": ("train/target/c/0", Path.unlink, r"^chunk \S+/target/c/0 is missing \(split train\)$"),
    "flipped target": (
        "train/target/c/0",
        flip,
        r"^chunk \S+/target/c/0 is damaged: its checksum is wrong \(split tra",
    ),
    "missing epoch": ("train/epoch/c/0", Path.unlink, r"^chunk \S+/train/epoch/c/0 is missing \(split train\)$"),
    "missing written": ("train/written/c/0", Path.unlink, r"^chunk \S+/train/written/c/0 is missing \(split train\)$"),
    "flipped written": ("train/written/c/0", flip, r"^chunk \S+/train/written/c/0 is damaged: its checksum is wrong"),
    "missing array": ("train/features", shutil.rmtree, r"^\S+/train/features: the array is missing$"),
    "missing metadata": ("train/features/zarr.json", Path.unlink, r"^\S+/train/features: the array is missing$"),
    "unreadable metadata": (
        "train/features/zarr.json",
        lambda path: path.write_text('{"zarr_format": 3,'),
        r"^\S+/train/features/zarr.json is not readable array metadata",
    ),
    "metadata of nothing": (
        "train/target/zarr.json",
        lambda path: path.write_text("{}"),
        r"^\S+/train/target/zarr.json is not readable array metadata",
    ),
    "missing group metadata": ("train/zarr.json", Path.unlink, r"^\S+/train/zarr.json is missing$"),
    "missing group": ("train", shutil.rmtree, r"^\S+/train/zarr.json is missing$"),
    "missing root": ("zarr.json", Path.unlink, r"^\S+/store.zarr/zarr.json is missing$"),
    "truncated root": (
        "zarr.json",
        lambda path: change(path, lambda content: content.__delitem__(slice(200, None))),
        r"^\S+/store.zarr/zarr.json is not readable JSON",
    ),
    "root of no object": ("zarr.json", lambda path: path.write_text("[1]"), r"^\S+/zarr.json holds no JSON object$"),
    "root without list": (
        "zarr.json",
        lambda path: edit_json(path, consolidated_metadata=None),
        r"^\S+/store.zarr/zarr.json holds no consolidated metadata$",
    ),
}

MISFITS: dict[str, tuple[Callable[[Path], object], str]] = {
    "wrong shape": (
        lambda run: edit_array(run, "train/features", shape=[3, 11, 4]),
        r"^\S+/train/features: shape is \(3, 11, 4\), not \(3, 10, 4\)$",
    ),
    "wrong dimensions": (
        lambda run: edit_array(run, "train/target", dimension_names=["row"]),
        r"^\S+/train/target: dimensions are \('row',\), not \('sample',\)$",
    ),
    "wrong data type": (
        lambda run: edit_array(run, "train/features", data_type="float64"),
        r"^\S+/train/features: data type is float64, not float32 or float16$",
    ),
    "wrong classifier data type": (
        lambda run: edit_array(run, "classifier/weight", data_type="float16"),
        r"^\S+/classifier/weight: data type is float16, not float32$",
    ),
    "no checksums": (
        lambda run: edit_array(run, "train/index", codecs=[{"name": "bytes", "configuration": {"endian": "little"}}]),
        r"^\S+/train/index: codecs are not bytes \(little endian\) and crc32c",
    ),
    "epochs share a chunk": (
        lambda run: edit_array(
            run, "train/features", chunk_grid={"name": "regular", "configuration": {"chunk_shape": [2, 4, 4]}}
        ),
        r"^\S+/train/features: chunks are \(2, 4, 4\): none may hold two epochs",
    ),
    "written in parts": (
        lambda run: edit_array(
            run, "train/written", chunk_grid={"name": "regular", "configuration": {"chunk_shape": [1]}}
        ),
        r"^\S+/train/written: chunks are \(1,\), not the whole array",
    ),
    "wrong fill value": (
        lambda run: edit_array(run, "train/target", fill_value=0),
        r"^\S+/train/target: fill value is 0, not -1$",
    ),
    "labels outside": (
        lambda run: store_numbers(run, "train/target", set_at(9, to=3)),
        r"^\S+/train/target: labels 0..3 are outside 0..2",
    ),
    "NaN inside": (
        lambda run: store_numbers(run, "train/features", set_at(1, 9, 0, to=np.nan)),
        rf"^chunk \S+/{FEATURES} holds NaN or inf {EPOCH_2}$",
    ),
    "inf in the classifier": (
        lambda run: store_numbers(run, "classifier/weight", set_at(1, 0, 0, to=np.inf)),
        r"^chunk \S+/classifier/weight/c/1/0/0 holds NaN or inf \(epoch 2, classifier\)$",
    ),
    "other epochs": (
        lambda run: store_numbers(run, "train/epoch", set_at(2, to=6)),
        r"^\S+/train/epoch(: epochs are not those of| differs from that of) classifier$",
    ),
}


@pytest.mark.parametrize("kind", DAMAGE)
def test_damaged_files_are_told(run: Path, kind: str) -> None:
    """`validate` names the damaged or missing file, with its epoch and split where it has one."""
    name, damage, says = DAMAGE[kind]
    damage(run / "store.zarr" / name)
    assert any(re.search(says, problem) for problem in validate(run)), validate(run)


@pytest.mark.parametrize("kind", MISFITS)
def test_misfits_are_told(run: Path, kind: str) -> None:
    """`validate` says what is wrong with metadata or numbers that are readable, but not those of the format."""
    damage, says = MISFITS[kind]
    damage(run)
    problems = validate(run)
    assert len(problems) == 1
    assert re.search(says, problems[0])


@pytest.mark.parametrize("kind", DAMAGE)
def test_damaged_files_are_not_used(run: Path, kind: str) -> None:
    """Reading an epoch raises the same message; so does analysing it."""
    name, damage, says = DAMAGE[kind]
    damage(run / "store.zarr" / name)
    with pytest.raises(StoreCorruptError, match=says.removesuffix("$")):
        open_run(run).snapshot(2).features[:]
    with pytest.raises(StoreCorruptError, match=says.removesuffix("$")):
        analyze(run, "nc", splits=["train"], epochs="2")


@pytest.mark.parametrize("kind", MISFITS)
def test_misfits_are_not_used(run: Path, kind: str) -> None:
    """Reading an epoch that does not fit the format raises what is wrong."""
    damage, says = MISFITS[kind]
    damage(run)
    with pytest.raises(StoreCorruptError, match=says.removesuffix("$")):
        open_run(run).snapshot(2).features[:]


def test_damage_elsewhere_does_no_harm(run: Path) -> None:
    """Epochs, splits and rows beside the damage stay readable."""
    flip(run / "store.zarr" / FEATURES)
    expected, opened = example().splits, open_run(run)
    np.testing.assert_array_equal(opened.snapshot(1).features[:], expected["train"].features[0])
    np.testing.assert_array_equal(opened.snapshot(2, "test").features[:], expected["test"].features[1])
    np.testing.assert_array_equal(opened.snapshot(2).features[:8], expected["train"].features[1, :8])


def test_every_damaged_chunk_is_listed(run: Path) -> None:
    """One problem is told for each damaged file."""
    names = ["train/features/c/0/0/0", "train/features/c/0/1/0", "test/features/c/2/0/0", "classifier/bias/c/0/0"]
    for name in names:
        flip(run / "store.zarr" / name)
    problems = validate(run)
    assert len(problems) == len(names)
    assert all(any(name in problem for problem in problems) for name in names)


def test_epochs_without_classifier_are_told(run: Path) -> None:
    """An epoch that a split marks as written and the classifier does not is a problem, and does not count."""
    store_numbers(run, "classifier/written", set_at(1, to=False))
    problems = validate(run)
    assert [problem.split("store.zarr/")[1] for problem in problems] == [
        f"{split}: epoch 2 is written without its classifier" for split in ("train", "test")
    ]
    assert open_run(run).epochs("train") == [1, 5]


@pytest.mark.parametrize(("key", "value"), [("attributes", {"x": 1}), ("fill_value", -2)])
def test_a_list_that_differs_from_the_arrays_is_told(run: Path, key: str, value: Any) -> None:
    """The root's copy of metadata must be what the array says, since plain Zarr readers use the copy."""
    root = run / "store.zarr" / "zarr.json"
    document = json.loads(root.read_text())
    document["consolidated_metadata"]["metadata"]["train/index"][key] = value
    root.write_text(json.dumps(document))
    assert validate(run) == [f"{root} lists train/index otherwise than {run}/store.zarr/train/index/zarr.json"]


@pytest.mark.parametrize(
    ("attributes", "says"),
    [
        ({"encoding-type": "bceprobe-run", "encoding-version": "2.0"}, "store version 2.0.*may need to update"),
        ({"encoding-type": "bceprobe-run", "encoding-version": "0.9"}, "store version 0.9"),
        ({"encoding-type": "bceprobe-run", "encoding-version": "new"}, "no readable encoding-version, but 'new'"),
        ({"encoding-type": "bceprobe-run"}, "no readable encoding-version"),
        ({"encoding-type": "anndata", "encoding-version": "1.0"}, "not a bceprobe store"),
        ({}, "not a bceprobe store"),
        (None, "not a bceprobe store"),
    ],
)
def test_other_versions_are_refused(run: Path, attributes: Any, says: str) -> None:
    """A store of another major version or another kind is an error that says so, wherever it is opened."""
    edit_json(run / "store.zarr" / "zarr.json", attributes=attributes)
    for act in (open_run, validate, analyze):
        with pytest.raises(StoreVersionError, match=says):
            act(run)
    with pytest.raises(StoreVersionError, match=says):
        example().writer(run)


def test_newer_minor_versions_warn_and_are_read(run: Path) -> None:
    """A newer minor version warns that parts may be ignored, and everything known is read."""
    edit_json(run / "store.zarr" / "zarr.json", attributes={"encoding-type": "bceprobe-run", "encoding-version": "1.7"})
    with pytest.warns(UserWarning, match=r"store version 1\.7, newer than 1\.0"):
        snapshot = open_run(run).snapshot(5)
    np.testing.assert_array_equal(snapshot.features[:], example().splits["train"].features[2])


@pytest.mark.parametrize(
    ("name", "content", "error", "says"),
    [
        ("run.json", '{"schema_version": 1, "sta', StoreCorruptError, "run.json is not readable JSON"),
        ("run.json", b"\xff\xfe", StoreCorruptError, "run.json is not readable JSON"),
        ("run.json", '"finished"', StoreCorruptError, "run.json holds no JSON object"),
        ("run.json", '{"schema_version": 2}', StoreVersionError, "run.json has schema_version 2"),
        ("config.toml", '[loss]\nname = "bc', StoreCorruptError, "config.toml is not valid TOML"),
        ("config.toml", b"\xff", StoreCorruptError, "config.toml is not valid TOML"),
    ],
)
def test_broken_documents_are_told(run: Path, name: str, content: str | bytes, error: type, says: str) -> None:
    """A truncated or foreign run.json or config.toml is one clear error where it is read, and a problem of the run."""
    (run / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    opened = open_run(run)
    with pytest.raises(error, match=says):
        _ = opened.manifest if name == "run.json" else opened.settings
    problems = validate(run)
    assert len(problems) == 1
    assert says in problems[0]


def test_unknown_status_is_told(run: Path) -> None:
    """A status that the format does not know is a problem."""
    edit_json(run / "run.json", status="paused")
    assert "status is 'paused', not one of running, finished" in validate(run)[0]


def test_nothing_there_is_told(tmp_path: Path) -> None:
    """A folder without a run, and a run without a store, are not found rather than invalid."""
    for act in (validate, open_run):
        with pytest.raises(StoreNotFoundError, match="no run at"):
            act(tmp_path)
    (tmp_path / "run.json").write_text('{"schema_version": 1}')
    assert open_run(tmp_path).splits == ()
    with pytest.raises(StoreNotFoundError, match=r"no store at .*Nothing was captured yet"):
        validate(tmp_path)
