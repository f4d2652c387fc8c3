"""Reading snapshots one after the other: ahead of the measuring, within a bound on memory, and never damaged ones."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from builders import CLASSES, LENGTH, make_run
from store_builders import flip

from bceprobe.analysis import analyze, reading
from bceprobe.analysis.context import Context
from bceprobe.analysis.reading import WORKSPACE, Reader
from bceprobe.errors import StoreCorruptError
from bceprobe.metrics import topics
from bceprobe.store import open_run
from bceprobe.store.direct import read_into

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from bceprobe.store.arrays import StoredArray

SAMPLES = 5 * CLASSES
SIZE = SAMPLES * LENGTH * 4


def reader(folder: Path, memory: int | None = None) -> Reader:
    """Make the reader of a run's train split."""
    run = open_run(folder)
    return Reader(run.split("train"), Context(run), "sample", memory)


def chunk(run: Path, position: int) -> Path:
    """Return the file of an epoch's features."""
    (found,) = (run / "store.zarr" / "train" / "features" / "c" / str(position)).rglob("0/0")
    return found


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[threading.Event]:
    """An event per epoch that is set once its features are in memory, in the order of reading."""
    done = [threading.Event() for _ in range(4)]
    waiting = iter(done)

    def told(array: StoredArray, out: NDArray[Any]) -> None:
        read_into(array, out)
        next(waiting).set()

    monkeypatch.setattr(reading, "read_into", told)
    return done


def test_the_next_epoch_is_read_while_one_is_measured(run: Path, reads: list[threading.Event]) -> None:
    """With room for two, an epoch is in memory before it is asked for; a third one waits until the first is done."""
    snapshots = reader(run).snapshots([1, 2, 3, 4], change=[])
    next(snapshots)
    assert reads[1].wait(10)
    assert not reads[2].wait(0.2)
    next(snapshots)
    assert reads[2].wait(10)
    snapshots.close()  # type: ignore[attr-defined]


def test_with_room_for_one_epoch_reading_waits(run: Path, reads: list[threading.Event]) -> None:
    """The next epoch takes the memory of the one before, so that it is read when that is done."""
    snapshots = reader(run, WORKSPACE + SIZE).snapshots([1, 2, 3, 4], change=[])
    next(snapshots)
    assert reads[0].is_set()
    assert not reads[1].wait(0.2)
    next(snapshots)
    assert reads[1].is_set()
    snapshots.close()  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("memory", "buffers"),
    [
        (1, 0),
        (WORKSPACE, 0),
        (WORKSPACE + SIZE - 1, 0),
        (WORKSPACE + SIZE, 1),
        (WORKSPACE + 2 * SIZE - 1, 1),
        (WORKSPACE + 2 * SIZE, 2),
        (WORKSPACE + 9 * SIZE, 2),
        (None, 2),
    ],
)
def test_as_many_snapshots_are_held_as_fit(memory: int | None, buffers: int, run: Path) -> None:
    """Beside 300 MB of work, up to two snapshots are held; none where not even one fits."""
    assert reader(run, memory).buffers == buffers


@pytest.mark.parametrize("memory", [1, WORKSPACE + SIZE, None])
def test_every_epoch_has_its_own_features(memory: int | None, run: Path) -> None:
    """Whatever is held in memory, a snapshot shows the features of its epoch, also after the next ones were read."""
    split = open_run(run).split("train")
    expected = {epoch: split.features(epoch)[:] for epoch in (1, 3, 4)}
    met = []
    for epoch, snapshot in reader(run, memory).snapshots([1, 3, 4], change=[]):
        met.append((epoch, snapshot))
        for earlier, shown in met:
            np.testing.assert_array_equal(shown.features[:], expected[earlier])
    assert [epoch for epoch, _ in met] == [1, 3, 4]


def test_a_snapshot_knows_the_epoch_before_it(run: Path) -> None:
    """With `change` each snapshot has the one before, which is forgotten when it is done; the first has none."""
    kept = []
    for epoch, snapshot in reader(run).snapshots([1, 3, 4], change=["updates"]):
        before = snapshot.previous
        assert (before is None) == (epoch == 1)
        if before is not None:
            stored = open_run(run).split("train").features(epoch - 1)[:]
            np.testing.assert_array_equal(before.features[:], stored)
        kept.append(snapshot)
    assert [snapshot.previous for snapshot in kept] == [None] * 3


@pytest.mark.parametrize("memory", [1, 200_000, WORKSPACE + 100_000])
def test_a_bound_on_memory_changes_no_number(memory: int, tmp_path: Path) -> None:
    """Every value, by class as well, is the same to 1e-12 where snapshots are read in blocks, over and over."""
    results = []
    for name, bound in (("free", None), ("bounded", memory)):
        sizes = {"train": 400, "test": 100}
        folder = make_run(tmp_path / name / "run", epochs=[5, 6, 7], per_class=sizes, classes=7, length=16)
        (folder / "history.csv").write_text("epoch,lr\n5,0.1\n6,0.1\n7,0.05\n")
        results.append(analyze(folder, "all", memory=bound))
    free, bounded = results
    assert set(free) == set(bounded)
    for variable in map(str, free.data_vars):
        np.testing.assert_allclose(bounded[variable], free[variable], rtol=1e-12, atol=1e-12, err_msg=variable)
    assert np.isfinite(free["positive_change_slope"].sel(split="train", epoch=[6, 7])).all()


@pytest.mark.parametrize("memory", [None, 1])
def test_damage_in_a_later_epoch_is_reported_and_costs_no_earlier_one(
    memory: int | None, run: Path, computed: list[str]
) -> None:
    """A flipped bit is an error that names the epoch; what was computed before it is cached."""
    flip(chunk(run, 2))
    with pytest.raises(StoreCorruptError, match=r"epoch 3, split train"):
        analyze(run, topics(), memory=memory)
    flip(chunk(run, 2))
    computed.clear()
    assert np.isfinite(analyze(run, "nc")["nc1"].values).all()
    assert computed == ["nc"] * 2


def test_an_interruption_while_progress_is_shown_costs_nothing(run: Path, computed: list[str]) -> None:
    """Ctrl-C between two epochs keeps those that are done, without waiting for memory to be collected."""

    def interrupt(done: int, _: int) -> None:
        if done == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt) as caught:
        analyze(run, progress=interrupt)
    computed.clear()
    analyze(run)
    assert computed == ["nc"]
    assert caught.value is not None


def test_a_reader_leaves_no_thread_behind(run: Path) -> None:
    """The thread that reads ahead ends with the analysis, also after an error."""
    flip(chunk(run, 1))
    with pytest.raises(StoreCorruptError):
        analyze(run)
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("bceprobe-read")]
