"""Which settings vary between runs, and how they go together: what a factorial design is read from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from bceprobe.comparison.arms import label_of, procedure, short
from bceprobe.errors import UsageError
from bceprobe.report import printable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from bceprobe.store import Run

LOSS = "loss.name"
NAME = ".name"
# What a stage of a protocol trains, which goes with all else in which it differs; settings of the run it started from.
STAGE, FROM = "optim.parameters", "from."
Value = str | None
Values = tuple[Value, ...]


class Columns:
    """The settings that vary: by dotted key, each value as text, None where there is none.

    Parameters
    ----------
    settings
        By dotted key, of each run, say.
    ignored
        Settings that are left out.
    """

    def __init__(self, settings: Sequence[Mapping[str, Any]], ignored: Collection[str] = ()) -> None:
        self.count = len(settings)
        keys = sorted({key for one in settings for key in one} - set(ignored))
        columns = {key: [_text(one.get(key)) for one in settings] for key in keys}
        self.columns = {key: values for key, values in columns.items() if len(set(values)) > 1}

    def labels(self) -> list[str]:
        """Label each by as many of the settings that vary as it takes, names first."""
        keys = self.separating(self.telling(list(self.columns)))
        return [label(keys, values) if keys else "" for values in self.of(keys)]

    def of(self, keys: Sequence[str]) -> list[Values]:
        """Return the values of some settings, a tuple for every run."""
        return [tuple(self.columns[key][at] for key in keys) for at in range(self.count)]

    def depends(self, key: str, *others: str) -> bool:
        """Whether all values of others, taken together, go with one value of `key`."""
        return len(set(self.of([*others, key]))) == len(set(self.of(others)))

    def optional(self, key: str, other: str) -> bool:
        """Whether a setting does not exist under some value of `other`."""
        having = {value for value, mine in self.of([other, key]) if mine is not None}
        return having < set(self.columns[other])

    def groups(self, keys: Sequence[str]) -> list[tuple[str, ...]]:
        """Put settings together that cannot vary independently: one follows from, or exists by the other."""
        found: list[tuple[str, ...]] = []
        for key in keys:
            linked = [group for group in found if any(self._linked(key, other) for other in group)]
            rest = [group for group in found if group not in linked]
            found = [*rest, (*(other for group in linked for other in group), key)]
        return sorted(found, key=lambda group: keys.index(min(group, key=keys.index)))

    def independent(self, keys: Sequence[str]) -> list[str]:
        """Drop settings that follow from names and settings of fewer values, as a rate may from optimizer and batch."""
        return [key for key in keys if is_name(key) or not self._follows(key, keys)]

    def telling(self, keys: Sequence[str]) -> list[str]:
        """Drop settings that follow from others; names stay, unless they follow from each other."""
        ranked = self.independent(by_name(keys))
        return [key for at, key in enumerate(ranked) if not any(self._told(key, ranked[:at], o) for o in ranked)]

    def _linked(self, key: str, other: str) -> bool:
        return any(test(*both) for test in (self.depends, self.optional) for both in ((key, other), (other, key)))

    def separating(self, keys: Sequence[str]) -> list[str]:
        """Drop settings, the last first, as long as the others tell apart what all do; names stay."""
        kept = list(keys)
        for key in [key for key in reversed(keys) if not is_name(key)]:
            rest = [other for other in kept if other != key]
            kept = rest if self.depends(key, *rest) else kept
        return kept

    def _follows(self, key: str, keys: Sequence[str]) -> bool:
        values = {other: len(set(self.columns[other])) for other in keys}
        others = [other for other in keys if is_name(other) or values[other] < values[key]]
        return self.depends(key, *others)

    def _told(self, key: str, before: Sequence[str], other: str) -> bool:
        if other == key or not self.depends(key, other):
            return False
        return other in before if self.depends(other, key) else not is_name(key)


class Varying(Columns):
    """The settings that vary between runs.

    Parameters
    ----------
    runs
        All with settings.
    ignored
        Settings that are left out.

    Raises
    ------
    UsageError
        A run without settings.
    """

    def __init__(self, runs: Sequence[Run], ignored: Collection[str] = ()) -> None:
        self.runs, found = runs, [procedure(run) for run in runs]
        for run, settings in zip(runs, found, strict=True):
            if not settings:
                what = f"run {run.location} has no settings from which a design could be read"
                raise UsageError(what, "Give each arm a location of its own")
        super().__init__(found, ignored)


def is_name(key: str) -> bool:
    """Tell whether other settings may go with this one, as they do with the name of a model."""
    return key == STAGE or (key.endswith(NAME) and not key.startswith(FROM))


def by_name(keys: Iterable[str]) -> list[str]:
    """Order settings: names first, such as ``optim.name``."""
    return sorted(keys, key=lambda key: (not is_name(key), key))


def label(keys: Sequence[str], values: Values) -> str:
    """Name some values of settings, such as ``"sgd, lr 0.1"``; those that there are not are left out."""
    named = [_named(key, value) for key, value in zip(keys, values, strict=True) if value is not None]
    return ", ".join(named or [f"no {key}" for key in keys])


def short_number(value: float) -> str:
    """Write a number without what says nothing, and with all of its digits.

    Examples
    --------
    >>> short_number(10.0), short_number(5e-06), short_number(0.123456789)
    ('10', '5e-06', '0.123456789')
    """
    text = f"{value:g}"
    return text if float(text) == value else str(value)


def unique(labels: Sequence[str]) -> list[str]:
    """Add numbers to labels that are used before, so that all differ."""
    found: list[str] = []
    for text in labels:
        numbered: Iterator[str] = (f"{text} ({number})" for number in range(2, len(labels) + 2))
        found.append(text if text not in found else next(one for one in numbered if one not in found))
    return found


def _named(key: str, value: str) -> str:
    table, _, name = key.rpartition(".")
    if key == LOSS:
        return label_of(short(value))
    return short(value) if f".{name}" == NAME and table else f"{printable(name)} {short(value)}"


def _text(value: Any) -> Value:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return short_number(value)
    return " ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
