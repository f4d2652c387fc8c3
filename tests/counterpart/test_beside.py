"""Published numbers stand beside the runs that they were published for, and say so where they were not."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from typing import TYPE_CHECKING

from counterpart_cases import LOSSES, plant, planted, recipe

from bceprobe.counterpart import make_counterpart, tidy_rows
from bceprobe.counterpart.wording import published, remarks
from bceprobe.sweep import grid, read_recipe
from bceprobe.sweep.recipe import Axis

if TYPE_CHECKING:
    from pathlib import Path

    from bceprobe.counterpart import Counterpart, Entry

PUBLISHED = tomllib.loads((files("bceprobe") / "published.toml").read_text(encoding="utf-8"))


def made(name: str, folder: Path, scale: str = "paper", runs: int = 1, **changes: object) -> Counterpart:
    """The counterpart of a recipe of ours, some runs of which are written."""
    found = read_recipe(name, scale)
    points = grid(found, folder, seeds=[0], changes={key.replace("__", "."): value for key, value in changes.items()})
    plant(points[:runs])
    return make_counterpart(found, points)


def values(entries: list[Entry]) -> list[float | None]:
    """The numbers that stand beside some entries."""
    return [entry.beside.one.value if entry.beside.one else None for entry in entries]


def test_at_the_scale_of_the_paper_the_number_of_each_training_stands_beside(tmp_path: Path) -> None:
    """SGD's scores and thresholds are those of the file; of AdamW none is published; nothing differs."""
    counterpart = made("bias-mean", tmp_path)
    table = PUBLISHED["fig3"]["bias_mean"]
    for metric, name in (("threshold_mean", "bias"), ("positive_mean", "positive"), ("negative_mean", "negative")):
        own = [one for one in counterpart.entries if one.quantity.name == metric]
        for loss in ("ce", "bce"):
            numbers = table[loss][name]
            expected = numbers if isinstance(numbers, list) else [numbers] * 9
            sgd = [one for one in own if one.loss == loss and ("optimizer", "sgd") in one.levels]
            adamw = [one for one in own if one.loss == loss and ("optimizer", "adamw") in one.levels]
            assert (values(sgd), values(adamw)) == (expected, [None] * 9)
    assert {entry.beside.difference for entry in counterpart.entries} == {""}
    assert not any("published for" in line for line in remarks(counterpart))


def test_at_the_small_scale_it_is_said_what_the_number_is_for(tmp_path: Path) -> None:
    """The same places of the axis have the same numbers, marked, with both trainings in words."""
    counterpart = made("bias-mean", tmp_path, "small")
    bce = [one for one in counterpart.entries if (one.quantity.name, one.loss) == ("threshold_mean", "bce")]
    assert values(bce) == [3.1, 4.45, 5.52, 7.5, None, None, None, None]
    said = "resnet18 on mnist, optim.epochs 100; here mlp on digits, optim.epochs 40"
    assert [one.beside.difference for one in bce] == [said] * 4 + [""] * 4
    assert [published(one) for one in bce[3:5]] == ["7.5*", "—"]
    assert f"* published for {said}." in remarks(counterpart)
    assert [row["published_for"] for row in tidy_rows(counterpart)[:1]] == [said]


def test_of_several_numbers_none_is_chosen(tmp_path: Path) -> None:
    """Table 1 has six trainings for one at the small scale: none stands beside, and it is said how many there are."""
    counterpart = made("table1", tmp_path, "small")
    accuracy = [one for one in counterpart.entries if one.quantity.name == "accuracy"]
    assert values(accuracy) == [None] * 8
    assert {len(one.beside.records) for one in accuracy} == {6}
    told = " ".join(remarks(counterpart))
    assert "Table 1 has 6 numbers for each of these, all of other trainings; none is chosen, the page has all." in told
    assert "Not published: Compactness on test and Distinctiveness on test." in told
    assert {row["published"] for row in tidy_rows(counterpart)} == {""}


def test_numbers_of_the_second_stage_belong_to_it_alone(tmp_path: Path) -> None:
    """Table 4 is of the retrained classifier, in percent of the file as shares; the first stage has none beside."""
    counterpart = made("long-tail", tmp_path)
    first, second = (
        [one for one in counterpart.entries if ("stage", stage) in one.levels] for stage in ("features", "classifier")
    )
    assert values(first) == [None] * 6
    table = PUBLISHED["table4"]
    pairs = zip(table["ce"]["accuracy"], table["bce"]["accuracy"], strict=True)
    assert values(second) == [round(number / 100, 6) for pair in pairs for number in pair]
    assert [published(one) for one in second[:2]] == ["70.91 %", "71.54 %"]


def test_a_change_of_a_setting_is_told_beside(tmp_path: Path) -> None:
    """At the scale of the paper, too, a number of other settings is marked as such."""
    counterpart = made("imagenet", tmp_path, optim__epochs=3)
    assert {entry.beside.difference for entry in counterpart.entries} == {"optim.epochs 30; here optim.epochs 3"}


def test_a_number_never_stands_beside_another_loss(tmp_path: Path) -> None:
    """Focal loss has no number of CE or BCE beside it, even where it is the only loss."""
    focal = recipe(Axis("loss", {"focal": {"loss.name": "focal"}}), published="table3")
    counterpart = make_counterpart(focal, planted(focal, tmp_path))
    assert values(list(counterpart.entries)) == [None, None]


def test_a_recipe_without_published_numbers_says_so(tmp_path: Path) -> None:
    """Nothing stands beside, and the reader is told why."""
    own = recipe(LOSSES)
    counterpart = make_counterpart(own, planted(own, tmp_path))
    assert "No published numbers are kept for this recipe." in remarks(counterpart)
