"""The tables of `bceprobe runs`: no wider than the terminal; what does not fit is named."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bceprobe.analysis.listing import BROKEN, differing, summarise
from bceprobe.cli.console import number, print_lines, print_table, stdout
from bceprobe.cli.store import print_description
from bceprobe.errors import StoreNotFoundError
from bceprobe.report import printable
from bceprobe.settings import flatten
from bceprobe.store.description import describe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bceprobe.analysis.listing import Summary
    from bceprobe.store import Run

# Settings that are shown first where runs differ in many.
FIRST = ("loss.name", "model.name", "data.name", "optim.name", "seed")
# Characters that a run's name gets at least, of a setting's value before it is cut, and between columns.
NAME, VALUE, GAP = 16, 12, 3
# Characters of a setting or fact that are shown; --json shows all.
LONGEST = 200
UNITS = (("GB", 1e9), ("MB", 1e6), ("kB", 1e3))
METRICS = {"test_accuracy": "test acc.", "train_nc1": "NC1"}


def print_runs(every: Sequence[Summary], places: Sequence[str]) -> None:
    """Print a line per run: settings that differ as far as they fit, epochs, state, metrics and size."""
    names = _names(every, places)
    facts = [[_progress(one), *_metrics(one), megabytes(one.bytes)] for one in every]
    heads = ["epochs", *METRICS.values(), "size"]
    taken = [
        min(NAME, max(map(len, ["run", *names]))),
        *(max(map(len, column)) for column in zip(heads, *facts, strict=True)),
    ]
    shown, left = _fitting(every, stdout().width - sum(taken) - GAP * len(heads))
    settings = [[_value(one, key) for key in shown] for one in every]
    rows = [[name, *own, *facts] for name, own, facts in zip(names, settings, facts, strict=True)]
    print_table(["run", *_labels(shown), *heads], rows, text=1 + len(shown))
    for name, one in zip(names, every, strict=True):
        if one.problem:
            print_lines(f"{name}: {printable(one.problem)}")
    if left:
        print_lines(f"They differ in more settings, which --json shows: {printable(', '.join(left))}.")


def run_document(run: Run) -> dict[str, Any]:
    """Describe a run as JSON: what `ls` says of it, where its settings come from, its provenance, and its store."""
    try:
        store = describe(run)
    except StoreNotFoundError:
        store = None
    found = {key: run.manifest.get(key) for key in ("provenance", "sources")}
    tables = {key: value if isinstance(value, dict) else {} for key, value in found.items()}
    return {"schema_version": 1, **asdict(summarise(run.location)), **tables, "store": store}


def print_run(document: dict[str, Any]) -> None:
    """Print what `run_document` says."""
    state = _status(document["status"]), f"{document['captured']} of {document['planned']} epochs captured"
    facts = {
        "run": document["run"],
        "state": ", ".join(state),
        "started": document["started"],
        "problem": document["problem"],
    }
    facts |= {name: number(value) for name, value in document["metrics"].items() if value is not None}
    print_table(["run", ""], [[name, printable(str(fact))] for name, fact in facts.items() if fact], text=2)
    sources = document["sources"]
    rows = [[key, _shown(value), str(sources.get(key, "default"))] for key, value in document["settings"].items()]
    if rows:
        print_table(["setting", "value", "from"], [[printable(cell) for cell in row] for row in rows], text=3)
    if made := list(_provenance(document["provenance"])):
        print_table(["provenance", ""], made, text=2)
    if document["store"]:
        print_description(document["store"])


def megabytes(size: int) -> str:
    """Write a size in the largest unit that it has one of.

    Examples
    --------
    >>> [megabytes(size) for size in (512, 43_380, 46_300_000, 2_149_000_000)]
    ['0.5 kB', '43 kB', '46 MB', '2.1 GB']
    """
    unit, power = next(((unit, power) for unit, power in UNITS if size >= power), UNITS[-1])
    return f"{size / power:.0f} {unit}" if size >= 10 * power else f"{size / power:.1f} {unit}"


def _names(every: Sequence[Summary], places: Sequence[str]) -> list[str]:
    """Name runs by their path below the one folder that was asked for, else by their location."""
    folder = Path(places[0]) if len(places) == 1 else None
    paths = [Path(one.run) for one in every]
    below = folder is not None and all(path != folder and path.is_relative_to(folder) for path in paths)
    return [
        printable(str(path.relative_to(folder) if below and folder else one.run))
        for path, one in zip(paths, every, strict=True)
    ]


def _progress(one: Summary) -> str:
    if one.status == BROKEN:
        return BROKEN
    if one.captured == one.planned and one.status in {"finished", None}:
        return str(one.captured)
    total = "" if one.captured == one.planned else f"/{one.planned}"
    return f"{one.captured}{total} {_status(one.status)}"


def _status(status: Any) -> str:
    return "state unknown" if status is None else printable(str(status)[:VALUE])


def _metrics(one: Summary) -> Iterator[str]:
    yield from (number(one.metrics.get(name)) for name in METRICS)


def _fitting(every: Sequence[Summary], room: int) -> tuple[list[str], list[str]]:
    """Divide the settings that differ into those that fit into a line, the most telling first, and the others."""
    shown: list[str] = []
    keys = differing(every)
    ordered = [key for key in FIRST if key in keys] + [key for key in keys if key not in FIRST]
    for key in ordered:
        width = GAP + max(map(len, [*_labels([key]), *(_value(one, key) for one in every)]))
        if width <= room:
            shown, room = [*shown, key], room - width
    return shown, [key for key in ordered if key not in shown]


def _labels(keys: Sequence[str]) -> list[str]:
    """Call a setting by the last word of its key, or that before a name; by the whole key where it is not unique."""
    short = [key.removesuffix(".name").rpartition(".")[2] for key in keys]
    counts = Counter(short)
    return [printable(name if counts[name] == 1 else key) for name, key in zip(short, keys, strict=True)]


def _value(one: Summary, key: str) -> str:
    return _shown(one.settings[key])[:VALUE] if key in one.settings else "-"


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    text = ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
    return printable(text if len(text) <= LONGEST else f"{text[:LONGEST]}...")


def _provenance(provenance: dict[str, Any]) -> Iterator[list[str]]:
    for key, value in flatten(provenance).items():
        if value not in (None, "", []):
            yield [printable(key), _shown(" ".join(map(str, value)) if isinstance(value, list) else value)]
