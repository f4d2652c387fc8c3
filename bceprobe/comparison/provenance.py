"""Where every number of a comparison comes from: the runs, what they share, and what is each one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bceprobe.analysis import unique_labels
from bceprobe.comparison.comparable import class_counts, sizes
from bceprobe.report import Cell, Column, Details, Table, Text
from bceprobe.report.numbers import UNDEFINED
from bceprobe.settings import flatten

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bceprobe.comparison.model import Comparison
    from bceprobe.report.model import Block
    from bceprobe.store import Run

# Arms beyond which each has a row of its own.
FEW = 6
COLUMNS = (
    Column("Run"),
    Column("Arm"),
    Column("Seed", numeric=True),
    Column("Status"),
    Column("Captured epochs", numeric=True),
    Column("Last epoch", numeric=True),
    Column("Train samples", numeric=True),
    Column("Test samples", numeric=True),
)


def provenance(comparison: Comparison) -> tuple[Block, ...]:
    """Lay out the runs, and folded away the settings and records that they share and those that differ."""
    runs = [run for arm in comparison.arms for run in arm.runs]
    labels, records = unique_labels(runs), [_record(run) for run in runs]
    shared = {key: value for key, value in records[0].items() if all(key in r and r[key] == value for r in records)}
    classes, length = sizes(runs[0])
    return (
        Text(f"{len(runs)} runs, {classes} classes, features of length {length}."),
        *_varied(comparison),
        _runs(comparison, dict(zip(runs, labels, strict=True))),
        Details("The same in every run", (_listing("Settings and records shared by all runs", shared),)),
        Details("What is each run's own", (_own(labels, [_without(record, shared) for record in records]),)),
    )


def _varied(comparison: Comparison) -> Iterator[Table]:
    """Lay out the settings in which the arms differ, if any: a column per arm, or a row where there are many."""
    caption, varied = "What differs between the arms", comparison.varied
    labels, keys = [arm.label for arm in comparison.arms], list(varied)
    cells = [[_text(value) for value in values] for values in varied.values()]
    if len(labels) > FEW:
        heads, columns, cells = labels, ["Arm", *keys], [list(row) for row in zip(*cells, strict=True)]
    else:
        heads, columns = keys, ["Setting", *labels]
    rows = tuple((Cell(head), *map(Cell, row)) for head, row in zip(heads, cells, strict=True))
    if varied:
        yield Table(caption, tuple(map(Column, columns)), rows, sortable=False)


def _runs(comparison: Comparison, labels: Mapping[Run, str]) -> Table:
    rows = [
        (Cell(labels[run]), Cell(arm.label), _count(seed), *_state(run))
        for arm in comparison.arms
        for run, seed in zip(arm.runs, arm.seeds, strict=True)
    ]
    return Table("Runs", COLUMNS, tuple(rows))


def _state(run: Run) -> tuple[Cell, ...]:
    epochs = run.epochs("train")
    samples = [_count(sum(class_counts(run, split)) if split in run.splits else None) for split in ("train", "test")]
    return (Cell(str(run.manifest.get("status", "unknown"))), _count(len(epochs)), _count(epochs[-1]), *samples)


def _count(value: int | None) -> Cell:
    return Cell(UNDEFINED) if value is None else Cell(str(value), float(value))


def _record(run: Run) -> dict[str, str]:
    """Flatten settings and run.json into text by dotted key."""
    record = {f"settings.{key}": value for key, value in flatten(run.settings).items()}
    return {key: _text(value) for key, value in {**record, **flatten(run.manifest)}.items()}


def _text(value: Any) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _without(record: dict[str, str], shared: dict[str, str]) -> dict[str, str]:
    return {key: value for key, value in record.items() if key not in shared}


def _own(labels: Sequence[str], records: Sequence[dict[str, str]]) -> Table:
    """Lay out what differs, in one table for all runs, to be filtered by a run or by a key."""
    columns = (Column("Run"), Column("Key"), Column("Value"))
    rows = [
        (Cell(label), Cell(key), Cell(value))
        for label, record in zip(labels, records, strict=True)
        for key, value in sorted(record.items())
    ]
    return Table("Settings and records that differ between runs", columns, tuple(rows))


def _listing(caption: str, record: dict[str, str]) -> Table:
    rows = tuple((Cell(key), Cell(value)) for key, value in sorted(record.items()))
    return Table(caption, (Column("Key"), Column("Value")), rows, sortable=False)
