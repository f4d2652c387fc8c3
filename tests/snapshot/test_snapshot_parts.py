"""How the features are read and walked: in blocks, once per walk, and no more of them in memory than needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from metric_cases import CountedRows, changed, everything, gaussian

from bceprobe.metrics import evaluate
from bceprobe.snapshot import Block, Snapshot, parts, summed

if TYPE_CHECKING:
    from numpy.typing import NDArray

FIVE = np.array([0, 0, 1, 1, 1])


@given(st.integers(1, 40), st.integers(1, 6), st.integers(2, 6), st.integers(1, 600), st.integers(1, 300))
def test_parts_cover_the_samples_in_order(samples: int, length: int, classes: int, limit: int, read: int) -> None:
    """Parts hold every row once, in order, as stored, and neither features nor scores of one exceed the limit."""
    features = np.arange(samples * length, dtype=np.float32).reshape(samples, length)
    whole = Snapshot(CountedRows(features), np.arange(samples) % classes, np.ones((classes, length)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "BLOCK_BYTES", limit)
        patch.setattr(parts, "READ_BYTES", read)
        cut = list(parts.parts(whole))
    np.testing.assert_array_equal(np.concatenate([part.features for part in cut]), features)
    assert [row for part in cut for row in range(part.rows.start, part.rows.stop)] == list(range(samples))
    for part in cut:
        rows = len(part.features)
        assert part.features.dtype == np.float32
        assert rows == 1 or rows * max(4 * length, 16 * classes) <= limit


@given(st.lists(st.integers(0, 3), min_size=1, max_size=20))
def test_a_block_groups_its_samples_by_class(labels: list[int]) -> None:
    """A block has its samples in class order, knows the place of each, and sums values over classes."""
    features = np.arange(2.0 * len(labels)).reshape(-1, 2)
    snapshot = Snapshot(features, np.array(labels), np.ones((4, 2)))
    block = Block(snapshot, parts.Part(features, slice(0, len(labels))))
    order = sorted(range(len(labels)), key=labels.__getitem__)
    assert block.target.tolist() == sorted(labels)
    assert np.arange(len(labels))[block.rows].tolist() == order
    np.testing.assert_array_equal(block.features, features[order])
    assert [label for label, _ in block.groups()] == sorted(set(labels))
    expected = [features[np.array(labels) == label].sum(axis=0) for label in range(4)]
    np.testing.assert_array_equal(block.by_class(block.features), expected)


def test_a_snapshot_as_small_as_one_read_is_read_once() -> None:
    """However many walks there are, features that one read holds are read from their source only once."""
    source = gaussian(0, [20, 30], 3)
    rows = CountedRows(np.asarray(source.features))
    everything(changed(source, features=rows))
    assert rows.reads == [(0, 50)]


def test_a_larger_snapshot_keeps_no_features(monkeypatch: pytest.MonkeyPatch) -> None:
    """Features beyond one read are read on demand: once for the class means, once for both kinds of decisions."""
    monkeypatch.setattr(parts, "READ_BYTES", 2 * 4 * 2)
    rows = CountedRows(np.ones((5, 2), np.float32))
    large = Snapshot(rows, FIVE, np.eye(2))
    assert large.centre.shape == large.centred_means[0].shape
    assert rows.reads == [(0, 2), (2, 4), (4, 5)]
    assert len(large.decisions.positive) == len(large.biased_decisions.negative) == 5
    assert rows.reads[3:] == [(0, 2), (2, 4), (4, 5)]


def test_all_statistics_share_two_walks(monkeypatch: pytest.MonkeyPatch) -> None:
    """All topics together walk the features twice, once for the class means; then some rows are read again."""
    monkeypatch.setattr(parts, "READ_BYTES", 100 * 4 * 3)
    source = gaussian(0, [200, 300, 100], 3)
    rows = CountedRows(np.asarray(source.features))
    everything(changed(source, features=rows))
    walk = [(start, start + 100) for start in range(0, 600, 100)]
    assert rows.reads[:12] == [*walk, *walk]
    assert sum(stop - start for start, stop in rows.reads[12:]) <= 1024 + 256 + 200


def test_statistics_that_are_gathered_together_share_a_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Statistics that are named together are computed in one walk, and kept."""
    monkeypatch.setattr(parts, "READ_BYTES", 2 * 4 * 2)
    rows = CountedRows(np.arange(10, dtype=np.float32).reshape(5, 2))
    snapshot = Snapshot(rows, FIVE, np.eye(2))
    both = [summed(lambda block: (block.features.sum(),)), summed(lambda block: (np.square(block.features).sum(),))]
    _ = snapshot.class_means
    rows.reads.clear()
    snapshot.gather(both)
    assert [snapshot[one][0] for one in both] == [45, 285]
    assert rows.reads == [(0, 2), (2, 4), (4, 5)]


class Borrowed:
    """Features in memory that their owner uses for something else after a while."""

    def __init__(self, features: NDArray[Any]) -> None:
        self.memory, self.shape = features.copy(), features.shape

    def __getitem__(self, rows: slice, /) -> NDArray[Any]:
        return self.memory[rows]


def test_what_was_read_is_not_lost_when_its_owner_uses_the_memory_again() -> None:
    """A small snapshot is the same after the memory that its features were read from has changed."""
    source = gaussian(0, [20, 30], 3)
    borrowed = Borrowed(np.asarray(source.features))
    snapshot = changed(source, features=borrowed)
    _ = snapshot.class_means
    borrowed.memory[:] = np.nan
    assert evaluate(snapshot, "accuracy")["accuracy"] == evaluate(source, "accuracy")["accuracy"]


@given(st.lists(st.booleans(), min_size=1, max_size=40).filter(any), st.integers(1, 200))
def test_single_rows_are_read_a_chunk_at_a_time(wanted: list[bool], read: int) -> None:
    """Rows come in order, and no read is longer than a chunk."""
    features = np.arange(2 * len(wanted), dtype=np.float32).reshape(-1, 2)
    rows = CountedRows(features)
    snapshot = Snapshot(rows, np.zeros(len(wanted), int), np.ones((2, 2)))
    places = np.flatnonzero(wanted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parts, "READ_BYTES", read)
        np.testing.assert_array_equal(snapshot.rows(places), features[places])
    assert all(stop - start <= max(1, read // 8) for start, stop in rows.reads)
