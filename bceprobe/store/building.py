"""New groups of a store: built complete where no reader looks, then moved in, then made visible.

A process that is killed on the way leaves `.building`, which nobody reads, and which the next writer removes.
"""

from __future__ import annotations

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import zarr

from bceprobe.errors import FolderInUseError
from bceprobe.store import schema
from bceprobe.store.location import PARTIAL, child, is_url, make_folder, sync, sync_tree, write_bytes
from bceprobe.store.metadata import consolidate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

BUILDING = ".building"
STORE = "store.zarr"


def create_store(location: str, epochs: Sequence[int], sizes: Mapping[str, int]) -> None:
    """Make the store of a run with its classifier group, in which no epoch is written.

    Raises
    ------
    FolderInUseError
        There is something that is no store.
    """
    with _building(location) as folder:
        zarr.create_group(folder, attributes=schema.ROOT_ATTRIBUTES)
        _build(folder, schema.CLASSIFIER, schema.CLASSIFIER_ARRAYS, epochs, sizes)
        consolidate(str(folder))
        try:
            _install(folder, child(location, STORE))
        except OSError as error:
            raise FolderInUseError(f"{child(location, STORE)} is in the way", "Remove it") from error


def add_split(
    location: str, split: str, epochs: Sequence[int], sizes: Mapping[str, int], *, dtype: str, shard: bool
) -> None:
    """Add the group of a split, in which no epoch is written."""
    with _building(location) as folder:
        _build(folder, split, schema.split_arrays(dtype), epochs, sizes, shard=shard)
        _install(folder / split, child(location, STORE, split))
    consolidate(child(location, STORE))


def remove_leftovers(location: str) -> None:
    """Remove what a killed process had not finished; none of it counts."""
    if not is_url(location):
        shutil.rmtree(child(location, BUILDING), ignore_errors=True)
        for partial in Path(child(location, STORE)).rglob(f"*{PARTIAL}"):
            partial.unlink()


@contextmanager
def _building(location: str) -> Iterator[Path]:
    """Give an empty folder on the disk of the run, or any folder where the run is at a URL."""
    if is_url(location):
        with tempfile.TemporaryDirectory() as temporary:
            yield Path(temporary)
        return
    folder = Path(child(location, BUILDING))
    shutil.rmtree(folder, ignore_errors=True)
    make_folder(folder)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def _build(
    folder: Path,
    name: str,
    arrays: Sequence[schema.ArraySpec],
    epochs: Sequence[int],
    sizes: Mapping[str, int],
    *,
    shard: bool = False,
) -> None:
    group = zarr.create_group(folder, path=name)
    for spec in arrays:
        schema.create_array(group, spec, sizes, shard=shard)
    # mypy cannot know that these members are arrays; they were just created.
    group["epoch"][:] = np.array(epochs)  # type: ignore[index]
    group["written"].with_config({"write_empty_chunks": True})[:] = False  # type: ignore[union-attr]


def _install(built: Path, path: str) -> None:
    """Move a complete group to its place; at a URL its own zarr.json, which makes it exist, comes last."""
    if is_url(path):
        files = [file for file in built.rglob("*") if file.is_file()]
        for file in sorted(files, key=lambda file: -len(file.parts)):
            write_bytes(child(path, file.relative_to(built).as_posix()), file.read_bytes())
        return
    sync_tree(built)
    built.rename(path)
    sync(Path(path).parent)
