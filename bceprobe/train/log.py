"""train.log: what happened when, for people, appended over all attempts at a run."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOGGER = logging.getLogger("bceprobe.train")
FILE = "train.log"


@contextmanager
def logged(folder: Path) -> Iterator[None]:
    """Send this package's messages to the run's log file for a while."""
    handler = logging.FileHandler(folder / FILE, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    try:
        yield
    except BaseException as error:
        LOGGER.error("%s", error)  # noqa: TRY400 - the log tells the user what happened; --debug shows the traceback
        raise
    finally:
        LOGGER.removeHandler(handler)
        handler.close()
