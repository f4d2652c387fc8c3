"""A small grid: two losses, two seeds, a second of training each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from train_cases import SMALL

from bceprobe.sweep import Point, grid
from bceprobe.sweep.recipe import Axis, Recipe

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

LEVELS = {"ce": {"loss.name": "ce"}, "bce": {"loss.name": "bce"}}


@pytest.fixture
def points(tmp_path: Path) -> Callable[..., list[Point]]:
    """A function that makes the points of CE and BCE, or of other levels, below the test's folder."""

    def make(
        levels: dict[str, dict[str, object]] | None = None, folder: str = "runs", **changes: object
    ) -> list[Point]:
        axes = (Axis("loss", levels or LEVELS),)
        recipe = Recipe("test", "small", "t", "", "r", {**SMALL, "data.name": "digits"}, axes, (), (0,))
        return grid(
            recipe, tmp_path / folder, changes={key.replace("__", "."): value for key, value in changes.items()}
        )

    return make
