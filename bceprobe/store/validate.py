"""Check a run against its specification, down to the last checksum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.errors import StoreCorruptError, StoreError, StoreNotFoundError
from bceprobe.store import schema
from bceprobe.store.documents import read_document
from bceprobe.store.location import child
from bceprobe.store.manifest import FILE as MANIFEST
from bceprobe.store.manifest import STATUSES
from bceprobe.store.metadata import FILE, listed, read_root
from bceprobe.store.run import Run, is_run
from bceprobe.store.structure import structure_problems

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from bceprobe.store.arrays import StoredArray


def validate(location: str | Path) -> list[str]:
    """List everything that is wrong with a run, one sentence each; an empty list means valid.

    All data of written epochs is read once, one chunk at a time.

    Raises
    ------
    StoreNotFoundError
        There is no run or no store.
    StoreVersionError
        No bceprobe store, or a version that this program does not know.
    """
    run = Run(str(location))
    if not is_run(run.location):
        raise StoreNotFoundError(f"no run at {location}", f"A run is a folder with {MANIFEST} and {schema.STORE}")
    try:
        members = listed(read_root(run.path), run.path)
    except StoreCorruptError as error:
        return [*_documents(run), error.what]
    groups = [group for group in (schema.CLASSIFIER, *schema.SPLITS) if group in members]
    structure = [problem for group in groups for problem in structure_problems(run.root, run.path, group)]
    books = [] if structure else list(_books(run, groups))
    numbers = [] if structure or books else [problem for group in groups for problem in _numbers(run, group)]
    return [*_documents(run), *_consolidation(run, members, groups), *structure, *books, *numbers]


def _documents(run: Run) -> Iterator[str]:
    """Check run.json and config.toml, where they are."""
    try:
        status = run.manifest.get("status")
        if run.manifest and status not in STATUSES:
            yield f"{child(run.location, MANIFEST)}: status is {status!r}, not one of {', '.join(STATUSES)}"
    except StoreError as error:
        yield error.what
    try:
        _ = run.settings
    except StoreError as error:
        yield error.what


def _consolidation(run: Run, members: dict[str, Any], groups: list[str]) -> Iterator[str]:
    """Check that what the root lists is what each group and array says of itself."""
    if groups and schema.CLASSIFIER not in groups:
        yield f"{child(run.path, FILE)} lists no group {schema.CLASSIFIER}"
    names = [f"{group}/{spec.name}" for group in groups for spec in schema.group_arrays(group)]
    for name in [*groups, *names]:
        try:
            same = _plain(read_document(child(run.path, name, FILE))) == _plain(members.get(name))
        except StoreCorruptError:
            continue
        if not same:
            yield f"{child(run.path, FILE)} lists {name} otherwise than {child(run.path, name, FILE)}"


def _plain(document: Any) -> Any:
    """Leave out what only a copy of group metadata has."""
    if not isinstance(document, dict):
        return document
    return {key: value for key, value in document.items() if key != "consolidated_metadata"}


def _books(run: Run, groups: list[str]) -> Iterator[str]:
    """Check which epochs there are and which are marked as written; splits are compared with the classifier."""
    for group in groups:
        problems = [*_shared(run, group, "epoch"), *_shared(run, group, "written")]
        yield from problems
        if problems and group == schema.CLASSIFIER:
            return


def _numbers(run: Run, group: str) -> Iterator[str]:
    """Check what the written epochs of a group hold."""
    written = np.flatnonzero(run.array(group, "written")[:]).tolist()
    if written and group != schema.CLASSIFIER:
        yield from _shared(run, group, "target")
        yield from _shared(run, group, "index")
    numbers = run.array(group, "epoch")[:]
    for position in written:
        yield from _epoch(run, group, position, int(numbers[position]))


def _shared(run: Run, group: str, name: str) -> Iterator[str]:
    array = run.array(group, name)
    defects = list(_defects([array]))
    yield from defects
    if not defects and (problem := _impossible(run, name, array[:])):
        yield f"{array.path}: {problem}"


def _impossible(run: Run, name: str, values: NDArray[Any]) -> str:
    """Say what is wrong with the epochs, labels or places in the data set of a group."""
    if name == "epoch" and not (values.min() >= 0 and (np.diff(values) > 0).all()):
        return "epochs are not increasing from 0 on"
    if name == "epoch" and not np.array_equal(values, run.array(schema.CLASSIFIER, "epoch")[:]):
        return f"epochs are not those of {schema.CLASSIFIER}"
    classes = run.array(schema.CLASSIFIER, "weight").shape[1]
    if name == "target" and not (values.min() >= 0 and values.max() < classes):
        return f"labels {values.min()}..{values.max()} are outside 0..{classes - 1}"
    return "a place in the data set is below 0" if name == "index" and values.min() < 0 else ""


def _epoch(run: Run, group: str, position: int, epoch: int) -> Iterator[str]:
    if group == schema.CLASSIFIER:
        owner = f"epoch {epoch}, {group}"
        yield from _defects(run.array(group, name, position, owner) for name in ("weight", "bias"))
        return
    if not run.array(schema.CLASSIFIER, "written")[:][position]:
        yield f"{child(run.path, group)}: epoch {epoch} is written without its classifier"
    yield from _defects([run.array(group, "features", position, f"epoch {epoch}, split {group}")])


def _defects(arrays: Iterable[StoredArray]) -> Iterator[str]:
    for array in arrays:
        yield from filter(None, (array.defect(path, rows) for path, rows in array.objects()))
