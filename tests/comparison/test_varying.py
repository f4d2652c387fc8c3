"""Which settings tell things apart: names, and as few others as it takes."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from bceprobe.comparison.varying import Columns

TWO_STAGES = [
    {"optim.parameters": "all", "optim.lr": 0.05, "data.imbalance_factor": factor}
    if first
    else {
        "optim.parameters": "classifier",
        "optim.lr": 0.01,
        "data.imbalance_factor": factor,
        "from.optim.name": "sgd",
        "from.optim.lr": 0.05,
    }
    for first, factor in product((True, False), (10, 100))
]


def grid(**axes: list[Any]) -> list[dict[str, Any]]:
    """Every combination of some values; a dot is written as two underscores."""
    keys = [name.replace("__", ".") for name in axes]
    return [dict(zip(keys, values, strict=True)) for values in product(*axes.values())]


@pytest.mark.parametrize(
    ("settings", "labels"),
    [
        (grid(optim__name=["sgd", "adamw"], data__name=["mnist"]), ["sgd", "adamw"]),
        ([{"a.x": 1, "a.y": 1, "a.z": 1}, {"a.x": 1, "a.y": 2, "a.z": 2}], ["y 1", "y 2"]),
        (TWO_STAGES, [f"parameters {trained}, imbalance_factor {factor}" for trained, factor in
                      product(("all", "classifier"), (10, 100))]),
        (
            [{"a.x": 1, "a.y": 1, "a.z": 1}, {"a.x": 1, "a.y": 2, "a.z": 2}, {"a.x": 2, "a.y": 1, "a.z": 3}],
            ["x 1, y 1", "x 1, y 2", "x 2, y 1"],
        ),
    ],
    ids=["names", "one of two that go together", "stages", "a setting for each"],
)  # fmt: skip
def test_labels_are_as_short_as_they_can_be(settings: list[dict[str, Any]], labels: list[str]) -> None:
    """What is constant or follows from something else is not said."""
    assert Columns(settings).labels() == labels


def test_a_rate_follows_from_optimizer_and_batch_size() -> None:
    """Neither of the two determines it, both together do; without the optimizer nothing does."""
    settings = grid(optim__name=["sgd", "adamw"], optim__batch_size=[16, 32, 64])
    columns = Columns([{**one, "optim.lr": len(one["optim.name"]) * one["optim.batch_size"]} for one in settings])
    assert columns.independent(list(columns.columns)) == ["optim.batch_size", "optim.name"]
    assert "optim.lr" in columns.independent(["optim.batch_size", "optim.lr"])


def test_of_two_settings_that_go_together_neither_follows() -> None:
    """Which of them is behind a difference is not known, so that both are factors."""
    columns = Columns([{"a.x": 1, "a.y": 1}, {"a.x": 2, "a.y": 2}])
    assert columns.independent(["a.x", "a.y"]) == ["a.x", "a.y"]
