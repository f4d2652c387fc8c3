"""A split of a run: its written epochs looked up once, and read one by one; and the learning rates of a run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import zarr
from store_builders import example, files, flip, same_bits, write_example

from bceprobe.errors import SnapshotError, StoreCorruptError, UsageError
from bceprobe.snapshot import Training
from bceprobe.store import open_run

if TYPE_CHECKING:
    from pathlib import Path

EPOCHS = [1, 2, 5]


def unwrite(run: Path, group: str, position: int) -> None:
    """Take the flag of an epoch of a group back."""
    array: Any = zarr.open_array(run / "store.zarr" / group / "written", mode="r+")
    array[position] = False


def test_epochs_are_those_that_count(tmp_path: Path) -> None:
    """The written epochs by number, increasing, each with its position in the store; those of one split each."""
    write_example(tmp_path)
    unwrite(tmp_path, "train", 1)
    run = open_run(tmp_path)
    train, test = run.split(), run.split("test")
    assert (train.epochs, train.positions) == ([1, 5], {1: 0, 5: 2})
    assert (test.epochs, test.positions) == (EPOCHS, {1: 0, 2: 1, 5: 2})
    assert run.epochs("train") == train.epochs


def test_an_epoch_without_its_classifier_does_not_count(tmp_path: Path) -> None:
    """What the classifier lacks, no split has."""
    write_example(tmp_path)
    unwrite(tmp_path, "classifier", 2)
    assert [open_run(tmp_path).split(name).epochs for name in ("train", "test")] == [[1, 2], [1, 2]]


def test_a_split_is_that_of_one_moment(tmp_path: Path) -> None:
    """Epochs written later are in a split that is looked up later, of the same open run."""
    stored = example()
    writer = stored.writer(tmp_path)
    stored.write_epoch(writer, 0)
    run = open_run(tmp_path)
    before = run.split("test")
    stored.write_epoch(writer, 1)
    assert before.epochs == [1]
    assert run.split("test").epochs == [1, 2]


def test_target_is_what_was_written(tmp_path: Path) -> None:
    """The labels of every sample, read from disk once."""
    stored = write_example(tmp_path)
    split = open_run(tmp_path).split("test")
    assert same_bits(split.target, stored.splits["test"].target)
    (tmp_path / "store.zarr/test/target/c/0").unlink()
    assert split.snapshot(1).target is split.snapshot(2).target


@pytest.mark.parametrize("label", [-2, 3])
def test_labels_without_a_class_are_told(tmp_path: Path, label: int) -> None:
    """A label below 0 or above K-1 is an error that names the array and its split."""
    write_example(tmp_path)
    array: Any = zarr.open_array(tmp_path / "store.zarr/train/target", mode="r+")
    array[9] = label
    with pytest.raises(StoreCorruptError, match=r"train/target: labels .* are outside 0\.\.2 \(split train\)"):
        open_run(tmp_path).split("train").snapshot(1)


def test_a_split_without_samples_is_told(tmp_path: Path) -> None:
    """A store that someone made with no sample at all gives an error of ours."""
    write_example(tmp_path)
    for name, shape in (("features", [3, 0, 4]), ("target", [0]), ("index", [0])):
        path = tmp_path / "store.zarr/train" / name / "zarr.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | {"shape": shape}))
    with pytest.raises(SnapshotError, match="too small"):
        open_run(tmp_path).split("train").snapshot(1)


def test_a_snapshot_is_what_was_written(tmp_path: Path) -> None:
    """Features, target, weight and bias of the epoch, bit by bit; features are read when they are used."""
    stored = write_example(tmp_path)
    snapshot = open_run(tmp_path).split("test").snapshot(5)
    assert not isinstance(snapshot.features, np.ndarray)
    assert same_bits(snapshot.features[:], stored.splits["test"].features[2])
    assert same_bits(snapshot.target, stored.splits["test"].target)
    assert same_bits(snapshot.weight, stored.weight[2])
    assert same_bits(snapshot.bias, stored.bias[2])


def test_a_snapshot_takes_features_and_options(tmp_path: Path) -> None:
    """Features that are given stand in for those on disk, which are not read; options are those of a Snapshot."""
    stored = write_example(tmp_path)
    flip(tmp_path / "store.zarr/train/features/c/1/0/0")
    split, memory = open_run(tmp_path).split("train"), stored.splits["train"].features[1]
    training = Training("bce")
    snapshot = split.snapshot(2, memory, global_mean="class", training=training, previous=split.snapshot(1))
    assert snapshot.features is memory
    assert (snapshot.global_mean, snapshot.training) == ("class", training)
    assert snapshot.previous is not None
    assert same_bits(snapshot.previous.weight, stored.weight[0])


def test_features_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    """Features of another number of samples do not pass as those of the epoch."""
    write_example(tmp_path)
    with pytest.raises(SnapshotError, match="does not fit features of shape"):
        open_run(tmp_path).split("train").snapshot(1, np.zeros((9, 4), np.float32))


@pytest.mark.parametrize("part", ["features", "classifier", "snapshot", "fingerprint"])
@pytest.mark.parametrize("epoch", [0, 2, 3, -1])
def test_epochs_that_do_not_count_are_told(tmp_path: Path, part: str, epoch: int) -> None:
    """An epoch that is not written, not planned, or a position rather than a number, is an error that says so."""
    write_example(tmp_path)
    unwrite(tmp_path, "train", 1)
    split = open_run(tmp_path).split("train")
    with pytest.raises(UsageError, match=rf"store\.zarr has no written epoch {epoch} of split 'train'$"):
        getattr(split, part)(epoch)


def test_splits_that_are_not_there_are_told(tmp_path: Path) -> None:
    """A name that is no split, or that of another group, is an error that lists the splits."""
    write_example(tmp_path)
    for name in ("validation", "", "train/features"):
        with pytest.raises(UsageError, match=r"It holds: train, test"):
            open_run(tmp_path).split(name)


def test_a_fingerprint_is_that_of_its_epoch_and_split(tmp_path: Path) -> None:
    """No two epochs or splits share one; a run gives the same as its split, and so does a new process's run."""
    write_example(tmp_path)
    run = open_run(tmp_path)
    prints = {(name, epoch): run.split(name).fingerprint(epoch) for name in run.splits for epoch in EPOCHS}
    assert len(set(prints.values())) == len(prints)
    assert all(run.fingerprint(epoch, name) == found for (name, epoch), found in prints.items())
    assert open_run(tmp_path).split("train").fingerprint(2) == prints["train", 2]


@pytest.mark.parametrize("part", ["train/features/c/1/2/0", "train/target/c/0", "classifier/weight/c/1/0/0"])
def test_a_fingerprint_of_what_is_not_there_is_told(tmp_path: Path, part: str) -> None:
    """A missing chunk is an error that names it."""
    write_example(tmp_path)
    (tmp_path / "store.zarr" / part).unlink()
    with pytest.raises(StoreCorruptError, match=rf"^chunk \S+/{part} is missing"):
        open_run(tmp_path).split("train").fingerprint(2)


def test_reading_changes_nothing(tmp_path: Path) -> None:
    """Files are as before after everything was read."""
    write_example(tmp_path)
    before, split = files(tmp_path), open_run(tmp_path).split("train")
    for epoch in split.epochs:
        split.snapshot(epoch).features[:]
        split.fingerprint(epoch)
    assert files(tmp_path) == before


RATES = {
    "of bceprobe": ("epoch,lr,loss\n1,0.1,2.5\n2,0.05,1.0\n", {1: 0.1, 2: 0.05}),
    "in any order": ("lr,note,epoch\n0.05,x,7\n0.1,y,3\n", {3: 0.1, 7: 0.05}),
    "quoted": ('"epoch","lr"\r\n"1","1e-3"\r\n', {1: 0.001}),
    "empty cells": ("epoch,lr\n1,\n2,0.5\n", {2: 0.5}),
    "no rows": ("epoch,lr\n", {}),
    "no column lr": ("epoch,loss\n1,2.5\n", {}),
    "no header": ("", {}),
}


@pytest.mark.parametrize("kind", RATES)
def test_learning_rates_are_those_of_the_history(tmp_path: Path, kind: str) -> None:
    """The columns epoch and lr of history.csv are read, wherever they stand; what is not said is left out."""
    write_example(tmp_path)
    text, expected = RATES[kind]
    (tmp_path / "history.csv").write_bytes(text.encode())
    assert open_run(tmp_path).learning_rates == expected


def test_learning_rates_are_not_known_without_a_history(tmp_path: Path) -> None:
    """A run without history.csv has none; one whose file comes later has them then."""
    write_example(tmp_path)
    run = open_run(tmp_path)
    assert run.learning_rates == {}
    (tmp_path / "history.csv").write_text("epoch,lr\n1,0.1\n")
    assert run.learning_rates == {1: 0.1}


@pytest.mark.parametrize(
    "content",
    [
        b"epoch,lr\n1,fast\n",
        b"epoch,lr\none,0.1\n",
        b"epoch,lr\n1.5,0.1\n",
        b"epoch,lr\n1,0.1\n2",
        b"epoch,lr\n1,nan\n",
        b"epoch,lr\n1,inf\n",
        b"lr\n0.1\n",
        b"epoch,lr\n1,\xff\n",
        b'epoch,lr\n1,"' + b"1" * 200_000,
    ],
)
def test_a_damaged_history_is_told(tmp_path: Path, content: bytes) -> None:
    """Cells that are no numbers, rows and columns that are cut off and bytes that are no text are an error."""
    write_example(tmp_path)
    (tmp_path / "history.csv").write_bytes(content)
    with pytest.raises(StoreCorruptError, match=r"history\.csv has no readable columns epoch and lr"):
        _ = open_run(tmp_path).learning_rates


def test_a_folder_in_place_of_the_history_is_told(tmp_path: Path) -> None:
    """What cannot be read as a file is an error of ours, too."""
    write_example(tmp_path)
    (tmp_path / "history.csv").mkdir()
    with pytest.raises(StoreCorruptError, match=r"history\.csv has no readable"):
        _ = open_run(tmp_path).learning_rates
