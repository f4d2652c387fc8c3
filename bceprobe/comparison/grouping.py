"""Putting runs into arms by their settings, so that a folder of runs can be drawn without saying what belongs together.

Names are never read: what differs is read from the settings, or from what a run says of its training.
"""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

from bceprobe.analysis import shared_labels
from bceprobe.comparison.arms import Arm, by_seed, label_of, procedure
from bceprobe.comparison.varying import LOSS, Columns, by_name, short_number
from bceprobe.errors import UsageError
from bceprobe.figures.labels import LONGEST
from bceprobe.registry import nearest
from bceprobe.report import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bceprobe.store import Run

# The paper's losses come first, so that CE is what BCE is set against.
ORDER = ("ce", "bce")


def group(runs: Sequence[Run]) -> tuple[Arm, ...]:
    """Put runs that differ in nothing but their seed into an arm.

    Parameters
    ----------
    runs
        Each once. A run without settings goes by what it says of its training, and is an arm of its own if it says
        nothing.

    Returns
    -------
    tuple of Arm
        CE first, then BCE, then others; by their settings. Labels say what differs.
    """
    found: dict[str, list[Run]] = {}
    for run in runs:
        found.setdefault(_key(run), []).append(run)
    groups = sorted(found.values(), key=lambda part: _rank(known(part[0])))
    ordered = [tuple(sorted(part, key=by_seed)) for part in groups]
    labels = _labels(ordered)
    return tuple(Arm(label, part[0].location, part) for label, part in zip(labels, ordered, strict=True))


def known(run: Run) -> dict[str, Any]:
    """Return what is known of the training of a run, by dotted key: its settings, or what it was recorded with."""
    if settings := procedure(run):
        return settings
    said = run.said("provenance", "training")
    return {LOSS if key == "loss" else key: value for key, value in said.items()}


def loss_of(run: Run) -> str:
    """Name the loss of a run; empty where it is not known."""
    return str(known(run).get(LOSS, ""))


def varying(arms: Sequence[Arm]) -> list[str]:
    """List the settings in which some arms differ."""
    return list(Columns([known(arm.runs[0]) for arm in arms]).columns)


def factor_of(arms: Sequence[Arm], asked: str = "") -> str:
    """Find the setting to draw over: the one that is asked for, or the only one besides the loss that varies.

    Parameters
    ----------
    arms
        Of `group`.
    asked
        A dotted key, or its last part.

    Returns
    -------
    str
        A dotted key; that of the loss where nothing else varies.

    Raises
    ------
    UsageError
        The arms do not vary in what is asked for, or vary in several settings and none is asked for.
    """
    keys = varying(arms)
    others = [key for key in _telling([known(arm.runs[0]) for arm in arms]) if key != LOSS]
    if not asked:
        if len(others) > 1:
            raise UsageError("the runs differ in several settings", f"Choose one: --factor {' or '.join(others)}")
        return others[0] if others else LOSS
    matching = [key for key in keys if asked in {key, key.rpartition(".")[2]}]
    if len(matching) != 1:
        raise UsageError(f"the runs do not vary in {asked!r}", nearest(asked, keys) if keys else "They vary in nothing")
    return matching[0]


def labels_without(arms: Sequence[Arm], factor: str) -> list[str]:
    """Label arms by everything that varies but one setting; empty where nothing else does."""
    settings = [known(arm.runs[0]) for arm in arms]
    keys = [key for key in _telling(settings) if key != factor]
    return [_said(said, keys) for said in settings]


def level(value: object) -> tuple[bool, float, str]:
    """Order values of a setting: numbers by size, before words."""
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return (not number, float(value) if number else math.inf, str(value))  # type: ignore[arg-type]  # a number


def _key(run: Run) -> str:
    said = known(run)
    return json.dumps(said, sort_keys=True, default=str) if said else run.location


def _rank(said: dict[str, Any]) -> list[tuple[Any, ...]]:
    loss = said.get(LOSS, "")
    place = ORDER.index(loss) if loss in ORDER else len(ORDER)
    return [(place, str(loss)), *((key, level(value)) for key, value in sorted(said.items()) if key != LOSS)]


def _telling(settings: Sequence[dict[str, Any]]) -> list[str]:
    """List the settings that vary, the loss and other names first, without those that follow from others."""
    columns = Columns(settings)
    others = columns.independent(by_name(key for key in columns.columns if key != LOSS))
    return [LOSS, *others] if LOSS in columns.columns else others


def _labels(groups: Sequence[Sequence[Run]]) -> list[str]:
    """Label arms by what differs, or by where they are if that does not tell them apart in as much as figures show."""
    settings = [known(part[0]) for part in groups]
    keys = _telling(settings) or [LOSS]
    labels = [_said(said, keys) for said in settings]
    if not all(labels) or len(set(labels)) < len(labels) or max(map(len, labels)) > LONGEST:
        return [printable(label) for label in shared_labels(groups)]
    return labels


def _said(said: dict[str, Any], keys: Sequence[str]) -> str:
    """Name the loss, then other settings with their values; a value that is a name stands alone."""
    loss = str(said.get(LOSS, "")) if LOSS in keys else ""
    parts = [label_of(loss)] if loss else []
    for key in (key for key in keys if key != LOSS):
        name, value = key.rpartition(".")[2], said.get(key, "default")
        parts.append(str(value) if name == "name" else f"{name} {_short(value)}")
    return printable(", ".join(parts))


def _short(value: object) -> str:
    return short_number(value) if isinstance(value, float) else str(value)
