"""What must be the same in all arms for a comparison to mean anything, and what differs between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bceprobe.comparison.arms import differing
from bceprobe.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.comparison.arms import Arm
    from bceprobe.store import Run

SAME = ("data.", "model.", "capture.")
MAY_DIFFER = {"model.bias_mean"}
HINT = "Compare runs of the same data, model and captured samples"


def check_comparable(arms: Sequence[Arm]) -> None:
    """Refuse arms of which no difference could be put down to the training procedure.

    Raises
    ------
    UsageError
        Another data set, model, feature length, number of classes or number of captured samples per class.
    """
    reference = arms[0]
    for arm in arms[1:]:
        for key in differing(reference.settings, arm.settings):
            if key.startswith(SAME) and key not in MAY_DIFFER:
                values = f"{reference.settings.get(key)!r} and {arm.settings.get(key)!r}"
                raise _refusal(reference.source, arm.source, f"setting {key} is {values}")
    first = reference.runs[0]
    for run in (run for arm in arms for run in arm.runs):
        if why := _mismatch(first, run):
            raise _refusal(first.location, run.location, why)


def common_splits(runs: Sequence[Run]) -> tuple[str, ...]:
    """List the splits in which every run has a written epoch; the train split must be among them."""
    splits = [split for split in ("train", "test") if all(split in run.splits and run.epochs(split) for run in runs)]
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
    return [int(count) for count in run.snapshot(run.epochs(split)[-1], split).class_counts]


def sizes(run: Run) -> tuple[int, int]:
    """Return the number of classes and the feature length."""
    classes, length = run.array("classifier", "weight").shape[1:]
    return int(classes), int(length)


def _mismatch(first: Run, run: Run) -> str:
    for name, ours, theirs in zip(("classes", "features"), sizes(first), sizes(run), strict=True):
        if ours != theirs:
            return f"they have {ours} and {theirs} {name}"
    for split in common_splits([first, run]):
        ours_per_class, theirs_per_class = class_counts(first, split), class_counts(run, split)
        if differ := np.flatnonzero(np.not_equal(ours_per_class, theirs_per_class)).tolist():
            label = differ[0]
            counts = f"{ours_per_class[label]} and {theirs_per_class[label]}"
            return f"their {split} splits hold {counts} samples of class {label}"
    return ""


def _refusal(one: str, other: str, why: str) -> UsageError:
    return UsageError(f"{one} and {other} cannot be compared: {why}", HINT)
