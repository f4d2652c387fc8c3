"""Work in processes of this machine, each a fork of this one: results as they come, an error or a death told.

Threads share one interpreter, and wait for each other at every step between two array operations; processes do not.
"""

from __future__ import annotations

import os
import pickle
import signal
import sys
import warnings
from contextlib import contextmanager
from multiprocessing import connection, get_context
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from bceprobe.errors import BceProbeError
from bceprobe.snapshot import one_blas_thread, work_alone

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence
    from multiprocessing.connection import Connection
    from multiprocessing.process import BaseProcess

T = TypeVar("T")
R = TypeVar("R")


class _End(NamedTuple):
    """The last thing that a process sends: what it warned about, and its error if it failed."""

    warned: list[tuple[Warning | str, type[Warning], str, int]]
    error: BaseException | None = None


def can_fork() -> bool:
    """Tell whether this machine's processes can be forked; elsewhere libraries of the system do not survive it."""
    return sys.platform == "linux"


def side_by_side(work: Callable[[T], Iterable[R]], shares: Sequence[T]) -> Generator[R, None, None]:
    """Yield what `work` yields for each share, in a process of its own, in any order.

    Each process uses one thread. All are ended when this generator is closed. What they warn about is warned about
    here.

    Raises
    ------
    BceProbeError
        A process was killed.
    """
    with _started(work, shares) as running:
        waiting = dict(running)
        while waiting:
            ready = set(connection.wait(list(waiting)))
            for results in [one for one in waiting if one in ready]:
                found = _received(results, waiting[results])
                if isinstance(found, _End):
                    del waiting[results]
                    _tell(found)
                else:
                    yield found


@contextmanager
def _started(
    work: Callable[[T], Iterable[R]], shares: Sequence[T]
) -> Generator[dict[Connection, BaseProcess], None, None]:
    """Start a process for each share, and end those that are left."""
    running: dict[Connection, BaseProcess] = {}
    try:
        for share in shares:
            ours, theirs = get_context("fork").Pipe(duplex=False)
            process: BaseProcess = get_context("fork").Process(target=_work, args=(work, share, theirs), daemon=True)
            with warnings.catch_warnings():
                # Forking is safe while no thread of ours works, and the new process uses none of the others.
                warnings.simplefilter("ignore", DeprecationWarning)
                process.start()
            theirs.close()
            running[ours] = process
        yield running
    finally:
        for ours, process in running.items():
            ours.close()
            process.terminate()
            process.join()


def _work(work: Callable[[T], Iterable[R]], share: T, results: Connection) -> None:
    """Do a share in the new process, which ends here: nothing of what it inherited is cleaned up twice."""
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        work_alone()
        with warnings.catch_warnings(record=True) as caught, one_blas_thread():
            error = _sent(work, share, results)
        results.send(_End([(one.message, one.category, one.filename, one.lineno) for one in caught], error))
    except BrokenPipeError:
        pass  # Nobody waits for it any more.
    finally:
        os._exit(0)


def _sent(work: Callable[[T], Iterable[R]], share: T, results: Connection) -> BaseException | None:
    """Send every result, and return the error that came instead, as one that can be sent."""
    try:
        for found in work(share):
            results.send(found)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - it is raised again where it is waited for
        return _portable(error)
    return None


def _portable(error: Exception) -> Exception:
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 - our own, just written
    except Exception:  # noqa: BLE001 - whatever it is, its words survive
        return RuntimeError(f"{type(error).__name__}: {error}")
    return error


def _received(results: Connection, process: BaseProcess) -> Any:
    """Receive from a process, and say so if it has died."""
    try:
        return results.recv()
    except (EOFError, OSError):
        process.join()
        what = f"a process that measured was ended from outside (exit code {process.exitcode})"
        raise BceProbeError(what, "If memory ran out, give --memory or fewer --jobs; what is cached stays") from None


def _tell(end: _End) -> None:
    """Warn about what the process warned about, and raise its error."""
    for message, category, filename, line in end.warned:
        warnings.warn_explicit(message, category, filename, line)
    if end.error:
        raise end.error
