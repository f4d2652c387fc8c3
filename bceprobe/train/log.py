"""train.log: what happened when, for people, appended over all attempts at a run."""

from __future__ import annotations

import logging
import warnings
from contextlib import contextmanager, nullcontext, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOGGER = logging.getLogger("bceprobe.train")
FILE = "train.log"


@contextmanager
def logged(folder: Path, rank: int = 0) -> Iterator[None]:
    """Send this package's messages to the run's log file for a while.

    Of several processes all but the first send only what went wrong, and their warnings, which nobody would see.
    """
    handler = _LogFile(folder / FILE, encoding="utf-8")
    handler.setFormatter(logging.Formatter(f"%(asctime)s %(levelname)s {f'rank {rank}: ' if rank else ''}%(message)s"))
    handler.setLevel(logging.WARNING if rank else logging.INFO)
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    try:
        with _warnings_logged() if rank else nullcontext():
            yield
    except BaseException as error:
        LOGGER.error("%s", error)  # noqa: TRY400 - the log tells the user what happened; --debug shows the traceback
        raise
    finally:
        LOGGER.removeHandler(handler)
        with suppress(OSError):
            handler.close()


@contextmanager
def _warnings_logged() -> Iterator[None]:
    """Send Python's warnings to the log."""
    before = warnings.showwarning
    warnings.showwarning = lambda message, *_, **__: LOGGER.warning("%s", " ".join(str(message).split()))
    try:
        yield
    finally:
        warnings.showwarning = before


class _LogFile(logging.FileHandler):
    """A file that takes what it can: on a full disk the run itself fails, and says so."""

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name is logging's
        """Drop a record that cannot be written, of which logging would print a traceback."""
