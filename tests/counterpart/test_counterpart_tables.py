"""The counterpart on the terminal: it fits, whatever names and numbers are in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from counterpart_cases import LOSSES, plant, planted, recipe

from bceprobe.cli.counterpart_tables import print_counterpart
from bceprobe.counterpart import make_counterpart
from bceprobe.sweep import grid, read_recipe
from bceprobe.sweep.recipe import Axis

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

LONG = "a-level-with-a-name-that-is-so-long-that-no-terminal-of-80-columns-has-room-for-it"


def printed(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """The lines on stdout; none is wider than 80 columns."""
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 80
    return lines


def test_long_names_and_four_losses_fit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Levels are folded, two losses at a time stand side by side, and nothing of a name acts on the terminal."""
    four = Axis("loss", {name: {"loss.name": name} for name in ("ce", "bce", "focal", "mse")})
    steep = Axis("steep", {LONG: {}, "[bold]\x1b[31m": {"optim.lr": 0.5}})
    made = recipe(steep, four, seeds=(0, 1), title="x" * 200, repeats="")
    print_counterpart(make_counterpart(made, planted(made, tmp_path, epochs=(1, 40))))
    lines = printed(capsys)
    assert sum(line.split()[1:] == ["CE", "BCE", "runs"] for line in lines) == 2
    assert sum(line.split()[1:] == ["focal", "MSE", "runs"] for line in lines) == 2
    assert any("[bold]\\x1b[31m" in line and line.count("±") == 2 for line in lines)


def test_a_recipe_of_three_axes_with_published_numbers_fits(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Table 1 with spreads and published numbers: each stands in the row of its training."""
    made = read_recipe("table1")
    points = grid(made, tmp_path, seeds=[0, 1])
    plant([point for point in points if point.label.startswith("cifar10 resnet18")])
    print_counterpart(make_counterpart(made, points))
    lines = printed(capsys)
    row = next(line for line in lines if line.startswith(" cifar10 resnet18 sgd-da1 "))
    assert row.count("±") == 2
    assert (row.split()[-8], *row.split()[-4:]) == ("92.8", "93.2", "4", "of", "4")
    assert "Accuracy on test (%)" in lines
    assert any("sgd-da1" in line and line.endswith(" 0 of 4 ") and " - " in line for line in lines)


def test_a_recipe_without_levels_has_one_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """CE and BCE alone are one row."""
    made = recipe(LOSSES)
    print_counterpart(make_counterpart(made, planted(made, tmp_path)))
    assert sum(line.startswith(" all ") for line in printed(capsys)) == 2
