"""Check a store against its specification, down to the last checksum."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.errors import StoreCorruptError
from bceprobe.store import schema
from bceprobe.store.location import child, exists
from bceprobe.store.run import Run, StoredFeatures, open_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def validate(location: str | Path) -> list[str]:
    """List everything that is wrong with a store, one sentence each; an empty list means valid.

    All data of written epochs is read once, one chunk at a time.

    Raises
    ------
    StoreError
        There is no store, or its version is not known.
    """
    run = open_run(location)
    problems = [problem for group in (schema.CLASSIFIER, *run.splits) for problem in _structure(run, group)]
    return problems or [problem for group in (schema.CLASSIFIER, *run.splits) for problem in _content(run, group)]


def _structure(run: Run, group: str) -> Iterator[str]:
    for spec in schema.group_arrays(group):
        where = child(run.path, group, spec.name)
        try:
            array = run.array(group, spec.name)
        except StoreCorruptError:
            yield f"{where}: the array is missing"
            continue
        if array.metadata.dimension_names != spec.dims:  # type: ignore[union-attr]
            yield f"{where}: dimensions are {array.metadata.dimension_names}, not {spec.dims}"  # type: ignore[union-attr]
        allowed = schema.FEATURE_DTYPES if spec.name == "features" else (spec.dtype,)
        if str(array.dtype) not in allowed:
            yield f"{where}: data type is {array.dtype}, not {' or '.join(allowed)}"
        expected = tuple(_sizes(run, group).get(dim) for dim in spec.dims)
        if array.shape != expected:
            yield f"{where}: shape is {array.shape}, not {expected}"


def _sizes(run: Run, group: str) -> dict[str, Any]:
    """Take the sizes every array must agree with: epochs, K and d of `weight`, N of `target`."""
    weight = run.root.get(f"{schema.CLASSIFIER}/weight")
    target = run.root.get(f"{group}/target")
    named: dict[str, Any] = dict(zip(("epoch", "label", "feature"), getattr(weight, "shape", ()), strict=False))
    return {**named, "sample": getattr(target, "shape", (None,))[0]}


def _content(run: Run, group: str) -> Iterator[str]:
    yield from _checked(run, group, "epoch", _epochs_increase)
    yield from _checked(run, group, "written", lambda _: "")
    written = np.flatnonzero(_values(run, group, "written"))
    if group == schema.CLASSIFIER:
        for position in written:
            yield from _chunks(run, group, "weight", int(position))
            yield from _chunks(run, group, "bias", int(position))
        return
    if written.size:
        classes = run.array(schema.CLASSIFIER, "weight").shape[1]
        yield from _chunks(run, group, "target", 0)
        yield from _chunks(run, group, "index", 0)
        yield from _checked(run, group, "target", lambda target: _labels(target, classes))
    for position in written:
        yield from _features(run, group, int(position))


def _features(run: Run, split: str, position: int) -> Iterator[str]:
    epoch = int(_values(run, split, "epoch")[position])
    if not _values(run, schema.CLASSIFIER, "written")[position]:
        yield f"{child(run.path, schema.CLASSIFIER)}: epoch {epoch} of {split} is written without its classifier"
    features, unit = StoredFeatures(run, split, position, epoch), run.array(split, "features").chunks[1]
    for start in range(0, features.shape[0], unit):
        try:
            features[start : start + unit]
        except StoreCorruptError as error:
            yield error.what
            return


def _chunks(run: Run, group: str, name: str, position: int) -> Iterator[str]:
    for key in run.chunk_keys(group, name, position):
        path = child(run.path, group, name, key)
        if not exists(path):
            yield f"chunk {path} is missing"
            return
    try:
        values = np.asarray(run.array(group, name)[position])
    except ValueError as error:
        yield f"chunk {child(run.path, group, name)} is damaged: {error}".rstrip(".")
        return
    if not np.isfinite(values).all():
        yield f"{child(run.path, group, name)}: NaN or inf at position {position}"


def _checked(run: Run, group: str, name: str, check: Any) -> Iterator[str]:
    try:
        problem = check(_values(run, group, name))
    except (StoreCorruptError, ValueError) as error:
        problem = str(error)
    if problem:
        yield f"{child(run.path, group, name)}: {problem}"


def _values(run: Run, group: str, name: str) -> Any:
    return np.asarray(run.array(group, name)[:])


def _epochs_increase(epochs: Any) -> str:
    return "" if (np.diff(epochs) > 0).all() and epochs.size else "epochs do not increase"


def _labels(target: Any, classes: int) -> str:
    inside = target.min() >= 0 and target.max() < classes
    return "" if inside else f"labels {target.min()}..{target.max()} are outside 0..{classes - 1}"
