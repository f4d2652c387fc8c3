"""Gathering statistics: what a metric may name, what it may not do, and that memory changes no number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metric_cases import CountedRows, changed, collapsed, everything, gaussian, trained

from bceprobe.metrics import METRICS, measure
from bceprobe.snapshot import Before, Block, Column, Snapshot, decided, once, parts, per_class, per_sample, threads

if TYPE_CHECKING:
    from numpy.typing import NDArray

FOUR = np.repeat([0, 1], [6, 4])


@per_sample
def distances(block: Block) -> NDArray[np.float64]:
    """Take the distance to the class mean: what a statistic per sample must not do."""
    found: NDArray[np.float64] = np.linalg.norm(block.features - block.snapshot.class_means[block.target], axis=1)
    return found


@per_class
def largest(column: Column) -> NDArray[np.float64]:
    """Take the largest score of a class."""
    return np.asarray(column.scores.max())


@once
def mean_of_means(snapshot: Snapshot) -> float:
    """Average the class means: what is made in a thread must not walk."""
    return float(snapshot.class_means.mean())


@once
def twice(snapshot: Snapshot) -> float:
    """Double what must not be made in a thread."""
    return 2 * mean_of_means(snapshot)


@pytest.mark.parametrize("cores", [1, 2])
@pytest.mark.parametrize("wanted", [[distances], [mean_of_means], [mean_of_means, twice]])
def test_what_must_not_walk_is_told_so(cores: int, wanted: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A statistic that needs class means which are not there is an error, with and without threads, not a deadlock."""
    monkeypatch.setattr(threads, "workers", lambda: cores)
    monkeypatch.setattr(parts, "BLOCK_ROWS", 2)
    snapshot = gaussian(0, [6, 4], 3)
    with pytest.raises(RuntimeError, match="must not walk the snapshot"):
        snapshot.gather(wanted)


def test_a_statistic_of_a_class_sees_all_samples() -> None:
    """A statistic per class is made of the column of scores of that class."""
    snapshot = gaussian(0, [6, 4, 5], 3)
    scores = np.asarray(snapshot.features) @ snapshot.weight.T
    np.testing.assert_allclose(snapshot[largest], scores.max(axis=0), rtol=1e-14)
    assert [column.label for column in snapshot.columns()] == [0, 1, 2]
    for column in snapshot.columns():
        np.testing.assert_allclose(column.negatives, scores[snapshot.target != column.label, column.label], rtol=1e-14)
        np.testing.assert_array_equal(column.ordered, np.sort(column.negatives))


def test_a_statistic_of_the_previous_snapshot() -> None:
    """What is named of the previous snapshot is kept there; nothing happens where there is none."""
    first = gaussian(0, [6, 4], 3)
    second = changed(first, previous=first)
    first.gather([Before(decided)])
    assert first.kept == {}
    second.gather([Before(decided)])
    assert list(first.kept) == [decided]
    assert second.kept == {}


@pytest.mark.parametrize("name", ["positive_change_slope", "negative_change_slope", "threshold_change_slope"])
def test_changes_can_be_measured_alone(name: str) -> None:
    """A metric of change, though it is the only one that is asked for, walks both snapshots, whatever their memory."""
    before = trained(gaussian(0, [30, 20, 25], 4))
    now = trained(gaussian(0, [30, 20, 25], 4, noise=0.6))
    expected = everything(changed(now, previous=before))[name]
    for memory, memory_before in ((1, 1), (1 << 20, 1), (1, 1 << 20), (1 << 20, 1 << 20)):
        pair = changed(now, memory=memory, previous=changed(before, memory=memory_before))
        assert measure(pair, [METRICS[name]])[name] == pytest.approx(float(expected), rel=1e-9)
        other = changed(now, memory=memory, previous=changed(before, memory=memory_before))
        assert measure(other, [METRICS["margin_q50"], METRICS[name]])[name] == pytest.approx(float(expected), rel=1e-9)


def pair_of(seed: int, counts: list[int], length: int, loss: str, memory: int, **change: Any) -> Snapshot:
    """A snapshot after another one, both with little or much memory."""
    now, before = (trained(gaussian(seed, counts, length, noise=noise), loss) for noise in (0.5, 0.6))
    return changed(now, memory=memory, previous=changed(before, memory=memory), **change)


def same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """Compare all metrics to 1e-12, and to the rounding of sums that cancel: those of changes are of differences."""
    assert list(found) == list(expected)
    for name, value in expected.items():
        changes = "_change_" in name
        np.testing.assert_allclose(found[name], value, rtol=1e-12, atol=1e-11 if changes else 1e-14, err_msg=name)


@pytest.mark.parametrize("loss", ["bce", "ce"])
@pytest.mark.parametrize(("counts", "length"), [([40, 25, 35], 6), ([12, 0, 7, 9, 1], 3), ([20, 30], 8)])
@pytest.mark.parametrize("groups", [1, 2])
def test_memory_changes_no_number(counts: list[int], length: int, loss: str, groups: int) -> None:
    """Scores that are computed for one or two classes at a time give what those that are held give, to 1e-12."""
    held = everything(pair_of(0, counts, length, loss, 1 << 20))
    same(everything(pair_of(0, counts, length, loss, groups * 8 * sum(counts))), held)


def test_memory_changes_no_tie() -> None:
    """Samples that have collapsed have equal scores also where these are computed for a class at a time."""
    held, computed = (everything(trained(collapsed(5, 7, 400, memory=memory), "ce")) for memory in (1 << 20, 1))
    same(computed, held)
    assert held["negative_spread_by_class"] == pytest.approx(0, abs=1e-14)


@pytest.mark.parametrize("loss", ["bce", "ce"])
@pytest.mark.parametrize("rows", [1, 7, 4096])
def test_class_order_and_blocks_change_no_number(rows: int, loss: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples in class order, in any order, in blocks of any size, or read on demand give the same values to 1e-12."""
    drawn = pair_of(1, [40, 25, 0, 35, 1], 6, loss, 1 << 20)
    expected = everything(drawn)
    monkeypatch.setattr(parts, "BLOCK_ROWS", rows)
    monkeypatch.setattr(parts, "READ_BYTES", 10 * 4 * 6)
    for order in (np.arange(drawn.samples), np.argsort(drawn.target, kind="stable")):
        found = everything(reordered(drawn, order))
        # The first samples of each class are the same in both orders: the stable sort keeps theirs.
        same(found, expected)


def reordered(snapshot: Snapshot, order: NDArray[np.intp]) -> Snapshot:
    """The same snapshots with their samples in another order, read on demand."""
    before = snapshot.previous and reordered(snapshot.previous, order)
    rows = CountedRows(np.asarray(snapshot.features)[order])
    return changed(snapshot, features=rows, target=snapshot.target[order], previous=before)


@settings(max_examples=20)
@given(st.integers(0, 2**32 - 1), st.sampled_from(["bce", "ce"]))
def test_what_was_asked_for_before_changes_no_number(seed: int, loss: str) -> None:
    """Topics one by one give what all give at once, though scores may then be computed another way."""
    drawn = pair_of(seed, [9, 12, 7], 4, loss, 1 << 20)
    expected = everything(drawn)
    single = pair_of(seed, [9, 12, 7], 4, loss, 1 << 20)
    found = {name: np.asarray(value) for entry in METRICS.values() for name, value in measure(single, [entry]).items()}
    same({name: found[name] for name in expected}, expected)
