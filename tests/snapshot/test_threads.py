"""Threads: results in order, few at a time, faults passed through, BLAS as it was; and properties computed once."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from threadpoolctl import ThreadpoolController, threadpool_limits

from bceprobe.snapshot import buffer, one_blas_thread, threads
from bceprobe.snapshot.memo import lazy
from bceprobe.snapshot.threads import ordered_map

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True, params=[1, 3])
def cores(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """As many cores: one works without threads."""
    found = int(request.param)
    monkeypatch.setattr(threads, "workers", lambda: found)
    return found


def blas_threads() -> list[int]:
    """How many threads each BLAS may use."""
    found = ThreadpoolController().select(user_api="blas")
    return [library["num_threads"] for library in found.info()]


@pytest.mark.parametrize("items", [0, 1, 2, 50])
def test_results_come_in_the_order_of_the_items(items: int) -> None:
    """The order is kept though the first items take longest."""

    def slow_at_first(item: int) -> int:
        time.sleep(0.002 * (item < 3))
        return item**2

    assert list(ordered_map(slow_at_first, range(items))) == [item**2 for item in range(items)]


def test_few_items_are_taken_ahead(cores: int) -> None:
    """No more items than two per core and a few are taken before their results are."""
    taken: list[int] = []

    def source() -> Iterator[int]:
        for item in range(100):
            taken.append(item)
            yield item

    for at, _ in enumerate(ordered_map(lambda item: item, source())):
        assert len(taken) - at <= 2 * cores + 2


@pytest.mark.parametrize("bad", [0, 7, 29])
def test_an_exception_passes_through(bad: int) -> None:
    """What a function raises is raised where its result would have come; the next walk works."""

    def careful(item: int) -> int:
        if item == bad:
            raise ZeroDivisionError("seven")
        return item

    results: list[int] = []
    with pytest.raises(ZeroDivisionError, match="seven"):
        results.extend(ordered_map(careful, range(30)))
    assert list(ordered_map(abs, [-1, -2, -3])) == [1, 2, 3]


def test_a_walk_within_a_walk_is_an_error() -> None:
    """A function that waits for another walk is told so, in place of waiting for ever; the thread is free again."""
    with pytest.raises(RuntimeError, match="must not walk the snapshot"):
        list(ordered_map(lambda item: list(ordered_map(abs, range(item))), [3, 3, 3]))
    assert list(ordered_map(abs, [-1])) == [1]


def test_blas_has_one_thread_meanwhile(cores: int) -> None:
    """While items are worked on BLAS has one thread; afterwards, also after a fault, it has those that it had."""
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        meanwhile = list(ordered_map(lambda _: blas_threads(), range(3)))
        assert cores == 1 or all(count == 1 for found in meanwhile for count in found)
        with pytest.raises(ZeroDivisionError):
            list(ordered_map(lambda item: 1 // item, [1, 0, 1]))
        assert blas_threads() == before


def test_blas_is_given_back_by_the_last_who_asked() -> None:
    """Where two ask for one thread, BLAS gets its threads back when the second has left."""
    with threadpool_limits(2, user_api="blas"):
        before = blas_threads()
        with one_blas_thread():
            with one_blas_thread():
                assert set(blas_threads()) == {1}
            assert set(blas_threads()) == {1}
        assert blas_threads() == before


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), max_size=6))
def test_a_buffer_is_used_again_where_it_is_long_enough(shapes: list[tuple[int, int]]) -> None:
    """Buffers of one name share memory, those of others and of other threads do not."""
    for shape in shapes:
        assert buffer("test", shape).shape == shape
    large = buffer("test", (100,))
    assert np.shares_memory(large, buffer("test", (10, 5)))
    assert not np.shares_memory(large, buffer("another", (100,)))
    elsewhere: list[bool] = []
    thread = threading.Thread(target=lambda: elsewhere.append(np.shares_memory(large, buffer("test", (5,)))))
    thread.start()
    thread.join()
    assert elsewhere == [False]


def test_a_lazy_property_is_computed_once_for_each() -> None:
    """It is computed when it is first read, and for another object anew; the class gives it with its docstring."""

    class Counted:
        calls = 0

        @lazy
        def value(self) -> int:
            """Count."""
            self.calls += 1
            return self.calls

    one, other = Counted(), Counted()
    assert (one.value, one.value, one.calls, other.calls) == (1, 1, 1, 0)
    assert (other.value, vars(Counted)["value"].__doc__) == (1, "Count.")
    assert Counted.value is vars(Counted)["value"]
