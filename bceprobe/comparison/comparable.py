"""What must be the same in arms that are compared for a comparison to mean anything, and what differs between them."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from bceprobe.comparison.arms import FROM, differing, procedure, short
from bceprobe.errors import UsageError
from bceprobe.settings import flatten

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from bceprobe.comparison.arms import Arm
    from bceprobe.comparison.design import Cell, Design
    from bceprobe.store import Run

SAME = ("data.", "model.", "capture.")
MAY_DIFFER = {"model.bias_mean"}
SPLITS = ("train", "test")
CHECKSUMS = tuple(f"provenance.data.{split}.sha256" for split in SPLITS)
SIZES = ("classes", "features")
# What is read from the stores, by split: which samples of which classes were captured.
CAPTURED = tuple(f"{split}.{name}" for split in SPLITS for name in ("target", "index"))


class Difference(NamedTuple):
    """A setting, or something that was measured, that should be equal and is not: its values in two runs or arms."""

    key: str
    one: str
    other: str
    values: str

    @property
    def sentence(self) -> str:
        """What differs, with both values."""
        return f"{self.key} ({self.values})"


def check_comparable(design: Design, allowed: Collection[str] = ()) -> tuple[Difference, ...]:
    """Refuse arms of which no difference could be put down to what is compared.

    Parameters
    ----------
    design
        Its arms are checked within each cell. The compared factor may differ, unless it is one of the data.
    allowed
        Keys that may differ all the same: settings, and those in `CHECKSUMS`, `SIZES` and `CAPTURED`.

    Returns
    -------
    tuple of Difference
        What differs and was allowed, each key once.

    Raises
    ------
    UsageError
        Other data, split, model, captured samples, feature length or number of classes; or an unknown key is allowed.
    """
    _check_known(design, allowed)
    found: dict[str, Difference] = {}
    for difference in (one for cell in design.cells for one in _differences(cell, design.factor)):
        if difference.key not in allowed:
            what = f"{difference.one} and {difference.other} cannot be compared: they differ in {difference.sentence}"
            raise UsageError(what, f"Compare like with like, or permit it: --allow-different {difference.key}")
        found.setdefault(difference.key, difference)
    return tuple(found.values())


def common_splits(runs: Sequence[Run]) -> tuple[str, ...]:
    """List the splits in which every run has a written epoch; the train split must be among them."""
    splits = [split for split in SPLITS if all(split in run.splits and run.epochs(split) for run in runs)]
    if "train" not in splits:
        empty = next(run for run in runs if "train" not in run.splits or not run.epochs("train"))
        raise UsageError(f"{empty.location} has no written epoch of the train split", "Capture one before comparing")
    return tuple(splits)


def common_epochs(runs: Sequence[Run], splits: Sequence[str]) -> list[int]:
    """List the epochs that every run has in every split, increasing; possibly none."""
    return sorted(set.intersection(*(set(run.epochs(split)) for run in runs for split in splits)))


def varied_settings(arms: Sequence[Arm]) -> dict[str, tuple[Any, ...]]:
    """Return what differs between the arms: setting by dotted key -> its value in each arm (None: not set)."""
    keys = {key for arm in arms[1:] for key in differing(arms[0].settings, arm.settings)}
    return {key: tuple(arm.settings.get(key) for arm in arms) for key in sorted(keys)}


def class_counts(run: Run, split: str) -> list[int]:
    """Count the captured samples of every class."""
    return [int(held) for held in np.bincount(run.split(split).target, minlength=sizes(run)[0])]


def like_first(arms: Sequence[Arm]) -> list[Arm]:
    """Keep the arms with the classes and train samples per class of the first one; others may have been allowed."""
    counts = class_counts(arms[0].runs[0], SPLITS[0])
    return [arm for arm in arms if class_counts(arm.runs[0], SPLITS[0]) == counts]


def sizes(run: Run) -> tuple[int, int]:
    """Return the number of classes and the feature length."""
    classes, length = run.array("classifier", "weight").shape[1:]
    return int(classes), int(length)


def _check_known(design: Design, allowed: Collection[str]) -> None:
    settings = {key for arm in design.arms for run in arm.runs for key in {*flatten(run.settings), *procedure(run)}}
    known = {*settings, *CHECKSUMS, *SIZES, *CAPTURED}
    for key in allowed:
        if key not in known:
            close = get_close_matches(key, known, n=1)
            hint = f"Did you mean {close[0]}" if close else "Settings have dotted keys, like data.limit_per_class"
            raise UsageError(f"no run has {key!r}, which is to be allowed to differ", hint)


def _differences(cell: Cell, factor: str) -> Iterator[Difference]:
    """Find what differs: first settings, then what runs say of their data, then what their stores hold."""
    reference, *others = cell.arms
    for arm in others:
        for key in differing(reference.settings, arm.settings):
            if _is_same(key) and not _compared(key, factor):
                values = [short(repr(either.settings.get(key))) for either in (reference, arm)]
                yield Difference(key, reference.label, arm.label, " and ".join(values))
    first, *runs = (run for arm in cell.arms for run in arm.runs)
    for run in runs:
        for key, values in _measured(first, run):
            yield Difference(key, first.location, run.location, " and ".join(values))


def _is_same(key: str) -> bool:
    """Tell whether a setting must be the same, be it of a run or of the one that it started from."""
    own = key.rpartition(FROM)[2]
    return own.startswith(SAME) and own not in MAY_DIFFER


def _compared(key: str, factor: str) -> bool:
    """Tell whether a setting belongs to the one that is compared, where that is not one of data or captures."""
    table = factor.rpartition(".")[0]
    return table == "model" and key.startswith("model.")


def _measured(first: Run, run: Run) -> Iterator[tuple[str, list[str]]]:
    """Find what differs between two runs beside their settings: key and both values."""
    ours, theirs = ({key: flatten(one.manifest).get(key) for key in CHECKSUMS} for one in (first, run))
    for key in CHECKSUMS:
        if ours[key] and theirs[key] and ours[key] != theirs[key]:
            yield key, [short(ours[key], 12), short(theirs[key], 12)]
    for key, one, other in zip(SIZES, sizes(first), sizes(run), strict=True):
        if one != other:
            yield key, [str(one), str(other)]
    for split in common_splits([first, run]):
        yield from _captured(first, run, split)


def _captured(first: Run, run: Run, split: str) -> Iterator[tuple[str, list[str]]]:
    """Compare the samples of a split: how many of each class, else which ones."""
    counts = [class_counts(one, split) for one in (first, run)]
    if counts[0] != counts[1]:
        label = next(at for at in range(max(map(len, counts))) if counts[0][at : at + 1] != counts[1][at : at + 1])
        held = [sum(one[label : label + 1]) for one in counts]
        yield f"{split}.target", [f"{held[0]}", f"{held[1]} samples of class {label}"]
        return
    ours, theirs = (np.sort(one.array(split, "index")[:]) for one in (first, run))
    if not np.array_equal(ours, theirs):
        at = int(np.flatnonzero(ours != theirs)[0])
        yield f"{split}.index", [f"sample {ours[at]}", f"{theirs[at]} (the first that differs)"]
