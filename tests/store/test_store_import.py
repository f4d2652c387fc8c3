"""NPZ files in and out: what fits comes back to the bit, what does not leaves nothing behind."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from store_builders import Stored, change, example, files, flip, same_bits, write_example
from strategies import stored_runs

from bceprobe.errors import FolderInUseError, UsageError
from bceprobe.store import open_run
from bceprobe.store.importing import export_npz, import_arrays, import_npz
from bceprobe.store.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable

FEATURES = np.arange(48, dtype=np.float32).reshape(2, 6, 4)
TARGET = np.array([0, 1, 2, 0, 1, 2])
GOOD = {"features": FEATURES, "target": TARGET, "weight": np.eye(3, 4, dtype=np.float32)}


def save(folder: Path, **arrays: Any) -> Path:
    """Write an NPZ file: the good arrays with changes, None leaving one out."""
    file = folder / "features.npz"
    np.savez(file, **{name: values for name, values in (GOOD | arrays).items() if values is not None})
    return file


def arrays_of(stored: Stored) -> dict[str, Any]:
    """The arrays of an NPZ file for the contents of a store."""
    arrays: dict[str, Any] = {"epoch": np.array(stored.epochs), "weight": stored.weight, "bias": stored.bias}
    for name, split in stored.splits.items():
        prefix = "" if name == "train" else "test_"
        for kind, values in vars(split).items():
            arrays[f"{prefix}{kind}"] = values
    return arrays


@given(stored_runs(train=True))
@settings(max_examples=20, deadline=None)
def test_import_and_export_are_inverse(stored: Stored) -> None:
    """Importing any content and exporting each epoch gives its arrays back, bit by bit, and so once more."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        file = folder / "features.npz"
        np.savez(file, **arrays_of(stored))
        run = open_run(import_npz(file, folder / "run"))
        assert validate(folder / "run") == []
        for position, epoch in enumerate(stored.epochs):
            exported = export_npz(run, folder / f"{epoch}.npz", epoch)
            assert_holds(exported, stored, position)
            again = import_npz(exported, folder / f"run-{epoch}")
            assert export_npz(open_run(again), folder / "again.npz", force=True).read_bytes() == exported.read_bytes()


def assert_holds(file: Path, stored: Stored, position: int) -> None:
    """Compare an exported file with an epoch of what was stored."""
    once = {"target", "test_target", "index", "test_index"}
    with np.load(file, allow_pickle=False) as archive:
        expected = arrays_of(stored)
        assert set(archive.files) == set(expected)
        for name, values in expected.items():
            assert same_bits(archive[name], values if name in once else values[position : position + 1])


def test_left_out_arrays_have_defaults(tmp_path: Path) -> None:
    """Epochs are 1, 2, ..., the bias zero, the index 0..N-1; one weight serves all epochs; there is no test split."""
    run = open_run(import_npz(save(tmp_path), tmp_path / "run"))
    assert (run.splits, run.epochs()) == (("train",), [1, 2])
    for position, epoch in enumerate((1, 2)):
        snapshot = run.snapshot(epoch)
        assert same_bits(snapshot.features[:], FEATURES[position])
        assert same_bits(snapshot.weight, GOOD["weight"])
        assert same_bits(snapshot.bias, np.zeros(3, np.float32))
    assert run.array("train", "index")[:].tolist() == [0, 1, 2, 3, 4, 5]
    assert run.manifest["status"] == "finished"
    assert run.manifest["imported"]["file"] == "features.npz"


def test_arrays_in_memory_make_the_run_that_their_file_makes(tmp_path: Path) -> None:
    """The store is the same to the byte; run.json names no file, and what does not fit leaves nothing."""
    imported, made = import_npz(save(tmp_path), tmp_path / "file"), import_arrays(GOOD, tmp_path / "made", {"by": "me"})
    assert files(made / "store.zarr") == files(imported / "store.zarr")
    manifest = open_run(made).manifest
    assert (manifest["status"], manifest["provenance"], "imported" in manifest) == ("finished", {"by": "me"}, False)
    with pytest.raises(FolderInUseError, match="not an empty folder"):
        import_arrays(GOOD, made, {})
    with pytest.raises(UsageError, match="'features' has sizes"):
        import_arrays(GOOD | {"weight": np.eye(3, 5)}, tmp_path / "new" / "run", {})
    assert not (tmp_path / "new").exists()


def test_features_of_one_epoch_need_no_epoch_axis(tmp_path: Path) -> None:
    """Features (sample, feature) are one epoch, of the number that `epoch` gives."""
    run = open_run(import_npz(save(tmp_path, features=FEATURES[1], epoch=np.array([90])), tmp_path / "run"))
    assert run.epochs() == [90]
    assert same_bits(run.snapshot(90).features[:], FEATURES[1])


@pytest.mark.parametrize("dtype", ["<f8", ">f4", ">f8", "<f2", ">f2"])
def test_floats_of_any_kind_are_accepted(tmp_path: Path, dtype: str) -> None:
    """float16 is stored as float16 and any other float as float32, whatever the byte order, and in C order."""
    features = np.asfortranarray(FEATURES.astype(dtype))
    run = open_run(import_npz(save(tmp_path, features=features), tmp_path / "run"))
    stored = np.float16 if dtype.endswith("2") else np.float32
    assert same_bits(run.snapshot(2).features[:], FEATURES[1].astype(stored))


def test_mixed_precision_is_stored_as_the_wider_one(tmp_path: Path) -> None:
    """float16 training and float32 test features are both stored as float32, losing nothing."""
    file = save(tmp_path, features=FEATURES.astype(np.float16), test_features=FEATURES, test_target=TARGET)
    run = open_run(import_npz(file, tmp_path / "run"))
    for split in ("train", "test"):
        assert same_bits(run.snapshot(1, split).features[:], FEATURES[0])


def changed(name: str, index: Any, value: Any, dtype: Any = None) -> Any:
    """A good array with one element changed."""
    values = np.array(GOOD[name], dtype=dtype)
    values[index] = value
    return values


BAD: dict[str, tuple[dict[str, Any], str]] = {
    "no features": ({"features": None}, "lacks the array 'features'"),
    "no target": ({"target": None}, "lacks the array 'target'"),
    "no weight": ({"weight": None}, "lacks the array 'weight'"),
    "no test target": ({"test_features": FEATURES}, "lacks the array 'test_target'"),
    "no test features": ({"test_target": TARGET}, "lacks the array 'test_features'"),
    "unknown array": ({"labels": TARGET}, "unknown array 'labels'"),
    "misspelt array": ({"biass": np.zeros(3)}, "Did you mean bias"),
    "features with one axis": ({"features": FEATURES[0, 0]}, "'features' has shape (4,)"),
    "features with four axes": ({"features": FEATURES[None]}, "'features' has shape (1, 2, 6, 4)"),
    "no samples": ({"features": FEATURES[:, :0]}, "none empty"),
    "no epochs": ({"features": FEATURES[:0]}, "none empty"),
    "target too short": ({"target": TARGET[:5]}, "'target' must hold 6 integers, not int64 of shape (5,)"),
    "target of floats": ({"target": TARGET.astype(float)}, "'target' must hold 6 integers, not float64"),
    "target of booleans": ({"target": TARGET > 0}, "'target' must hold 6 integers, not bool"),
    "one-hot target": ({"target": np.eye(3, dtype=int)[TARGET]}, "'target' must hold 6 integers"),
    "label K": ({"target": changed("target", 3, 3)}, "'target' holds labels 0..3, outside 0..2"),
    "label -1": ({"target": changed("target", 3, -1)}, "'target' holds -1..2; it needs integers from 0 on"),
    "giant label": ({"target": changed("target", 3, 2**63, np.uint64)}, "'target' holds 0..9223372036854775808"),
    "bad test label": ({"test_features": FEATURES, "test_target": TARGET + 1}, "'test_target' holds labels 1..3"),
    "NaN": ({"features": changed("features", (1, 5, 3), np.nan)}, "'features' contains NaN, inf"),
    "inf": ({"features": changed("features", (1, 5, 3), -np.inf)}, "'features' contains NaN, inf"),
    "NaN in the weight": ({"weight": changed("weight", (2, 3), np.nan)}, "'weight' contains NaN, inf"),
    "NaN in the bias": ({"bias": np.array([0, np.nan, 0])}, "'bias' contains NaN, inf"),
    "NaN in the test split": (
        {"test_features": changed("features", (0, 0, 0), np.nan), "test_target": TARGET},
        "'test_features' contains NaN, inf",
    ),
    "beyond float32": ({"features": changed("features", (0, 0, 0), 1e39, float)}, "numbers beyond float32"),
    "integer features": ({"features": FEATURES.astype(int)}, "'features' must hold floating-point numbers, not int64"),
    "complex features": ({"features": FEATURES.astype(complex)}, "'features' must hold floating-point numbers"),
    "text": ({"features": np.array(["a", "b"])}, "'features' must hold floating-point numbers, not <U1"),
    "objects": ({"target": np.array([None] * 6)}, "cannot be read as an NPZ file of plain arrays"),
    "weight of other length": ({"weight": np.ones((3, 5))}, "'features' has sizes (2, 4) where the others need (2, 5)"),
    "weight of other epochs": ({"weight": np.ones((3, 3, 4))}, "'weight' has sizes (3,) where the others need (2,)"),
    "one class": ({"weight": np.ones((1, 4)), "target": TARGET * 0}, "at least two rows"),
    "bias of other classes": ({"bias": np.zeros(4)}, "'bias' has sizes (2, 4) where the others need (2, 3)"),
    "test of other epochs": (
        {"test_features": FEATURES[:1], "test_target": TARGET},
        "'test_features' has sizes (1, 4) where the others need (2, 4)",
    ),
    "epoch of other number": ({"epoch": np.array([1])}, "'epoch' must hold 2 integers"),
    "epochs that fall": ({"epoch": np.array([2, 1], np.uint64)}, "'epoch' must increase"),
    "epochs below 0": ({"epoch": np.array([-1, 1])}, "'epoch' holds -1..1"),
    "epochs of floats": ({"epoch": np.array([1.0, 2.0])}, "'epoch' must hold 2 integers, not float64"),
    "index too long": ({"index": np.arange(7)}, "'index' must hold 6 integers"),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_does_not_fit_leaves_nothing(tmp_path: Path, kind: str) -> None:
    """Each thing that does not fit is named in one line with exit code 2, and no file or folder is left."""
    arrays, says = BAD[kind]
    assert_refused(save(tmp_path, **arrays), says)


def save_plain(file: Path, array: Any) -> None:
    """Write a single array in place of a file, pickled if it holds objects."""
    with file.open("wb") as stream:
        np.save(stream, array, allow_pickle=True)


def make_folder_of(file: Path) -> None:
    """Put a folder in place of a file."""
    file.unlink()
    file.mkdir()


FOREIGN: dict[str, tuple[Callable[[Path], object], str]] = {
    "truncated": (lambda file: change(file, lambda content: content.__delitem__(slice(400, None))), "not a zip file"),
    "flipped": (lambda file: flip(file, 700), "plain arrays"),
    "text": (lambda file: file.write_text("features,target\n1,2\n"), "not a zip file"),
    "empty": (lambda file: file.write_bytes(b""), "not a zip file"),
    "single array": (lambda file: save_plain(file, FEATURES), "not a zip file"),
    "pickle": (lambda file: save_plain(file, np.array([{}])), "not a zip file"),
    "missing": (lambda file: file.unlink(), "no file"),
    "folder": (make_folder_of, "no file"),
}


@pytest.mark.parametrize("kind", FOREIGN)
def test_files_of_another_kind_leave_nothing(tmp_path: Path, kind: str) -> None:
    """A file that is no NPZ file, or a damaged one, is an error in one line with exit code 2; nothing is left."""
    damage, says = FOREIGN[kind]
    file = save(tmp_path)
    damage(file)
    assert_refused(file, says)


def assert_refused(file: Path, says: str) -> None:
    """Check that a file is refused, where the folder to make may have new parents."""
    before = sorted(file.parent.rglob("*"))
    with pytest.raises(UsageError) as caught:
        import_npz(file, file.parent / "new" / "run")
    assert says in str(caught.value)
    assert caught.value.exit_code == 2
    assert sorted(file.parent.rglob("*")) == before


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    """However much of a file's end is lost, it is refused and nothing is left."""
    whole = save(tmp_path).read_bytes()
    file = tmp_path / "cut.npz"
    for length in range(0, len(whole), 97):
        file.write_bytes(whole[:length])
        assert_refused(file, "plain arrays")


@pytest.mark.parametrize("kind", ["run", "file", "folder"])
def test_what_exists_is_not_overwritten(tmp_path: Path, kind: str) -> None:
    """A run, a file or a folder with content at the place of the new run is left as it is."""
    out = tmp_path / "run"
    if kind == "run":
        write_example(out)
    elif kind == "folder":
        (out / "notes").mkdir(parents=True)
    else:
        out.write_text("mine")
    before = {path: path.is_file() and path.read_bytes() for path in tmp_path.rglob("*")}
    file = save(tmp_path)
    with pytest.raises(FolderInUseError, match="exists and is not an empty folder"):
        import_npz(file, out)
    file.unlink()
    assert {path: path.is_file() and path.read_bytes() for path in tmp_path.rglob("*")} == before


def test_an_empty_folder_is_filled_and_a_leftover_replaced(tmp_path: Path) -> None:
    """An empty folder may become the run; what a killed import left beside it is cleared away."""
    (tmp_path / "run").mkdir()
    write_example(tmp_path / ".run.importing")
    run = import_npz(save(tmp_path), tmp_path / "run")
    assert validate(run) == []
    assert sorted(path.name for path in tmp_path.iterdir()) == ["features.npz", "run"]


def test_a_failure_while_writing_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error of the disk ends the import and leaves neither run nor unfinished folder."""

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    file = save(tmp_path)
    monkeypatch.setattr("bceprobe.store.writer.StoreWriter.commit", full)
    with pytest.raises(OSError, match="No space left"):
        import_npz(file, tmp_path / "run")
    assert [path.name for path in tmp_path.iterdir()] == ["features.npz"]


@pytest.mark.parametrize("out", ["s3://bucket/run", "memory://run"])
def test_urls_are_refused(tmp_path: Path, out: str) -> None:
    """Import and export write to local places only, and say so."""
    with pytest.raises(UsageError, match="not a local path"):
        import_npz(save(tmp_path), out)
    write_example(tmp_path / "run")
    with pytest.raises(UsageError, match="not a local path"):
        export_npz(open_run(tmp_path / "run"), out)


def test_export_takes_the_last_epoch_and_what_it_has(tmp_path: Path) -> None:
    """By default the last training epoch is exported, with the test split only where it has that epoch."""
    stored = example()
    writer = stored.writer(tmp_path / "run")
    stored.write_epoch(writer, 0)
    writer.write_classifier(2, stored.weight[1], stored.bias[1])
    stored.write_split(writer, "train", 1)
    file = export_npz(open_run(tmp_path / "run"), tmp_path / "last.npz")
    with np.load(file, allow_pickle=False) as archive:
        assert archive["epoch"].tolist() == [2]
        assert "test_features" not in archive.files
        assert same_bits(archive["features"], stored.splits["train"].features[1:2])


def test_export_of_what_is_not_there_writes_nothing(tmp_path: Path) -> None:
    """An epoch that is not stored, and a store without epochs, are errors, and no file appears."""
    write_example(tmp_path / "run")
    example().writer(tmp_path / "empty").create_split("train", 3)
    for run, epoch, says in (("run", 3, "no written epoch 3"), ("empty", None, "no written epoch of the train split")):
        with pytest.raises(UsageError, match=says):
            export_npz(open_run(tmp_path / run), tmp_path / "out.npz", epoch)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["empty", "run"]


def test_existing_files_are_replaced_only_when_asked(tmp_path: Path) -> None:
    """Export refuses an existing file unless `force` is set, and a folder always."""
    write_example(tmp_path / "run")
    run, file = open_run(tmp_path / "run"), tmp_path / "out.npz"
    file.write_text("mine")
    with pytest.raises(FolderInUseError, match="--force"):
        export_npz(run, file)
    assert file.read_text() == "mine"
    export_npz(run, file, force=True)
    assert np.load(file)["epoch"].tolist() == [5]
    with pytest.raises(UsageError, match="is a folder"):
        export_npz(run, tmp_path / "run", force=True)


def test_a_moved_run_is_the_same_run(tmp_path: Path) -> None:
    """No file of an imported run tells where it was made, so it can be moved."""
    run = import_npz(save(tmp_path), tmp_path / "run")
    before = files(run)
    moved = Path(shutil.move(run, tmp_path / "elsewhere"))
    assert files(moved) == before
    assert validate(moved) == []
    assert not any(str(tmp_path).encode() in path.read_bytes() for path in moved.rglob("*") if path.is_file())
