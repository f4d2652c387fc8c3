"""Writing what was drawn: each file is whole or not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.errors import UsageError
from bceprobe.store.location import replacing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def write_files(contents: Mapping[Path, bytes]) -> list[Path]:
    """Write files, making their folders; older ones are replaced.

    Raises
    ------
    UsageError
        A file that cannot be written.
    """
    for file, content in contents.items():
        try:
            with replacing(file) as opened:
                opened.write(content)
        except OSError as error:
            raise UsageError(f"cannot write {file} ({error.strerror})", "Choose another file") from error
    return list(contents)
