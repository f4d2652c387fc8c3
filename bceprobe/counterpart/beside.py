"""The published numbers beside measured ones: the one of the same training, or of one that differs in what is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bceprobe.published import differing, matching

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from bceprobe.published import Published

LOSS, DATA, MODEL = "loss.name", "data.name", "model.name"


@dataclass(frozen=True)
class Beside:
    """What is published of a cell.

    Parameters
    ----------
    records
        Those that could stand beside it.
    unlike
        How its settings differ from those of the only one: key -> (published, here). Empty where nothing differs.
    """

    records: tuple[Published, ...] = ()
    unlike: tuple[tuple[str, Any, Any], ...] = ()

    @property
    def one(self) -> Published | None:
        """The number that stands beside; None where none was published, or several, of which none is chosen."""
        return self.records[0] if len(self.records) == 1 else None

    @property
    def difference(self) -> str:
        """What the published number is for and what was trained here, if that is not the same; else empty.

        Where several numbers are for other trainings, it says how many.
        """
        if len(self.records) > 1:
            return f"{len(self.records)} numbers of other trainings; none is chosen"
        if not self.unlike:
            return ""
        theirs, ours = (_said({key: both[at] for key, *both in self.unlike}) for at in (0, 1))
        return f"{theirs}; here {ours}"


def exchanged(records: Sequence[Published], settings: Sequence[Mapping[str, Any]]) -> set[str]:
    """Find the settings that a scale exchanges: no point has the value of any record; a loss is never exchanged.

    Settings that vary between the points, such as the initial mean of the bias, keep telling records apart.
    """
    published: dict[str, list[Any]] = {}
    for record in records:
        for key, value in record.settings.items():
            published.setdefault(key, []).append(value)
    ours = {key: [one.get(key) for one in settings] for key in published}
    return {key for key, values in published.items() if key != LOSS and not any(one in values for one in ours[key])}


def beside(records: Sequence[Published], settings: Mapping[str, Any], ignored: Collection[str]) -> Beside:
    """Choose from the records of one metric and split: those of the same training, else those that differ in `ignored`.

    Examples
    --------
    >>> from bceprobe.published import published_records
    >>> run = {"loss.name": "ce", "data.name": "digits", "model.name": "resnet50", "optim.epochs": 30}
    >>> found = beside(published_records("table3")[:1], run, {"data.name"})
    >>> found.one.value, found.difference
    (0.7674, 'imagenet; here digits')
    """
    if exact := matching(records, settings):
        return Beside(exact)
    found = matching(records, settings, ignored)
    if len(found) != 1:
        return Beside(found)
    unlike = differing(found[0], settings)
    return Beside(found, tuple((key, found[0].settings[key], settings.get(key)) for key in unlike))


def _said(values: Mapping[str, Any]) -> str:
    """Write settings: a model on data, then others with their keys."""
    names = [str(values[key]) for key in (MODEL, DATA) if key in values]
    others = [f"{key} {value}" for key, value in values.items() if key not in {MODEL, DATA}]
    return ", ".join([*([" on ".join(names)] if names else []), *others])
