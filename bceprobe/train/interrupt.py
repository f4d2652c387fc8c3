"""Ctrl-C and SIGTERM ask training to stop at the next batch; a second Ctrl-C stops at once."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_request() -> Iterator[Callable[[], bool]]:
    """Yield a function that tells whether the user has asked to stop. Signals reach only the main thread."""
    asked = threading.Event()
    if threading.current_thread() is not threading.main_thread():
        yield asked.is_set
        return
    before: dict[int, Any] = {}

    def ask(number: int, _frame: object) -> None:
        asked.set()
        signal.signal(number, before[number])

    before.update({number: signal.signal(number, ask) for number in SIGNALS})
    try:
        yield asked.is_set
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
