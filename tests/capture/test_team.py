"""Several processes that record one run: here threads, which are quicker to start and as far apart."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from bceprobe import Recorder, open_run
from bceprobe.capture.team import Alone
from bceprobe.errors import UsageError
from bceprobe.models import find_classifier
from bceprobe.store.validate import validate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

SAMPLES, CLASSES, EPOCHS = 103, 4, 2
SPLITS = {"train": SAMPLES, "test": 5}
# Another division into batches rounds a product of 6 terms below 10 differently in float32.
ROUNDING = 6 * 10 * 2**-23


class Meeting:
    """Where the members of a team meet: once on their main threads and once on those that write."""

    def __init__(self, size: int) -> None:
        self.main, self.writing = threading.Barrier(size), threading.Barrier(size)
        self.brought: list[Any] = [None] * size


class Member:
    """One process of a team."""

    def __init__(self, meeting: Meeting, rank: int) -> None:
        self.meeting, self.rank, self.size = meeting, rank, len(meeting.brought)

    def wait(self) -> None:
        """Meet on the main threads."""
        self.meeting.main.wait(timeout=30)

    def sum_written(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
        """Meet on the writing threads, and once more before anything else is brought."""
        self.meeting.brought[self.rank] = values
        self.meeting.writing.wait(timeout=30)
        total = np.sum(self.meeting.brought, axis=0)
        self.meeting.writing.wait(timeout=30)
        return np.asarray(total)


@pytest.fixture(scope="module")
def model() -> nn.Sequential:
    """A small classifier."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, CLASSES))


def loader(samples: int) -> DataLoader[Any]:
    """Random samples in batches of 16, shuffled wherever the order is not fixed by the Recorder."""
    source = torch.Generator().manual_seed(samples)
    target = torch.randint(0, CLASSES, (samples,), generator=source)
    return DataLoader(TensorDataset(torch.randn(samples, 6, generator=source), target), batch_size=16, shuffle=True)


def record(folder: Path, model: nn.Sequential, team: Any, **options: Any) -> None:
    """Capture both splits of every epoch."""
    with Recorder(folder, classifier=find_classifier(model), epochs=EPOCHS, team=team, **options) as recorder:
        for epoch in range(1 + (options.get("resume_after") or 0), EPOCHS + 1):
            for split, samples in SPLITS.items():
                index = range(100, 100 + samples)
                recorder.capture(model, loader(samples), split=split, epoch=epoch, index=index)


def together(size: int, work: Callable[[Member], None]) -> None:
    """Let the members of a team do the same work at the same time."""
    meeting = Meeting(size)
    with ThreadPoolExecutor(size) as pool:
        for done in [pool.submit(work, Member(meeting, rank)) for rank in range(size)]:
            done.result()


@pytest.mark.parametrize("shard", [False, True])
@pytest.mark.parametrize("size", [2, 3, 7])
def test_a_team_stores_what_one_process_stores(tmp_path: Path, model: nn.Sequential, size: int, *, shard: bool) -> None:
    """Features, target, index and classifier are those of one process, also with fewer samples than processes."""
    record(tmp_path / "alone", model, None)
    together(size, lambda member: record(tmp_path / "team", deepcopy(model), member, shard=shard))
    assert validate(tmp_path / "team") == []
    alone, team = open_run(tmp_path / "alone"), open_run(tmp_path / "team")
    assert team.manifest["status"] == "finished"
    for split in SPLITS:
        assert team.epochs(split) == alone.epochs(split) == [1, 2]
        for name in ("target", "index"):
            np.testing.assert_array_equal(team.array(split, name)[:], alone.array(split, name)[:])
        for epoch in (1, 2):
            found, expected = (run.split(split).features(epoch)[:] for run in (team, alone))
            np.testing.assert_allclose(found, expected, rtol=0, atol=ROUNDING)
            np.testing.assert_array_equal(team.snapshot(epoch, split).weight, alone.snapshot(epoch, split).weight)


@pytest.mark.parametrize("size", [2, 3])
def test_every_process_has_as_many_chunks(tmp_path: Path, model: nn.Sequential, size: int) -> None:
    """Chunks are cut so that each process computes and writes an equal part, to a sample."""
    together(size, lambda member: record(tmp_path / "team", deepcopy(model), member))
    chunks = list((tmp_path / "team" / "store.zarr" / "train" / "features" / "c" / "0").glob("*/0"))
    assert len(chunks) == size
    assert open_run(tmp_path / "team").array("train", "features").source.chunks[1] == -(-SAMPLES // size)


def test_another_number_of_processes_goes_on(tmp_path: Path, model: nn.Sequential) -> None:
    """A run of three processes is continued by two, and by one, with the chunks it has."""
    together(3, lambda member: record(tmp_path / "team", deepcopy(model), member))
    before = open_run(tmp_path / "team").split("train").features(2)[:]
    together(2, lambda member: record(tmp_path / "team", deepcopy(model), member, resume_after=1))
    record(tmp_path / "team", model, None, resume_after=1)
    assert validate(tmp_path / "team") == []
    after = open_run(tmp_path / "team").split("train").features(2)[:]
    np.testing.assert_allclose(after, before, rtol=0, atol=ROUNDING)


def test_an_epoch_counts_when_all_have_written(tmp_path: Path, model: nn.Sequential) -> None:
    """While one process has not written its part, the epoch is not there for a reader."""
    arrived, seen = threading.Event(), []

    class Slow(Member):
        """The last process looks at the store before it says that it is done."""

        def sum_written(self, values: NDArray[np.int64]) -> NDArray[np.int64]:
            """Wait until the first process waits."""
            if self.rank == 0:
                arrived.set()
            else:
                assert arrived.wait(timeout=30)
                seen.append(open_run(tmp_path / "team").epochs("train"))
            return super().sum_written(values)

    def work(member: Member) -> None:
        own = deepcopy(model)
        with Recorder(
            tmp_path / "team", classifier=find_classifier(own), epochs=1, team=Slow(member.meeting, member.rank)
        ) as one:
            one.capture(own, loader(SAMPLES), split="train", epoch=1)

    together(2, work)
    assert seen == [[]]
    assert open_run(tmp_path / "team").epochs("train") == [1]


def test_a_loader_that_cannot_be_shared_is_refused(tmp_path: Path, model: nn.Sequential) -> None:
    """An iterable of batches is walked as a whole by one process, and not by several."""
    batches = list(loader(20))

    class First(Alone):
        """One of two processes that never waits."""

        size = 2

    with (
        Recorder(tmp_path, classifier=find_classifier(model), epochs=1, team=First()) as recorder,
        pytest.raises(UsageError, match=r"list cannot be shared between processes\. Give a DataLoader"),
    ):
        recorder.capture(model, batches, split="train", epoch=1)
