"""Published numbers as records: each found by the settings of the run that repeats it, in our units and signs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bceprobe.metrics import METRICS
from bceprobe.published import TABLES, matching, published_records
from bceprobe.settings import flatten, read_toml
from bceprobe.sweep import grid, read_recipe

if TYPE_CHECKING:
    from pathlib import Path

COUNTS = {"table1": 96, "table3": 12, "table4": 6, "fig3.bias_mean": 54, "fig3.bias_decay": 36, "fig2.final": 8}
# Recipe -> table, and how many of its numbers its points at paper scale repeat.
REPEATED = {
    "table1": ("table1", 96),
    "imagenet": ("table3", 12),
    "bias-mean": ("fig3.bias_mean", 54),
    "bias-decay": ("fig3.bias_decay", 36),
    "fig2": ("fig2.final", 8),
    "long-tail": ("table4", 6),
}


def test_every_table_is_read_whole() -> None:
    """Every table has its numbers, of metrics that there are, each once."""
    assert {name: len(published_records(name)) for name in TABLES} == COUNTS
    records = [record for name in TABLES for record in published_records(name)]
    assert {record.metric for record in records} <= set(METRICS)
    told = {(record.table, record.metric, tuple(sorted(record.settings.items()))) for record in records}
    assert len(told) == len(records)


@pytest.mark.parametrize("recipe", REPEATED)
def test_the_recipes_repeat_every_number(recipe: str, tmp_path: Path) -> None:
    """Each number belongs to one point of its recipe at paper scale, and each point to one training at most."""
    table, count = REPEATED[recipe]
    found = [
        matching(published_records(table), flatten(read_toml(point.settings.to_toml(), "a point")))
        for point in grid(read_recipe(recipe), tmp_path)
    ]
    assert len([record for records in found for record in records]) == count
    assert all(len({record.metric for record in records}) == len(records) for records in found)


@pytest.mark.parametrize(
    ("table", "settings", "metric", "value"),
    [
        ("table1", {"model.name": "densenet121", "data.name": "cifar100", "optim.name": "adamw"}, "accuracy", 0.694),
        ("fig3.bias_decay", {"penalty.lambda_b": 5e-3, "model.bias_mean": 10}, "threshold_mean", 0.41),
        ("fig3.bias_mean", {"model.bias_mean": 10}, "threshold_mean", 7.5),
        ("fig3.bias_mean", {"model.bias_mean": 8}, "negative_mean", -0.08),
        ("fig2.final", {"optim.name": "sgd"}, "nc3", 0.04),
    ],
)
def test_numbers_of_bce(table: str, settings: dict[str, object], metric: str, value: float) -> None:
    """The last number of BCE with these settings is the published one: accuracies as shares, b as the threshold."""
    wanted = {"loss.name": "bce", **settings}
    found = [
        record.value
        for record in published_records(table)
        if record.metric == metric and wanted.items() <= record.settings.items()
    ]
    assert found[-1] == value
