"""The published numbers as claims want them: by training, and as gains of BCE over CE."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from bceprobe.published import published_records

if TYPE_CHECKING:
    from collections.abc import Mapping

LOSS = "loss.name"


class Training(NamedTuple):
    """A published training: its settings but the loss, the loss, and what is published of it, by metric."""

    settings: Mapping[str, Any]
    loss: str
    values: dict[str, float]


def trainings(table: str, loss: str = "") -> list[Training]:
    """Put the records of a table together that are of one training; of one loss, if given."""
    found: dict[str, Training] = {}
    for record in published_records(table):
        settings = {key: value for key, value in record.settings.items() if key != LOSS}
        made = Training(settings, record.settings[LOSS], {})
        found.setdefault(repr(record.settings), made).values[record.metric] = record.value
    return [one for one in found.values() if loss in {"", one.loss}]


def gains(table: str, metric: str) -> list[tuple[Mapping[str, Any], float]]:
    """Subtract the value of CE from that of BCE, for each pair of trainings with the same settings."""
    ce = {repr(one.settings): one.values for one in trainings(table, "ce")}
    return [(one.settings, one.values[metric] - ce[repr(one.settings)][metric]) for one in trainings(table, "bce")]
