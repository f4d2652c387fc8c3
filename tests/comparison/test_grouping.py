"""Runs are put into arms by their settings, and arms are called by what differs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from builders import make_run

from bceprobe.comparison.grouping import factor_of, group, labels_without, varying
from bceprobe.errors import UsageError
from bceprobe.store import find_runs, open_run
from bceprobe.store.manifest import update_manifest

if TYPE_CHECKING:
    from pathlib import Path

    from bceprobe.comparison.arms import Arm


def arms(folder: Path, *runs: dict[str, Any]) -> tuple[Arm, ...]:
    """Arms of runs with some settings each."""
    for at, settings in enumerate(runs):
        make_run(folder / f"z{9 - at}", epochs=[1], per_class={"train": 2}, **settings)
    return group(find_runs(folder))


def test_seeds_belong_together_and_ce_comes_first(tmp_path: Path) -> None:
    """Runs that differ in their seed alone are an arm, in the order of seeds, whatever their folders are called."""
    found = arms(tmp_path, {"loss": "bce", "seed": 1}, {"loss": "ce", "seed": 0}, {"loss": "bce", "seed": 0})
    assert [arm.label for arm in found] == ["CE", "BCE"]
    assert [arm.seeds for arm in found] == [(0,), (0, 1)]


def test_labels_say_what_differs(tmp_path: Path) -> None:
    """Beside the loss a label has the settings that vary, by their last part."""
    found = arms(
        tmp_path,
        {"loss": "bce", "model__bias_mean": 2.5},
        {"loss": "ce", "model__bias_mean": 10.0},
        {"loss": "ce", "model__bias_mean": 2.5},
    )
    assert [arm.label for arm in found] == ["CE, bias_mean 2.5", "CE, bias_mean 10", "BCE, bias_mean 2.5"]
    assert varying(found) == ["loss.name", "model.bias_mean"]


def test_the_factor_is_what_varies_besides_the_loss(tmp_path: Path) -> None:
    """It may be asked for by its last part; panels are labelled by everything else."""
    found = arms(tmp_path, {"loss": "ce", "model__bias_mean": 1.0}, {"loss": "bce", "model__bias_mean": 3.0})
    assert factor_of(found) == factor_of(found, "bias_mean") == factor_of(found, "model.bias_mean") == "model.bias_mean"
    assert labels_without(found, "model.bias_mean") == ["CE", "BCE"]
    assert factor_of(found, "loss.name") == "loss.name"


def test_what_follows_from_a_name_is_neither_a_factor_nor_said(tmp_path: Path) -> None:
    """A rate of each optimizer is no second factor, unless it is asked for; labels name the optimizer alone."""
    rates = {"sgd": 0.1, "adamw": 0.01}
    found = arms(tmp_path, *({"optim__name": name, "optim__lr": rate} for name, rate in rates.items()))
    assert [arm.label for arm in found] == ["adamw", "sgd"]
    assert factor_of(found) == "optim.name"
    assert factor_of(found, "lr") == "optim.lr"


def test_what_follows_from_a_name_and_a_smaller_setting_is_no_factor(tmp_path: Path) -> None:
    """A rate that goes with optimizer and batch size leaves these two to be drawn over."""
    grid = [(name, base, size) for name, base in (("sgd", 0.1), ("adamw", 0.01)) for size in (16, 32, 64)]
    settings = [{"optim__name": name, "optim__batch_size": size, "optim__lr": base * size} for name, base, size in grid]
    found = arms(tmp_path, *settings)
    with pytest.raises(UsageError, match=r"--factor optim\.name or optim\.batch_size"):
        factor_of(found)
    assert labels_without(found, "optim.batch_size") == 3 * ["adamw", "sgd"]


def test_where_only_the_loss_varies_it_is_the_factor(tmp_path: Path) -> None:
    """Two losses, or one arm alone, are drawn over the loss."""
    found = arms(tmp_path, {"loss": "ce"}, {"loss": "bce"})
    assert factor_of(found) == factor_of(found[:1]) == "loss.name"


def test_several_factors_must_be_chosen_from(tmp_path: Path) -> None:
    """The choices are named, and so is the nearest to one that does not vary."""
    found = arms(tmp_path, {"model__bias_mean": 1.0}, {"model__bias_mean": 3.0, "penalty__lambda_b": 0.5})
    with pytest.raises(UsageError, match=r"--factor model\.bias_mean or penalty\.lambda_b"):
        factor_of(found)
    with pytest.raises(UsageError, match=r"Did you mean penalty\.lambda_b"):
        factor_of(found, "penalty.lambda_w")


def test_recorded_runs_go_by_what_they_say_of_their_training(tmp_path: Path) -> None:
    """Without settings runs of one training are an arm; a run that says nothing is one of its own."""
    found = []
    for name, training in (("a", {"loss": "bce"}), ("b", {"loss": "bce"}), ("c", None), ("d", None)):
        folder = make_run(tmp_path / name, epochs=[1], per_class={"train": 2})
        (folder / "config.toml").unlink()
        update_manifest(str(folder), status="finished", provenance={"training": training} if training else {})
        found.append(open_run(folder))
    assert [[run.name for run in arm.runs] for arm in group(found)] == [["a", "b"], ["c"], ["d"]]
    assert [arm.label for arm in group(found)] == ["a", "c", "d"]


def test_arms_that_differ_in_much_are_called_by_the_folder_of_their_seeds(tmp_path: Path) -> None:
    """A seed in the name of an arm would say that it is of that seed alone."""
    for number, loss in enumerate(("ce", "bce")):
        several: dict[str, Any] = {
            "model__bias_mean": float(number),
            "penalty__lambda_b": 0.5 + number,
            "optim__lr": 0.1 + number,
        }
        for seed in (1, 0):
            where = tmp_path / "adamw" / loss / f"seed-{seed}"
            make_run(where, epochs=[1], per_class={"train": 2}, loss=loss, seed=seed, **several)
    assert [arm.label for arm in group(find_runs(tmp_path))] == ["ce", "bce"]


def test_arms_in_one_folder_are_called_by_their_first_run(tmp_path: Path) -> None:
    """Where all seeds lie side by side, no folder tells arms apart."""
    several: dict[str, Any] = {"model__bias_mean": 1.0, "penalty__lambda_b": 0.5, "optim__lr": 0.2}
    found = arms(tmp_path, {"loss": "ce", "seed": 1}, {"loss": "ce", "seed": 0}, {"loss": "bce", **several})
    assert [arm.label for arm in found] == ["z8", "z7"]


def test_hostile_values_are_spelled_out(tmp_path: Path) -> None:
    """A name from a run cannot turn the direction of text or break lines."""
    folder = make_run(tmp_path / "x", epochs=[1], per_class={"train": 2})
    config = folder / "config.toml"
    config.write_text(config.read_text().replace('name = "ce"', 'name = "c\\u202e\\ne"'))
    (arm,) = group([open_run(folder)])
    assert arm.label == "C\\u202e\\nE"
