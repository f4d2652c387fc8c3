"""A background thread that does tasks in order and hands its first error to the thread that gives it work."""

from __future__ import annotations

import queue
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

# One task waits while another is done, so that captures hold two batches besides the one that is being computed.
CAPACITY = 1


class Worker:
    """Runs tasks one after the other; at most `CAPACITY` wait, so that memory stays bounded.

    After a task has failed the rest is dropped, and `submit` and `flush` raise the failure, once.
    """

    def __init__(self, name: str) -> None:
        self._tasks: queue.Queue[Callable[[], None] | None] = queue.Queue(CAPACITY)
        self._error: BaseException | None = None
        self._failed = False
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def submit(self, task: Callable[[], None]) -> None:
        """Queue a task; waits while the queue is full."""
        self._raise_error()
        self._tasks.put(task)

    def flush(self) -> None:
        """Wait until everything queued is done."""
        self._tasks.join()
        self._raise_error()

    def close(self) -> None:
        """Finish what is queued and end the thread."""
        if self._thread.is_alive():
            self._tasks.put(None)
            self._thread.join()
        self._raise_error()

    def _work(self) -> None:
        while (task := self._tasks.get()) is not None:
            try:
                if not self._failed:
                    task()
            except BaseException as error:  # noqa: BLE001 - whatever it is, it is raised in the thread that gave the task
                self._error, self._failed = error, True
            finally:
                self._tasks.task_done()
        self._tasks.task_done()

    def _raise_error(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error
