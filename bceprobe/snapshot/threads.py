"""Work on many blocks in threads: results in order, few blocks in flight, BLAS on one thread meanwhile.

A skinny matrix product is too short to share between the threads of BLAS (they wait for each other, and stall where a
core is busy); whole blocks are not. Numbers do not depend on the number of threads: blocks are cut, and their results
are added, in a fixed order.
"""

from __future__ import annotations

import math
import os
import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from threadpoolctl import ThreadpoolController

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

    from numpy.typing import NDArray

T = TypeVar("T")
R = TypeVar("R")
NESTED = (
    "what works on one block or column must not walk the snapshot: name what it needs among what its metric uses, "
    "or make it a summed statistic, which may use class means"
)
_LOCAL = threading.local()
# Holds something once this process is to work in one thread.
_ALONE: list[bool] = []


def workers() -> int:
    """Count the threads that work: one for each core, or one if others of our processes use these."""
    return 1 if _ALONE else cores()


def work_alone() -> None:
    """From now on work in one thread: this process is one of several, each on a core."""
    _ALONE.append(True)


@cache
def cores() -> int:
    """Count the cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ordered_map(function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    """Yield the results of a function in the order of its items, which are taken a few at a time.

    Raises
    ------
    RuntimeError
        The function itself waits for an `ordered_map`: all threads could come to wait for each other, and it would
        overwrite the memory that its block lives in.
    """
    source = iter(items)
    first = list(islice(source, 2))
    if first and _inside():
        raise RuntimeError(NESTED)
    if len(first) < 2 or workers() == 1:  # noqa: PLR2004 - one item needs no threads
        yield from (_call(function, item) for item in chain(first, source))
        return
    with one_blas_thread():
        yield from _side_by_side(function, chain(first, source))


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Keep numpy's BLAS to one thread: on a busy machine small decompositions take a hundred times longer with two."""
    _BLAS.enter()
    try:
        yield
    finally:
        _BLAS.leave()


def buffer(name: str, shape: tuple[int, ...], dtype: Any = np.float64) -> NDArray[Any]:
    """Return memory of this thread that the next call with this name uses again; a name is always of one type.

    Fresh memory costs more than the arithmetic done in it.
    """
    held: dict[str, NDArray[Any]] = _LOCAL.__dict__.setdefault("buffers", {})
    size = math.prod(shape)
    if name not in held or held[name].size < size:
        held[name] = np.empty(size, dtype)
    return held[name][:size].reshape(shape)


def _side_by_side(function: Callable[[T], R], items: Iterable[T]) -> Iterator[R]:
    running: deque[Future[R]] = deque()
    try:
        for item in items:
            running.append(_pool(os.getpid()).submit(_call, function, item))
            if len(running) > 2 * workers():
                yield running.popleft().result()
        while running:
            yield running.popleft().result()
    finally:
        for future in running:
            future.cancel()


def _inside() -> bool:
    """Tell whether this thread works on an item of an `ordered_map`."""
    return bool(getattr(_LOCAL, "inside", False))


def _call(function: Callable[[T], R], item: T) -> R:
    """Call the function, and know meanwhile that this thread is inside it."""
    _LOCAL.inside = True
    try:
        return function(item)
    finally:
        _LOCAL.inside = False


@cache
def _pool(process: int) -> ThreadPoolExecutor:  # noqa: ARG001 - a forked process has none of the threads
    return ThreadPoolExecutor(workers(), thread_name_prefix="bceprobe-block")


class _Blas:
    """Counts those who want numpy's BLAS on one thread; the last one to leave gives it its threads back."""

    def __init__(self) -> None:
        self._lock, self._users, self._limit = threading.Lock(), 0, None

    def enter(self) -> None:
        """Come in."""
        with self._lock:
            self._users += 1
            if self._users == 1:
                self._limit = _controller().limit(limits=1)

    def leave(self) -> None:
        """Go out."""
        with self._lock:
            self._users -= 1
            if self._users == 0 and self._limit:
                self._limit.restore_original_limits()


@cache
def _controller() -> Any:
    return ThreadpoolController().select(internal_api="openblas")


_BLAS = _Blas()
