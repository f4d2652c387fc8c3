"""What a user is told when a run cannot be written, as on a full disk: what is safe, and how to go on."""

from __future__ import annotations

import errno
from contextlib import contextmanager
from typing import TYPE_CHECKING

from bceprobe.errors import BceProbeError, WritingError
from bceprobe.store.manifest import CONFIG
from bceprobe.train.checkpoint import saved_epoch
from bceprobe.train.distributed import again

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
REFUSED = {errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO}


@contextmanager
def saving(folder: Path) -> Iterator[None]:
    """Turn an error of the system in writing a run into one that says what is safe and how to go on.

    Raises
    ------
    WritingError
        The disk is full or broken, or the folder may not be written.
    """
    try:
        yield
    except BceProbeError:
        raise
    except OSError as error:
        if error.errno not in FULL | REFUSED:
            raise
        what = f"{folder} cannot be written: {error.strerror}; {_kept(folder)}"
        raise WritingError(what, _way_on(folder, error.errno)) from error


def _kept(folder: Path) -> str:
    last = saved_epoch(folder)
    return f"epochs up to {last} are safe" if last else "no epoch was completed"


def _way_on(folder: Path, number: int) -> str:
    way = f"go on: {again(folder)}" if (folder / CONFIG).exists() else "start again"
    return f"{'Free some space' if number in FULL else 'Mend that'}, then {way}"
