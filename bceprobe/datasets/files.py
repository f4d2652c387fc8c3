"""Files of data sets that are not embedded: found, downloaded when asked, or reported with what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bceprobe.errors import DataNotFoundError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from bceprobe.datasets.base import Place

GIVE_FOLDER = "Give the folder that holds it with --data-dir or BCEPROBE_DATA_DIR, or fetch it with --download"


def require_files(name: str, files: Sequence[Path], place: Place, download: Callable[[], object]) -> None:
    """Make sure that the files of a data set are there; `download` is called only if some lack and it was asked for.

    Raises
    ------
    DataNotFoundError
        A file is missing, or the download failed.
    """
    if place.download and _missing(files):
        _fetch(name, place, download)
    if missing := _missing(files):
        raise DataNotFoundError(f"no {name} data in {place.data_dir}: {missing[0]} is missing", GIVE_FOLDER)


def damaged(name: str, file: Path) -> UsageError:
    """Make the error for a file whose checksum is not that of the published data set."""
    return UsageError(f"{file} is damaged: its checksum is not that of {name}", "Delete it and use --download")


def _missing(files: Sequence[Path]) -> list[Path]:
    return [file for file in files if not file.is_file()]


def _fetch(name: str, place: Place, download: Callable[[], object]) -> None:
    try:
        download()
    except (OSError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        hint = "Check the connection, or give --data-dir with a copy made elsewhere"
        raise DataNotFoundError(f"downloading {name} to {place.data_dir} failed ({reason})", hint) from error
