"""Ctrl-C and SIGTERM ask training to stop at the next batch; a second Ctrl-C stops at once. Several processes agree."""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIGNALS = (signal.SIGINT, signal.SIGTERM)
# Seconds after SIGTERM; torchrun kills after 30.
STUCK = 25.0


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


@contextmanager
def outliving_sigterm() -> Iterator[None]:
    """Take no notice of SIGTERM for a while, unless it takes too long to end after one.

    torchrun sends it to all processes of a run when one has died, which they notice by themselves, and want to tell.
    A process that waits for a GPU does not notice: it is ended before torchrun kills it, which is silent.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    ended = threading.Event()
    handler, wakeup = signal.signal(signal.SIGTERM, lambda *_: None), signal.set_wakeup_fd(writer)
    watcher = threading.Thread(target=_end_if_stuck, args=(reader, ended), daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        signal.set_wakeup_fd(wakeup)
        signal.signal(signal.SIGTERM, handler)
        os.close(writer)
        watcher.join()
        os.close(reader)


def _end_if_stuck(reader: int, ended: threading.Event) -> None:
    """Wait for a SIGTERM, as its number comes down a pipe, and then for the end; on a thread that nothing holds up."""
    while got := os.read(reader, 1):
        if got[0] == signal.SIGTERM and not ended.wait(STUCK):
            what = "this process was told to end, but waits for one that has died or does not answer"
            sys.stderr.write(f"bceprobe: {what}. Go on with --resume.\n")
            sys.stderr.flush()
            os._exit(1)
