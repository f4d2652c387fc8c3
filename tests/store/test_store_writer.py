"""StoreWriter: what goes in comes out, in the order that makes it safe, or is refused."""

from __future__ import annotations

import os
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from store_builders import Stored, example, files, flip, same_bits, write_example
from strategies import stored_runs

from bceprobe.errors import DivergedError, StoreCorruptError, StoreVersionError, UsageError
from bceprobe.store import StoreWriter, open_run
from bceprobe.store.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable


def assert_holds(location: str | Path, stored: Stored) -> None:
    """Compare all that a run gives with what was written, bit by bit."""
    run = open_run(location)
    assert run.splits == tuple(name for name in ("train", "test") if name in stored.splits)
    for name, split in stored.splits.items():
        assert run.epochs(name) == stored.epochs
        assert same_bits(run.array(name, "index")[:], split.index)
        for position, epoch in enumerate(stored.epochs):
            snapshot = run.snapshot(epoch, name)
            assert same_bits(snapshot.features[:], split.features[position])
            assert same_bits(snapshot.target, split.target)
            assert same_bits(snapshot.weight, stored.weight[position])
            assert same_bits(snapshot.bias, stored.bias[position])


@given(stored_runs())
@settings(max_examples=25, deadline=None)
def test_what_is_written_is_read_bit_by_bit(stored: Stored) -> None:
    """Any finite content comes back to the bit, whatever the data type, chunks, shards and splits, and is valid."""
    with tempfile.TemporaryDirectory() as folder:
        stored.write(folder)
        assert_holds(folder, stored)
        assert validate(folder) == []


@given(stored_runs(), st.data())
@settings(max_examples=15, deadline=None)
def test_any_rows_can_be_read(stored: Stored, data: st.DataObject) -> None:
    """A slice of rows equals the same slice of what was written, across chunks and shards."""
    name, split = next(iter(stored.splits.items()))
    rows = slice(*sorted(data.draw(st.tuples(*[st.integers(0, split.features.shape[1])] * 2))))
    with tempfile.TemporaryDirectory() as folder:
        stored.write(folder)
        features = open_run(folder).snapshot(stored.epochs[0], name).features
        assert same_bits(features[rows], split.features[0, rows])


@pytest.mark.parametrize("shard", [False, True])
def test_files_are_chunks_of_an_epoch_or_whole_epochs(tmp_path: Path, *, shard: bool) -> None:
    """10 samples in chunks of 4 are three files per epoch, or one with shards."""
    write_example(tmp_path, shard=shard)
    names = sorted(name for name in files(tmp_path) if name.startswith("train/features/c/1/"))
    assert names == [f"train/features/c/1/{chunk}/0" for chunk in ((0,) if shard else (0, 1, 2))]


def test_chunks_have_about_8_megabytes(tmp_path: Path) -> None:
    """Without any option, samples of 2 KiB are written 4096 at a time, and a small split at once."""
    writer = StoreWriter(tmp_path, [1], 2, 512)
    writer.create_split("train", 5000)
    writer.create_split("test", 7)
    assert (writer.rows_per_write("train"), writer.rows_per_write("test")) == (4096, 7)


def test_uncommitted_epochs_do_not_exist(tmp_path: Path) -> None:
    """An epoch whose data is all there but which was not committed is in no list, no dataset and no snapshot."""
    stored = example()
    writer = stored.writer(tmp_path)
    stored.write_epoch(writer, 0)
    writer.write_classifier(2, stored.weight[1], stored.bias[1])
    stored.write_split(writer, "train", 1, commit=False)
    run = open_run(tmp_path)
    assert run.epochs("train") == [1]
    assert run.dataset("train")["epoch"].values.tolist() == [1]
    with pytest.raises(UsageError, match="no written epoch 2"):
        run.snapshot(2)
    with pytest.raises(UsageError, match="no written epoch 2"):
        run.fingerprint(2, "train")
    assert validate(tmp_path) == []


def test_what_is_written_later_is_seen_by_an_open_run(tmp_path: Path) -> None:
    """A run that was opened before the first capture sees splits and epochs as they come."""
    stored = example()
    writer = stored.writer(tmp_path)
    run = open_run(tmp_path)
    assert not run.splits
    stored.write_epoch(writer, 0)
    assert (run.splits, run.epochs("test")) == (("train", "test"), [1])
    stored.write_epoch(writer, 1)
    assert run.epochs("test") == [1, 2]


def test_readers_and_the_writing_thread_do_not_disturb_each_other(tmp_path: Path) -> None:
    """While one thread writes, every epoch that another one sees is complete and right."""
    stored = example()
    writer = stored.writer(tmp_path)
    thread = threading.Thread(target=stored.write, args=(tmp_path, writer))
    thread.start()
    seen: set[int] = set()
    run = open_run(tmp_path)
    while thread.is_alive() or seen != set(stored.epochs):
        for epoch in run.epochs("test") if "test" in run.splits else []:
            found = run.snapshot(epoch, "test").features[:]
            assert same_bits(found, stored.splits["test"].features[stored.epochs.index(epoch)])
            seen.add(epoch)
    thread.join()


def test_a_writer_goes_on_where_another_ended(tmp_path: Path) -> None:
    """A second writer adds to a store; the end is byte for byte that of a single writer."""
    stored = example()
    stored.write_epoch(stored.writer(tmp_path / "two"), 0)
    again = stored.writer(tmp_path / "two")
    for position in (1, 2):
        stored.write_epoch(again, position)
    stored.write(tmp_path / "one")
    assert files(tmp_path / "two") == files(tmp_path / "one")


def test_discarded_epochs_do_not_count_until_written_again(tmp_path: Path) -> None:
    """After `discard_after` the later epochs are gone, the earlier ones stay, and writing again restores every byte."""
    stored = write_example(tmp_path)
    before = files(tmp_path)
    writer = stored.writer(tmp_path)
    writer.discard_after(1)
    assert [open_run(tmp_path).epochs(split) for split in ("train", "test")] == [[1], [1]]
    assert validate(tmp_path) == []
    for position in (1, 2):
        stored.write_epoch(writer, position)
    assert files(tmp_path) == before


def test_discarding_takes_epochs_from_the_splits_before_the_classifier(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The classifier is the last to lose an epoch, so that no moment shows an epoch without it."""
    writer = write_example(tmp_path).writer(tmp_path)
    order = recorded_writes(monkeypatch)
    writer.discard_after(0)
    assert [name.split("/")[-4] for name in order] == ["train", "test", "classifier"]


def recorded_writes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect the paths of files in the order in which they get their final name."""
    order: list[str] = []
    replace = Path.replace

    def recording(self: Path, target: str | Path) -> Path:
        order.append(Path(target).as_posix())
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", recording)
    return order


def test_an_epoch_is_marked_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The order is weight, bias, their mark; then features and samples, then the mark of the split."""
    stored = example()
    writer = stored.writer(tmp_path)
    with stored.chunks():
        writer.create_split("train", 10)
    order = recorded_writes(monkeypatch)
    writer.write_classifier(1, stored.weight[0], stored.bias[0])
    stored.write_split(writer, "train", 0)
    keys = [name.split("store.zarr/")[1] for name in order]
    assert keys[:3] == ["classifier/weight/c/0/0/0", "classifier/bias/c/0/0", "classifier/written/c/0"]
    assert sorted(keys[3:-1]) == [
        *(f"train/features/c/0/{at}/0" for at in range(3)),
        "train/index/c/0",
        "train/target/c/0",
    ]
    assert keys[-1] == "train/written/c/0"


class Disk:
    """What would survive a power failure: files and folders as they were when they were last synced."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.files: set[tuple[int, int, int]] = set()
        self.entries: dict[Path, set[str]] = {}

    def sync(self, descriptor: int) -> None:
        """Take note of what is synced."""
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        if path.is_dir():
            self.entries[path] = names(path)
        else:
            self.files.add(identity(path))

    def lacks(self) -> list[Path]:
        """List what is in the folder and would not survive."""
        found = [self.folder, *self.folder.rglob("*")]
        folders = [path for path in found if path.is_dir() and not names(path) <= self.entries.get(path, set())]
        return folders + [path for path in found if path.is_file() and identity(path) not in self.files]


def identity(path: Path) -> tuple[int, int, int]:
    """Tell a file with its content, whatever its name, from any other."""
    status = path.stat()
    return status.st_ino, status.st_mtime_ns, status.st_size


def names(folder: Path) -> set[str]:
    """The entries of a folder that are not work in progress."""
    return {path.name for path in folder.iterdir() if path.suffix != ".partial"}


def test_all_is_on_disk_before_anything_refers_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When a mark or the root is replaced, every file and folder before it is synced; at the end, all are."""
    disk, replace, checked = Disk(tmp_path), Path.replace, []

    def checking(self: Path, target: Path) -> Path:
        name = target.relative_to(tmp_path).as_posix()
        if name == "store.zarr/zarr.json" or name.endswith("written/c/0"):
            assert disk.lacks() == []
            checked.append(name)
        return replace(self, target)

    monkeypatch.setattr(os, "fsync", disk.sync)
    monkeypatch.setattr(Path, "replace", checking)
    write_example(tmp_path)
    assert len(checked) == 4 + 9
    assert disk.lacks() == []


@pytest.mark.parametrize(
    ("arguments", "dtype", "says"),
    [
        (([], 2, 3), "float32", "increasing"),
        (([2, 1], 2, 3), "float32", "increasing"),
        (([1, 1], 2, 3), "float32", "increasing"),
        (([-1, 1], 2, 3), "float32", "increasing"),
        (([1], 1, 3), "float32", "two classes"),
        (([1], 2, 0), "float32", "one feature"),
        (([1], 2, 3), "float64", "float32 or float16"),
    ],
)
def test_impossible_stores_are_not_begun(tmp_path: Path, arguments: Any, dtype: str, says: str) -> None:
    """Sizes that no store can have are refused, and no file is left."""
    with pytest.raises(UsageError, match=says):
        StoreWriter(tmp_path, *arguments, dtype=dtype)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"epochs": [1, 2]}, "other epochs"),
        ({"weight": np.zeros((3, 4, 4), np.float32)}, "other epochs, classes or feature length"),
        ({"weight": np.zeros((3, 3, 5), np.float32)}, "other epochs, classes or feature length"),
    ],
)
def test_a_store_of_other_sizes_is_not_continued(tmp_path: Path, changes: dict[str, Any], says: str) -> None:
    """A writer for other epochs, classes or feature length is refused, and the store stays as it is."""
    write_example(tmp_path)
    before = files(tmp_path)
    with pytest.raises(UsageError, match=says):
        Stored(**{**vars(example()), **changes}).writer(tmp_path)
    assert files(tmp_path) == before


@pytest.mark.parametrize(
    ("act", "says"),
    [
        (lambda writer: writer.create_split("train", 11), "holds 10 samples in float32, not 11"),
        (lambda writer: writer.create_split("validation", 3), "splits train and test"),
        (lambda writer: writer.create_split("test", 0), "not 0 of test"),
        (lambda writer: writer.write_features("train", 1, 2, np.zeros((4, 4))), "no whole chunks of 4"),
        (lambda writer: writer.write_features("train", 1, 0, np.zeros((3, 4))), "no whole chunks of 4"),
        (lambda writer: writer.write_features("train", 1, 8, np.zeros((4, 4))), "no whole chunks of 4"),
        (lambda writer: writer.write_features("train", 1, 0, np.zeros((4, 5))), "no whole chunks of 4"),
        (lambda writer: writer.write_features("train", 3, 0, np.zeros((4, 4))), "no place for epoch 3"),
        (lambda writer: writer.write_classifier(1, np.zeros((3, 5)), np.zeros(3)), "must be"),
        (lambda writer: writer.write_classifier(1, np.zeros((3, 4)), np.zeros(2)), "must be"),
        (lambda writer: writer.write_samples("test", np.full(5, 3), np.arange(5)), "labels outside 0..2"),
        (lambda writer: writer.write_samples("test", np.full(5, -1), np.arange(5)), "labels outside 0..2"),
        (lambda writer: writer.write_samples("test", np.zeros(5, int), np.full(5, -1)), "index below 0"),
        (lambda writer: writer.write_samples("test", np.zeros(4, int), np.arange(5)), "need 5 numbers"),
        (lambda writer: writer.write_samples("test", np.zeros(5, int), np.arange(5)), "with another target"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path: Path, act: Callable[[StoreWriter], None], says: str) -> None:
    """Shapes, labels, epochs and places that do not fit are named, and nothing is written."""
    writer = write_example(tmp_path).writer(tmp_path)
    before = files(tmp_path)
    with pytest.raises(UsageError, match=says):
        act(writer)
    assert files(tmp_path) == before


def test_features_of_another_data_type_are_not_mixed_in(tmp_path: Path) -> None:
    """A store of float32 features is not continued with float16."""
    stored = write_example(tmp_path)
    writer = StoreWriter(tmp_path, stored.epochs, 3, 4, dtype="float16")
    with pytest.raises(UsageError, match="holds 10 samples in float32, not 10 in float16"):
        writer.create_split("train", 10)


@pytest.mark.parametrize(
    ("dtype", "value"), [("float32", np.nan), ("float32", np.inf), ("float32", 1e39), ("float16", 65520.0)]
)
def test_numbers_that_are_not_finite_when_stored_are_refused(tmp_path: Path, dtype: str, value: float) -> None:
    """NaN, inf and numbers beyond the stored data type are never stored; the epoch stays as it was."""
    stored = write_example(tmp_path, dtype=dtype)
    before = files(tmp_path)
    writer = stored.writer(tmp_path)
    features = np.zeros((4, 4))
    features[3, 1] = value
    with pytest.raises(DivergedError, match=rf"features of epoch 2 \(train\): NaN or inf.*{dtype}"):
        writer.write_features("train", 2, 0, features)
    if dtype == "float32":
        with pytest.raises(DivergedError, match="classifier of epoch 2"):
            writer.write_classifier(2, features[:3], np.array([0, 0, value]))
    assert files(tmp_path) == before


@pytest.mark.parametrize("lacking", ["classifier", "samples", "chunk"])
def test_incomplete_epochs_cannot_be_committed(tmp_path: Path, lacking: str) -> None:
    """An epoch without classifier, target or one of its chunks cannot be made to count."""
    stored = example()
    writer = stored.writer(tmp_path)
    with stored.chunks():
        writer.create_split("train", 10)
    if lacking != "classifier":
        writer.write_classifier(1, stored.weight[0], stored.bias[0])
    if lacking != "samples":
        writer.write_samples("train", stored.splits["train"].target, stored.splits["train"].index)
    for start in (0, 4) if lacking == "chunk" else (0, 4, 8):
        writer.write_features("train", 1, start, stored.splits["train"].features[0, start : start + 4])
    named = {"classifier": "its classifier", "samples": "target/c/0", "chunk": "features/c/0/2/0"}[lacking]
    with pytest.raises(UsageError, match=f"cannot count: .*{named} is not written"):
        writer.commit("train", 1)
    assert open_run(tmp_path).epochs("train") == []


@pytest.mark.parametrize("name", ["zarr.json", "train/written/c/0", "classifier/epoch/c/0", "train/features/zarr.json"])
def test_damaged_stores_are_not_continued(tmp_path: Path, name: str) -> None:
    """A writer refuses a store whose bookkeeping is damaged or lost rather than begin it anew over its data."""
    stored = write_example(tmp_path)
    path = tmp_path / "store.zarr" / name
    for damage in (flip, Path.unlink):
        damage(path)
        before = files(tmp_path)
        with pytest.raises((StoreCorruptError, StoreVersionError)):
            stored.write(tmp_path)
        assert files(tmp_path) == before


def test_leftovers_of_a_killed_writer_are_removed(tmp_path: Path) -> None:
    """Unfinished files, of Zarr or of ours, are gone when a writer opens the store; nothing else is."""
    stored = write_example(tmp_path)
    before = files(tmp_path)
    for name in ("train/features/c/1/.0.17.partial", "train/written/c/0.5d2c.partial"):
        path = tmp_path / "store.zarr" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"half")
    (tmp_path / ".run.json.17.partial").write_bytes(b"{")
    stored.writer(tmp_path)
    assert files(tmp_path) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run.json", "store.zarr"]
