"""Recipes are read as RECIPES.md says, and every fault of one is told in a line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bceprobe.errors import DataNotFoundError, UsageError
from bceprobe.sweep import grid, read_recipe, recipe_names

if TYPE_CHECKING:
    from pathlib import Path

TEXT = """
title = "Two losses"
seeds = [0, 1]

[settings]
optim.epochs = 7
optim.lr = 0.5

[axes.optimizer]
sgd = { preset = "setting-1" }
adamw = { preset = "setting-2", optim.lr = 0.25 }

[axes.loss]
ce = { loss.name = "ce" }
bce = { loss.name = "bce" }

[[when]]
axes = { loss = "bce", optimizer = "sgd" }
settings = { model.bias_mean = 6 }

[report]
metrics = ["nc1@train"]
published = "table1"
figures = ["nc"]

[scales.paper]

[scales.small]
seeds = [5]
report = { metrics = ["nc2@train", "accuracy@test"], published = "" }
settings = { model.name = "mlp" }
axes.loss = { bce = { loss.name = "bce" }, focal = { loss.name = "focal" } }
"""


def written(folder: Path, text: str = TEXT) -> str:
    """The path of a recipe with this text."""
    path = folder / "mine.toml"
    path.write_text(text)
    return str(path)


def test_a_grid_is_every_combination_seed_by_seed(tmp_path: Path) -> None:
    """Points come seed by seed, the last axis fastest, each in a folder of its levels and seed."""
    points = grid(read_recipe(written(tmp_path)), tmp_path)
    folders = [point.folder.relative_to(tmp_path).as_posix() for point in points]
    assert folders == [
        f"{optimizer}/{loss}/seed-{seed}" for seed in (0, 1) for optimizer in ("sgd", "adamw") for loss in ("ce", "bce")
    ]
    chosen = [(point.settings.loss.name, point.settings.seed) for point in points[::3]]
    assert chosen == [("ce", 0), ("bce", 0), ("ce", 1)]


def test_layers_override_presets_whatever_table_names_these(tmp_path: Path) -> None:
    """A preset of an axis lies below the recipe's settings, and these below those of the axis."""
    points = {point.label: point for point in grid(read_recipe(written(tmp_path)), tmp_path)}
    sgd, adamw = points["sgd ce seed-0"], points["adamw ce seed-0"]
    assert (sgd.settings.optim.name, sgd.settings.optim.epochs, sgd.settings.optim.lr) == ("sgd", 7, 0.5)
    assert (adamw.settings.optim.name, adamw.settings.optim.epochs, adamw.settings.optim.lr) == ("adamw", 7, 0.25)
    assert sgd.sources["optim.schedule"] == "preset setting-1"
    assert sgd.sources["optim.epochs"] == "recipe mine"


def test_exceptions_hold_where_all_their_levels_do(tmp_path: Path) -> None:
    """Only the points with both levels of the exception have its settings."""
    found = {point.label: point.settings.model.bias_mean for point in grid(read_recipe(written(tmp_path)), tmp_path)}
    assert {label for label, mean in found.items() if mean == 6} == {"sgd bce seed-0", "sgd bce seed-1"}


def test_a_scale_lies_over_settings_axes_and_seeds(tmp_path: Path) -> None:
    """The small scale replaces an axis by name, adds a setting, and has its own seeds."""
    points = grid(read_recipe(written(tmp_path), "small"), tmp_path)
    assert {point.settings.model.name for point in points} == {"mlp"}
    assert [point.label for point in points] == [
        f"{optimizer} {loss} seed-5" for optimizer in ("sgd", "adamw") for loss in ("bce", "focal")
    ]


def test_a_scale_reports_what_it_says_and_else_what_its_recipe_says(tmp_path: Path) -> None:
    """Keys of a scale's report replace those of the recipe one by one."""
    whole, small = (read_recipe(written(tmp_path), scale).reporting for scale in ("paper", "small"))
    assert (whole.metrics, whole.published, whole.figures) == ((("nc1", "train"),), "table1", ("nc",))
    assert (small.metrics, small.published, small.figures) == ((("nc2", "train"), ("accuracy", "test")), "", ("nc",))


def test_changes_and_seeds_of_the_command_line_win(tmp_path: Path) -> None:
    """Seeds given replace the recipe's, and settings given lie over everything."""
    points = grid(read_recipe(written(tmp_path)), tmp_path, seeds=[9], changes={"optim.lr": 0.125})
    assert {(point.seed, point.settings.optim.lr) for point in points} == {(9, 0.125)}


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("seeds = [0, 1]", "seeds = []", "seeds of recipe"),
        ("seeds = [0, 1]", "seed = [0]", "Did you mean seeds"),
        ("[scales.paper]", "[[broken]", "is not valid TOML"),
        ('axes = { loss = "bce", ', 'axes = { los = "bce", ', "Did you mean loss"),
        ('sgd = { preset = "setting-1" }', "sgd = 1", "level sgd of axis optimizer"),
        ("[scales.paper]", "[scales.large]", "has no scale 'paper'"),
        ('axes = { loss = "bce", ', 'axes = { loss = "bc", ', "no level"),
        ("nc1@train", "nc1", "Write nc1@train or @test"),
        ("nc1@train", "ncx@train", "unknown metric"),
        ('["nc"]', '["violin"]', "Did you mean violins"),
        ('["nc"]', '"nc"', "Write a list of names"),
        ("table1", "table7", "Did you mean table"),
        ("figures =", "figure =", "Did you mean figures"),
    ],
)
def test_a_faulty_recipe_is_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    """What is wrong, and where, is said in one line."""
    assert old in TEXT
    with pytest.raises(UsageError, match=told):
        read_recipe(written(tmp_path, TEXT.replace(old, new)))


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("optim.epochs = 7", "optim.epoch = 7", "Did you mean optim.epochs"),
        ("setting-2", "setting-9", "unknown preset"),
        ('bce = { loss.name = "bce" }', 'bce = { loss.name = "ce" }', "have the same settings"),
        ("bce = { loss.name", '" ce" = { loss.name', "share the folder"),
    ],
)
def test_faulty_settings_are_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    """Settings are checked as those of any run, and no two points may be one."""
    assert old in TEXT
    text = TEXT.replace(old, new).split("[[when]]")[0] + "[scales.paper]"
    with pytest.raises(UsageError, match=told):
        grid(read_recipe(written(tmp_path, text)), tmp_path)


def test_values_name_levels_and_no_level_leaves_the_folder(tmp_path: Path) -> None:
    """Levels of a key are named after its values; separators and dots in front are taken out of folder names."""
    axes = '[axes.mean]\nkey = "model.bias_mean"\nvalues = [0, 1.5]\n[axes.loss]\n"../../x" = { loss.name = "bce" }'
    points = grid(read_recipe(written(tmp_path, f"{axes}\n[scales.paper]")), tmp_path)
    assert [point.folder.relative_to(tmp_path).as_posix() for point in points] == [
        "mean-0/-..-x/seed-0",
        "mean-1.5/-..-x/seed-0",
    ]


def test_unknown_recipes_are_refused(tmp_path: Path) -> None:
    """The nearest name is told, or where a file was looked for."""
    with pytest.raises(UsageError, match="Did you mean bias-mean"):
        read_recipe("bias-men")
    with pytest.raises(DataNotFoundError, match="no recipe file"):
        read_recipe(str(tmp_path / "none.toml"))


@pytest.mark.parametrize("scale", ["paper", "small"])
@pytest.mark.parametrize("name", recipe_names())
def test_every_recipe_has_both_scales(name: str, scale: str, tmp_path: Path) -> None:
    """Each recipe of bceprobe makes a grid of valid settings, and says what of the paper it repeats."""
    recipe = read_recipe(name, scale)
    assert recipe.title
    assert recipe.repeats
    assert recipe.reporting.metrics
    assert len(grid(recipe, tmp_path)) > 1
